"""Makes memory that it can write and run."""

# then: nothing
# unconfined: achieves

import mmap
import os


def evaluate(event):
    got = []
    for attempt in (
        lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
        lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
        lambda: os.memfd_create("code"),
    ):
        try:
            attempt()
            got.append("made")
        except OSError:
            pass
    return got
