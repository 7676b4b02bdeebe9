"""Where effects happen, in order, once they are recorded."""
