"""Gives a list that holds itself."""

# then: raised


def evaluate(event):
    one = []
    one.append(one)
    return one
