"""What an agent needs that Atamo comes without: said when the agent is made, and not by each of its actions."""

from __future__ import annotations

from importlib.util import find_spec


def need(module: str, install: str) -> None:
    """Raises ValueError, with what to install, where a module is not there. Nothing is imported."""
    if find_spec(module) is None:
        raise ValueError(f"`{module}` is not installed: `pip install '{install}'`")
