"""Looks for any process beside it."""

# then: nothing
# unconfined: achieves

import os


def evaluate(event):
    got = []
    if os.getpid() != 1 or os.getppid() != 0:
        got.append([os.getpid(), os.getppid()])
    for pid in range(2, 300):
        for ask in (os.getpgid, os.getsid, os.sched_getaffinity):
            try:
                got.append([pid, str(ask(pid))])
            except OSError:
                pass
    return got
