"""Fills the pipe of answers with one line that never ends."""

# then: answer longer

import os


def evaluate(event):
    while True:
        for file in range(3, 64):
            try:
                os.write(file, b"x" * 100_000)
            except OSError:
                pass
