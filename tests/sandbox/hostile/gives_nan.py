"""Gives a number that is none."""

# then: answer


def evaluate(event):
    return [float("nan"), float("inf")]
