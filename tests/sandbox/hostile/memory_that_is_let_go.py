"""Catches the end of memory, and goes on asking."""

# then: deadline


def evaluate(event):
    kept = []
    while True:
        try:
            kept.append(bytearray(1 << 20))
        except MemoryError:
            kept.clear()
