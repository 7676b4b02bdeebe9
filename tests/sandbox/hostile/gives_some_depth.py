"""Gives what is a little deeper than is taken."""

# then: answer nested


def evaluate(event):
    one = []
    for _ in range(200):
        one = [one]
    return one
