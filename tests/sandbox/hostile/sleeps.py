"""Sleeps until the end of time."""

# then: deadline @9

import time


def evaluate(event):
    time.sleep(10**6)
    return []
