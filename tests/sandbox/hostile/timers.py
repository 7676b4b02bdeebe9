"""Has itself woken while others are served."""

# then: nothing

import signal


def evaluate(event):
    got = []
    for attempt in (
        lambda: signal.setitimer(signal.ITIMER_REAL, 0.01),
        lambda: signal.setitimer(signal.ITIMER_PROF, 1),
    ):
        try:
            if attempt() in (0, (0.0, 0.0)):
                got.append("set")
        except OSError:
            pass
    return got
