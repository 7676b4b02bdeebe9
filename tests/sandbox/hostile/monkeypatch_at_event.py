"""Changes what others stand on, once it was looked at."""

# then: died

import json
import os


def evaluate(event):
    def evil(*_):
        os._exit(1)

    os.write = json.JSONEncoder.encode = evil
    return []
