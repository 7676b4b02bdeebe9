"""Starts threads of every kind while it evaluates."""

# then: nothing
# unconfined: achieves

import _thread
import concurrent.futures
import threading


def evaluate(event):
    got = []
    for start in (
        lambda: _thread.start_new_thread(print, ()),
        lambda: threading.Timer(0, print).start(),
        lambda: concurrent.futures.ThreadPoolExecutor().submit(print).result(1),
    ):
        try:
            start()
            got.append("started")
        except RuntimeError:
            pass
    return got
