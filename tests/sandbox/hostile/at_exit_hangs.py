"""Leaves something to be done at the end that never ends."""

# then: nothing

import atexit


def _forever():
    while True:
        pass


atexit.register(_forever)


def evaluate(event):
    return []
