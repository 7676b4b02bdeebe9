"""Ends the program while it is loaded."""

# then: load @7 SystemExit

import sys

sys.exit("bye")


def evaluate(event):
    return []
