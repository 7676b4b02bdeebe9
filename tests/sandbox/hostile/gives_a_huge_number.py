"""Gives a number of ten thousand digits."""

# then: answer


def evaluate(event):
    return [10**10_000]
