"""Ends its process without a word."""

# then: died exit code 7

import os


def evaluate(event):
    os._exit(7)
