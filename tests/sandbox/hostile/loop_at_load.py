"""Never comes to an end while it is loaded."""

# then: load-deadline @5

all(one == 0 for one in iter(int, 1))


def evaluate(event):
    return []
