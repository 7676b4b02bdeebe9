"""Runs a shell in every way there is."""

# then: nothing
# unconfined: achieves

import os
import subprocess
import sys


def evaluate(event):
    got = []
    mark = f"{event['folder']}/shell"
    for attempt in (
        lambda: subprocess.run(["/bin/sh", "-c", f"echo > {mark}"], check=True),
        lambda: subprocess.run([sys.executable, "-c", "1"], check=True),
        lambda: os.posix_spawn("/bin/sh", ["sh", "-c", f"echo > {mark}"], {}),
        lambda: os.popen(f"echo > {mark}").read(),
        lambda: os.system(f"echo > {mark}") and 1 / 0,
    ):
        try:
            attempt()
            got.append("ran")
        except (OSError, ArithmeticError, subprocess.SubprocessError):
            pass
    return got
