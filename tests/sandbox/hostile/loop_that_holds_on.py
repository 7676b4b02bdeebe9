"""Goes on whatever is raised or signalled."""

# then: deadline

import signal
import sys


def evaluate(event):
    for number in range(1, 32):
        try:
            signal.signal(number, lambda *_: None)
        except (OSError, ValueError):
            pass
    sys.setrecursionlimit(10**6)
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
