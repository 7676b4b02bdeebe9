"""Becomes a shell itself."""

# then: nothing

import os


def evaluate(event):
    for path in ("/bin/sh", "/usr/bin/env", "/usr/bin/python3", "/proc/self/exe"):
        try:
            os.execv(path, [path])
        except OSError:
            pass
    return []
