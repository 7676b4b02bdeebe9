"""What authors most likely meant by the slips that other languages teach: a sentence, and the text to write instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix
from atamo_rules.source.span import Fragment

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_TEXT_OR_DATE = re.compile(
    r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|/(?:[^/\\\n]|\\.)+/'  # texts and patterns are stepped over
    r"|(?<![\w./-])(\d{4}-\d\d-\d\d(?:T\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:\d\d)?)?)(?![\w-])"
)
_ELEMENT = re.compile(r"\b(any|every|no)\s+([A-Za-z_]\w*)\s+in\s+[^()\[\]]+$")
_TESTED = re.compile(
    r"(?:is|contains|starts|ends|matches|>|<|==|!=|exists|does)\b.*?(?=\s+(?:and|or)\b|\)|\Z)|[<>=!]+.*", re.S
)
_NAMED = re.compile(r"[A-Za-z_][\w.]*\s.*?(?=\s+(?:and|or)\b|\)|\Z)", re.S)
_ANY_OF = re.compile(r"\b(any|all)\s*$")
_CHAINED = re.compile(r"(?P<low>[\w.]+)\s*(?:<=?|>=?)\s*(?P<middle>[A-Za-z_][\w.]*)\s*$")


@dataclass(frozen=True, slots=True)
class Hint:
    """What to write, in words; and, where it is certain, the characters `start` to `end` and what to put there."""

    help: str
    start: int = 0
    end: int = 0
    text: str = ""


def hint(text: str, at: int, word: str, names: set[str]) -> Hint | None:
    """The hint for a clause that stops making sense at an offset, where one of some terminals should have come."""
    before = text[:at].rstrip()
    string = _STRING.match(text, at)
    if "REGEX" in names and string is not None:
        pattern = "/" + string.group()[1:-1].replace("/", "\\/") + "/"
        return Hint(f"a pattern stands between slashes: `{pattern}`", at, string.end(), pattern)
    element = _ELEMENT.search(before)
    if "HAS" in names and element is not None:
        tested = _TESTED.match(text, at) or _NAMED.match(text, at)
        if tested is not None:
            condition = tested.group().rstrip()
            inner = f"has ({condition if tested.re is _NAMED else f'{element[2]} {condition}'})"
            whole = f"{' '.join(element.group().split())} {inner}"
            return Hint(f"what holds of an element stands in brackets: `{whole}`", at, tested.end(), inner)
    if word == "," and re.search(r"\b(in|of)\s*\([^()]*$", before):
        return Hint("a list stands in square brackets: `[1, 2]`")
    if string is not None and _ANY_OF.search(before):
        return Hint(f"write `{before[-3:]} of` and a list: `{before[-3:]} of [{string.group()}, …]`")
    chained = _CHAINED.search(before)
    if word in ("<", "<=", ">", ">=") and chained is not None and "AND" in names:
        middle = chained["middle"]
        return Hint(
            f"say it in two: `… and {middle} {word} …`; or `{middle} is between … and …`, both ends included"
        )
    return None


def unquoted_date(fragment: Fragment) -> Diagnostic | None:
    """A date that stands without quotes, which would be read as a subtraction."""
    if fragment.text.count("-") < 2:
        return None
    dates = [found for found in _TEXT_OR_DATE.finditer(fragment.text) if found[1] is not None]
    if not dates:
        return None
    edits = tuple(Edit(fragment.span(*found.span(1)), f'"{found[1]}"') for found in dates)
    fix = (Fix("put dates in quotes", edits, safe=True),) if fragment.exact else ()
    return codes.SYNTAX.at(
        edits[0].span, "a date stands in quotes", label=f"write `{edits[0].text}`", fixes=fix
    )
