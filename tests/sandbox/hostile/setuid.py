"""Becomes somebody else."""

# then: nothing

import os


def evaluate(event):
    got = []
    for attempt in (
        lambda: os.setuid(0),
        lambda: os.seteuid(0),
        lambda: os.setresuid(0, 0, 0),
        lambda: os.setgid(0),
        lambda: os.setgroups([0, 4]),
        lambda: os.setpgid(0, 0),
        lambda: os.nice(-20),
        lambda: os.sched_setaffinity(0, {0}),
        lambda: os.setpriority(os.PRIO_PROCESS, 0, -20),
    ):
        try:
            attempt()
            got.append("became")
        except OSError:
            pass
    if 0 in (os.getuid(), os.geteuid(), os.getgid()):
        got.append("root")
    return got
