"""Reads the keys that the kernel keeps for its user."""

# then: nothing

import ctypes


def evaluate(event):
    libc = ctypes.CDLL(None)
    into = ctypes.create_string_buffer(100)
    got = []
    for ring in (-1, -2, -3, -4, -5):
        if (
            libc.syscall(250, 11, ring, into, 100, 0) >= 0
            or libc.syscall(219 + 100000, 11, ring, into, 100, 0) >= 0
        ):
            got.append(ring)
    return got
