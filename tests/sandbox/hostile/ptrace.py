"""Attaches to its parent, and reads its memory."""

# then: nothing

import ctypes


def evaluate(event):
    libc = ctypes.CDLL(None)
    got = []
    for pid in (event["pid"], 1, 2):
        if libc.ptrace(16, pid, 0, 0) == 0:
            got.append(["attached", pid])
        into = ctypes.create_string_buffer(8)
        there = (ctypes.c_uint64 * 2)(id(event), 8)
        here = (ctypes.c_uint64 * 2)(ctypes.addressof(into), 8)
        if libc.process_vm_readv(pid, here, 1, there, 1, 0) > 0:
            got.append(["read", pid])
    return got
