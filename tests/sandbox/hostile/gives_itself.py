"""Gives a list that holds itself."""

# then: answer


def evaluate(event):
    one = []
    one.append(one)
    return one
