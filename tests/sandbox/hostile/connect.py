"""Connects to a server of this machine, and to one elsewhere."""

# then: nothing
# quick
# unconfined: achieves

import socket


def evaluate(event):
    got = []
    for where in (("127.0.0.1", event["port"]), ("192.0.2.1", 80)):
        try:
            with socket.create_connection(where, timeout=0.2):
                got.append("connected")
        except OSError:
            pass
    return got
