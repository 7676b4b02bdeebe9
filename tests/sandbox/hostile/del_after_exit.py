"""Holds on by what is done when it is let go."""

# then: load SystemExit

import sys


class Holds:
    def __del__(self):
        while True:
            try:
                HELD.append(Holds())
            except BaseException:
                pass


HELD = [Holds()]
sys.exit()
