"""Templates: the same text as Jinja where both have a meaning, and nothing else of Jinja."""
