"""Text and what we say about it: sources, spans, diagnostics and how they are shown."""
