"""Where words without a node of their own stand in the author's file."""

from __future__ import annotations

import re

from atamo_rules.source.span import Span


def keyword(word: str, whole: Span, before: Span | None = None) -> Span | None:
    """The line that begins with a word inside `whole`: the last one above `before`, or else the first; None when
    there is none, as in a file of the other container."""
    source = whole.source
    end = whole.end if before is None or before.source is not source else before.start
    found = list(
        re.finditer(rf"^[ \t]*(?:- )?({re.escape(word)})\b", source.text[whole.start : end], re.MULTILINE)
    )
    if not found:
        return None
    one = found[0] if before is None else found[-1]
    return source.span(whole.start + one.start(1), whole.start + one.end(1))
