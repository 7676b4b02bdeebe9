"""Asks for two gigabytes at once."""

# then: memory @8
# quick


def evaluate(event):
    kept = bytearray(2 << 30)
    return [len(kept)]
