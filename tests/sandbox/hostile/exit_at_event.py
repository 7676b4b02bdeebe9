"""Ends the program in place of answering."""

# then: raised SystemExit

import sys


def evaluate(event):
    sys.exit(0)
