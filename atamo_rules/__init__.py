"""Atamo: a rules engine and event hub driven by rules that people write in text files."""

__version__ = "0.1.0"
