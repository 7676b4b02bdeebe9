"""Gives a text that no UTF-8 can write."""

# then: answer surrogates


def evaluate(event):
    return ["\ud800"]
