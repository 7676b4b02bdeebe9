"""Gives more than an answer may have."""

# then: answer longer


def evaluate(event):
    return ["x" * (1 << 20)] * 16
