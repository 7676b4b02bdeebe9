"""Closes everything that it has, and goes on."""

# then: died

import os


def evaluate(event):
    os.closerange(0, 1024)
    while True:
        pass
