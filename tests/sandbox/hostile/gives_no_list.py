"""Gives what is no list."""

# then: raised is to give a list


def evaluate(event):
    return ({"do": one} for one in range(3)).__class__
