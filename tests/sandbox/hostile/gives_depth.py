"""Gives a list in a list in a list, ten thousand deep."""

# then: answer


def evaluate(event):
    one = []
    for _ in range(10_000):
        one = [one]
    return one
