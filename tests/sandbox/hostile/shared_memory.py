"""Shares memory with others, in both ways."""

# then: nothing

import ctypes


def evaluate(event):
    libc = ctypes.CDLL(None)
    got = []
    if libc.shmget(0x5EED, 4096, 0o1777) >= 0:
        got.append("System V")
    if libc.semget(0x5EED, 1, 0o1777) >= 0:
        got.append("semaphore")
    if libc.msgget(0x5EED, 0o1777) >= 0:
        got.append("messages")
    try:
        from multiprocessing.shared_memory import SharedMemory

        SharedMemory("atamo-was-here", create=True, size=16).unlink()
        got.append("POSIX")
    except (OSError, ImportError):
        pass
    return got
