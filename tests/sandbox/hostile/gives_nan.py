"""Gives a number that is none."""

# then: raised


def evaluate(event):
    return [float("nan"), float("inf")]
