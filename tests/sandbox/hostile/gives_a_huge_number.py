"""Gives a number of ten thousand digits."""

# then: raised


def evaluate(event):
    return [10**10_000]
