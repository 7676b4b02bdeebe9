"""Prints a lot, and ends."""

# then: nothing


def evaluate(event):
    for _ in range(1000):
        print("x" * 1000)
    return []
