"""Raises a text of a hundred megabytes."""

# then: raised


def evaluate(event):
    raise ValueError("x" * 20_000_000)
