"""The variables in which an expression keeps the texts that it reads more than once.

They are written where a text is first read, which may be in any part of an expression, or in none: the function around
it begins by emptying them. The name says the path, so that conditions that read alike have one shape.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from atamo_rules.model.meaning import Step

BODY = "e"
"""The name of the event's body: only what is read from it stays the same throughout a function."""

KEPT = "v_"
"""How the names of these variables begin."""

_NAME = re.compile(rf"\b{KEPT}[fo]_[A-Za-z0-9_]+")
_OTHER = re.compile(r"[^A-Za-z0-9]")


def kept(steps: Sequence[Step], fold: bool) -> str:
    """The variable of the text at a plain path, as it is or folded. No two paths have one."""
    said = [_OTHER.sub(lambda found: f"_{ord(found[0]):x}_", str(step)) for step in steps]
    return f"{KEPT}{'f' if fold else 'o'}_{'_s_'.join(said)}"


def emptied(text: str) -> str:
    """The statement that empties all such variables that are named in a text; nothing where there are none."""
    names = sorted(set(_NAME.findall(text)))
    return "".join([f"{name} = " for name in names]) + "None" if names else ""
