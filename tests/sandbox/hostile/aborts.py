"""Asks for a core to be dumped."""

# then: died

import os


def evaluate(event):
    os.abort()
