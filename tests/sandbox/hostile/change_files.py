"""Makes folders, links, names and modes."""

# then: nothing
# unconfined: achieves

import os
import sys


def evaluate(event):
    got = []
    attempts = (
        lambda: os.mkdir(f"{event['folder']}/a"),
        lambda: os.mkdir("/a"),
        lambda: os.symlink("/etc", f"{event['folder']}/b"),
        lambda: os.symlink("/etc", "/b"),
        lambda: os.link(event["file"], f"{event['folder']}/c"),
        lambda: os.rename(event["file"], f"{event['file']}-away"),
        lambda: os.chmod(event["file"], 0o777),
        lambda: os.truncate(event["file"], 0),
        lambda: os.chmod(sys.path[-1], 0o777),
        lambda: os.utime(sys.path[-1]),
        lambda: os.mkfifo("/fifo"),
        lambda: os.mknod("/device", 0o20666, os.makedev(1, 1)),
    )
    for place, attempt in enumerate(attempts):
        try:
            attempt()
            got.append(place)
        except OSError:
            pass
    return got
