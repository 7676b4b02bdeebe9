"""Asks a regular expression that takes for ever, inside one call that holds still."""

# then: deadline @9

import re


def evaluate(event):
    return [bool(re.match("(a+)+b", "a" * 64))]
