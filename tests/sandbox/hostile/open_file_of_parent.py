"""Reads a file whose place it knows, and walks up to it."""

# then: nothing
# unconfined: achieves

import os


def evaluate(event):
    got = []
    for path in (event["file"], "../" * 40 + event["file"].lstrip("/"), f"/outside{event['file']}"):
        try:
            file = os.open(path, os.O_RDONLY)
            got.append(os.read(file, 100).decode())
        except OSError:
            pass
    return got
