"""Sets the time of the machine."""

# then: nothing

import time


def evaluate(event):
    try:
        time.clock_settime(time.CLOCK_REALTIME, time.time())
        return ["set"]
    except OSError:
        return []
