"""Prints without end."""

# then: deadline

import os
import sys


def evaluate(event):
    while True:
        print("x" * 100_000)
        sys.stderr.write("y" * 100_000)
        os.write(1, b"z" * 100_000)
        try:
            os.write(2, b"z" * 100_000)
        except BlockingIOError:
            pass
