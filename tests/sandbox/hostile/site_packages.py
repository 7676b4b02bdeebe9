"""Reads what was installed beside the library."""

# then: nothing

import os
import sys


def evaluate(event):
    got = []
    for place in sys.path:
        for name in ("site-packages", "dist-packages"):
            try:
                got += os.listdir(os.path.join(place, name))
            except OSError:
                pass
    return got
