"""Walks all there is, and tells of what is neither the library nor time zones."""

# then: nothing
# unconfined: achieves

import os
import sys


def evaluate(event):
    library = tuple(one for one in sys.path if one.startswith("/"))
    got = []
    for folder in [
        "/",
        *{f"/{one.split('/')[1]}" for one in library},
        "/etc",
        "/home",
        "/tmp",
        "/dev",
        "/proc",
        "/sys",
    ]:
        for place, _, files in os.walk(folder):
            if not place.startswith((*library, "/usr/share/zoneinfo")):
                got += [f"{place}/{name}" for name in files[:3]]
            if len(got) > 20:
                return got
    return got
