"""Counts to a billion, many times."""

# then: deadline @8
# quick


def evaluate(event):
    return [sum(one for one in range(10**15))]
