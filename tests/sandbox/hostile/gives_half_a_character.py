"""Gives a text that no UTF-8 can write."""

# then: raised surrogates


def evaluate(event):
    return ["\ud800"]
