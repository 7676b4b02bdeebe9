"""The durable store of one process: a SQLite file."""
