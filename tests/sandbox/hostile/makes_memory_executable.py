"""Fills memory first, and makes it a program then."""

# then: nothing
# unconfined: achieves

import ctypes


def evaluate(event):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    place = libc.mmap(None, 4096, 3, 0x22, -1, 0)
    return ["made"] if libc.mprotect(ctypes.c_void_p(place), 4096, 5) == 0 else []
