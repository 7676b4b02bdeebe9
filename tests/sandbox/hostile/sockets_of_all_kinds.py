"""Makes every kind of socket there is."""

# then: nothing
# unconfined: achieves

import socket


def evaluate(event):
    got = []
    for family in (1, 2, 10, 16, 17, 29, 31, 40):
        for kind in (1, 2, 3, 5):
            try:
                socket.socket(family, kind).close()
                got.append([family, kind])
            except (OSError, ValueError):
                pass
    try:
        socket.socketpair()
        got.append("pair")
    except OSError:
        pass
    return got
