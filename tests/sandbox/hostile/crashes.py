"""Reads where nothing is."""

# then: died SIGSEGV

import ctypes


def evaluate(event):
    return [ctypes.string_at(1)]
