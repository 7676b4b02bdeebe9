"""Paths as Python expressions, for fields that are there and for fields that often are not.

A field that must be there is read as `e["total"]`: quickest, and what is missing after all raises, which sends the
question to the closures. A field that is often absent is read as `(e.get("maker") or E).get("country")`, where E is
an empty dict: what is missing anywhere on the way is None. Where a text or a number stands on the way, `.get` raises.
"""

from __future__ import annotations

from atamo_rules.engine.shapes.piece import Beyond, Here, Place
from atamo_rules.model.meaning import Get, Step
from atamo_rules.model.types import Anything

LONGEST = 16
"""Steps of a path that are written out."""


def place(get: Get, here: Here) -> Place:
    """The path with its root's name here. Raises Beyond where the body does not hold it."""
    root = here.names.get(get.root)
    if root is None:
        raise Beyond
    return root, get.steps


def is_number(get: Get, here: Here) -> bool:
    """Whether the path has been read, and is known to be a number that compares with floats exactly."""
    found = here.held.get(place(get, here)) if here.held else None
    return found is not None and found.number


def plain(steps: tuple[Step, ...]) -> bool:
    """Whether a path goes through objects alone, and not too far."""
    for step in steps:
        if type(step) is not str:
            return False
    return len(steps) <= LONGEST


def read(get: Get, here: Here, *, default: str = "", soft: bool = False) -> tuple[str, bool]:
    """The expression of a plain path, and whether it is None where nothing is.

    `soft` asks for that; so does `default`, the Python name of what a missing last step gives instead of None.
    Raises Beyond.
    """
    steps, known = get.steps, here.soft
    root = here.names.get(get.root)
    if root is None:
        raise Beyond
    if here.held and not default and (found := here.held.get((root, steps))) is not None:
        return found.name, found.soft
    if not (known or soft or default or isinstance(get.type, Anything)):
        return root + "".join([f"[{step!r}]" for step in steps]), False
    last = len(steps) - 1
    # What is asked whether it is there may be missing with everything around it.
    softly = isinstance(get.type, Anything) or soft or default != "" or (root, steps) in known
    text = root
    for at, step in enumerate(steps):
        softer = softly or (root, steps[: at + 1]) in known or (at == last and (soft or default))
        if softly and at:
            text = f"({text} or E)"
        if softer:
            text = f"{text}.get({step!r}{f', {default}' if default and at == last else ''})"
            softly = True
        else:
            text = f"{text}[{step!r}]"
    return text, softly
