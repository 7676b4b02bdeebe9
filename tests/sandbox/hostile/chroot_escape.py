"""Leaves its root in the old way: another root below, then up."""

# then: nothing

import os


def evaluate(event):
    got = []
    for attempt in (
        lambda: os.chroot("."),
        lambda: os.chroot("/usr"),
        lambda: os.fchdir(0),
        lambda: os.open("/proc/1/root", os.O_PATH),
        lambda: os.listdir("/outside"),
        lambda: os.listdir("/.."),
    ):
        try:
            attempt()
            got.append("out")
        except OSError:
            pass
    for _ in range(64):
        try:
            os.chdir("..")
        except OSError:
            break
    try:
        got += os.listdir("etc")
    except OSError:
        pass
    return got
