"""Packages that an agent needs and that Atamo does not bring: missed when the agent is made, not at each action."""

from __future__ import annotations

from importlib.util import find_spec


def need(module: str, install: str) -> None:
    """Raises ValueError, with what to install, where a module is not there. Nothing is imported."""
    if find_spec(module) is None:
        raise ValueError(f"`{module}` is not installed: `pip install '{install}'`")
