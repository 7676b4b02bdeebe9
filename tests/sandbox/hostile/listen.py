"""Waits for others to call."""

# then: nothing
# unconfined: achieves

import socket


def evaluate(event):
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            return [server.getsockname()[1]]
    except OSError:
        return []
