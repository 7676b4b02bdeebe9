"""Raises a number to a power that no memory holds, inside one call."""

# then: deadline|memory


def evaluate(event):
    return [str(9**9**9)[:10]]
