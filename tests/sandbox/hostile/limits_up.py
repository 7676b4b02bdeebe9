"""Gives itself more than it may have."""

# then: nothing

import resource


def evaluate(event):
    got = []
    for name in ("AS", "CPU", "NPROC", "NOFILE", "FSIZE", "CORE", "MEMLOCK"):
        which = getattr(resource, f"RLIMIT_{name}")
        soft, hard = resource.getrlimit(which)
        for wanted in ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), (hard, hard)):
            try:
                resource.setrlimit(which, wanted)
                got.append(name)
            except (OSError, ValueError):
                pass
        if soft == resource.RLIM_INFINITY:
            got.append(f"{name} is unlimited")
    return got
