"""People, keys and consents that a hub keeps in its store: made, changed and taken back while it runs."""
