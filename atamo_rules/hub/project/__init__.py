"""A project's folder: its rules, people and sources, read whole and safely, compiled, and their tests run."""
