"""Patterns that texts are searched for: RE2 expressions, and globs as such."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache


@lru_cache(65_536)
def compiled(pattern: str, fold: bool) -> Callable[[str], bool]:
    """A search for a pattern, in time linear in the text (RE2)."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not fold
    options.never_capture = True
    options.max_mem = 8 << 20
    # In UTF-8 at once: nobody asks where it was found, so offsets need not be counted in characters.
    search = re2.compile(pattern.encode(), options).search

    def found(text: str) -> bool:
        try:
            return search(text.encode()) is not None
        except UnicodeEncodeError:
            return False

    return found


def glob_pattern(glob: str) -> str:
    """The anchored RE2 pattern of a glob: `*` any text, `?` one character, `\\` takes the next as it is."""
    out, at = ["(?s)\\A"], 0
    while at < len(glob):
        char = glob[at]
        if char == "\\" and at + 1 < len(glob):
            at += 1
            out.append(re.escape(glob[at]))
        elif char == "*":
            if out[-1] != ".*":
                out.append(".*")
        else:
            out.append("." if char == "?" else re.escape(char))
        at += 1
    return "".join(out) + "\\z"
