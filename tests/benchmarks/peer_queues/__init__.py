"""Queues that people know, each a program of its own that nothing of the project imports."""
