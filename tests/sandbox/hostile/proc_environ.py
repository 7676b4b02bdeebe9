"""Reads the environment of other processes, and its own as the kernel holds it."""

# then: nothing
# unconfined: achieves


def evaluate(event):
    got = []
    for one in ("1", "self", str(event["pid"]), "thread-self"):
        for name in ("environ", "cmdline", "maps", "mem", "fd", "root/etc/passwd", "cwd"):
            try:
                with open(f"/proc/{one}/{name}", "rb") as file:
                    got.append(repr(file.read(100)))
            except OSError:
                pass
    return got
