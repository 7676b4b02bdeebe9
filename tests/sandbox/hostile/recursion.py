"""Calls itself for ever."""

# then: raised RecursionError


def evaluate(event):
    return evaluate(event)
