"""Calls a server by an abstract name, which no file system holds back."""

# then: nothing
# unconfined: achieves

import socket


def evaluate(event):
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(event["abstract"])
            return ["connected"]
    except OSError:
        return []
