"""Asks for the address of a name, which sends it away."""

# then: nothing

import socket


def evaluate(event):
    got = []
    for attempt in (
        lambda: socket.getaddrinfo("secret.example.org", 80),
        lambda: socket.gethostbyname("localhost"),
        lambda: socket.gethostbyaddr("127.0.0.1"),
    ):
        try:
            got.append(repr(attempt()))
        except OSError:
            pass
    return got
