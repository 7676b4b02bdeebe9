"""Asks for a gigabyte while it is loaded."""

# then: memory @5

KEPT = [0] * (1 << 27)


def evaluate(event):
    return []
