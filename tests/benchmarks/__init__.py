"""Benchmarks: `python -m tests.benchmarks` prints what Atamo costs beside what it cannot cost less than."""
