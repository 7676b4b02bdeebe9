"""Opens the library again and again."""

# then: nothing
# unconfined: achieves

import os


def evaluate(event):
    kept = []
    try:
        while len(kept) < 1000:
            kept.append(os.open(os.__file__, os.O_RDONLY))
    except OSError:
        pass
    for file in kept:
        os.close(file)
    return ["too many"] if len(kept) > 40 else []
