"""Watches what others do with files."""

# then: nothing

import ctypes


def evaluate(event):
    libc = ctypes.CDLL(None)
    return [one for one in (libc.inotify_init(), libc.inotify_init1(0), libc.fanotify_init(0, 0)) if one >= 0]
