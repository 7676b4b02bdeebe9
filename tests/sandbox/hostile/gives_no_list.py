"""Gives what is no list."""

# then: answer is to give a list


def evaluate(event):
    return ({"do": one} for one in range(3)).__class__
