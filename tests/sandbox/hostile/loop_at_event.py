"""Counts to a billion, many times."""

# then: deadline @9
# quick


def evaluate(event):
    total = 0
    for one in range(10**12):
        total += one
    return [total]
