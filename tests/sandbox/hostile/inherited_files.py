"""Looks for open files that it was left."""

# then: nothing
# unconfined: achieves

import os
import stat


def evaluate(event):
    got = []
    for file in range(1024):
        try:
            about = os.fstat(file)
        except OSError:
            continue
        # What it has are its own pipes, and nothing where the standard streams were.
        if not stat.S_ISFIFO(about.st_mode) and file > 2:
            got.append([file, stat.S_IFMT(about.st_mode)])
    return got
