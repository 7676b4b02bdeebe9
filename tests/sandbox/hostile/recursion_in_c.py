"""Recurses below Python, until the stack ends."""

# then: died|raised|memory|deadline

import sys


def evaluate(event):
    sys.setrecursionlimit(10**9)

    class Deep:
        def __repr__(self):
            return repr([self])

    one = []
    for _ in range(10**6):
        one = [one]
    return [repr(one), repr(Deep())]
