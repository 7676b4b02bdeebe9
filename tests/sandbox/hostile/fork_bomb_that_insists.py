"""Tries to become many for as long as it runs."""

# then: deadline

import os


def evaluate(event):
    while True:
        try:
            os.fork()
        except OSError:
            pass
