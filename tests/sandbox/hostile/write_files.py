"""Writes wherever something can be written."""

# then: nothing
# unconfined: achieves

import os
import sys


def evaluate(event):
    got = []
    for folder in ("/tmp", "/", ".", "/dev/shm", "/run", "/var/tmp", event["folder"], *sys.path):
        path = os.path.join(folder, "atamo-was-here")
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            os.unlink(path)
            got.append(path)
        except OSError:
            pass
    return got
