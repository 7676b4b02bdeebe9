"""Reads the files that say who uses the machine."""

# then: nothing
# quick
# unconfined: achieves


def evaluate(event):
    got = []
    for path in ("/etc/passwd", "/etc/hostname", "/etc/os-release"):
        try:
            with open(path) as file:
                got.append(file.readline())
        except OSError:
            pass
    return got
