"""Keeps more and more, until there is no more."""

# then: memory


def evaluate(event):
    kept = []
    while True:
        kept.append(bytearray(1 << 16))
