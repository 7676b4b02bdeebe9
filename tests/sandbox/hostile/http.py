"""Tells a server what it has seen, as any library would."""

# then: nothing


def evaluate(event):
    try:
        from urllib.request import urlopen

        with urlopen(f"http://127.0.0.1:{event['port']}/{event['file']}", timeout=0.5):
            pass
        return ["told"]
    except (OSError, ImportError) as error:
        return ["told"] if "Remote end closed" in str(error) else []
