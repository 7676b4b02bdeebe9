"""Changes what others stand on."""

# then: load json.dumps

import json

json.dumps = lambda *_, **__: "[]"


def evaluate(event):
    return []
