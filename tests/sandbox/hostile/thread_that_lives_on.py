"""Leaves a thread behind that goes on for ever."""

# then: load @7 start new thread

import threading

threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()


def evaluate(event):
    return []
