"""Looks for anything in its environment."""

# then: nothing
# unconfined: achieves

import os


def evaluate(event):
    return [f"{key}={value}"[:80] for key, value in os.environ.items()] + [str(key) for key in os.environb]
