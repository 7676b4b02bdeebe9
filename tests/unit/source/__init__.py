"""The lowest floor: texts, places, diagnostics and how they are shown."""
