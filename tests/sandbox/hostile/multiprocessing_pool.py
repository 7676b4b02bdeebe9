"""Shares its work among processes."""

# then: nothing


def evaluate(event):
    try:
        from multiprocessing import Process

        Process(target=print).start()
        return ["started"]
    except (OSError, ImportError):
        return []
