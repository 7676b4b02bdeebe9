"""Gives more than an answer may have."""

# then: raised longer


def evaluate(event):
    return ["x" * (1 << 20)] * 16
