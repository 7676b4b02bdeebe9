"""Looks at the frames below it for the question, and for who asks."""

# then: nothing

import sys


def evaluate(event):
    frame, got = sys._getframe(), []
    while frame is not None:
        got += [repr(value)[:200] for value in frame.f_locals.values() if event["mark"] + "-" in repr(value)]
        frame = frame.f_back
    return got
