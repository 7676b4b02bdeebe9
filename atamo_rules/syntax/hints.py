"""What authors most likely meant by the slips that other languages teach: a sentence, and the text to write instead."""

from __future__ import annotations

import re

from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic, Edit, Fix
from atamo_rules.source.span import Fragment
from atamo_rules.syntax.hint import Hint

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_TEXT_OR_DATE = re.compile(
    r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|/(?:[^/\\\n]|\\.)+/'  # texts and patterns are stepped over
    r"|(?<![\w./-])(\d{4}-\d\d-\d\d(?:T\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:\d\d)?)?)(?![\w-])"
)
_ELEMENT = re.compile(r"\b(any|every|no)\s+([A-Za-z_]\w*)\s+in\s+[^()\[\]]+$")
_CONDITION = (
    r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\bbetween\s+\S+\s+and\b|\([^()]*\)|.)*?"""
    r"(?=\s+(?:and|or)\b|\)|\Z)"
)
"""One condition up to what goes on with another: never ending inside a text, a call or `between … and …`."""
_TESTED = re.compile(rf"(?:(?:is|contains|starts|ends|matches|exists|does)\b|[<>=!]+){_CONDITION}", re.DOTALL)
_NAMED = re.compile(rf"[A-Za-z_][\w.]*(?=[\s(]){_CONDITION}", re.DOTALL)
_UNNAMED = re.compile(
    r"\b(?P<how>any|every|no|all)\s+(?:of\s+)?(?P<list>(?!of\b)[A-Za-z_][\w.]*)\s+"
    rf"(?P<tested>{_TESTED.pattern})",
    re.DOTALL,
)
"""`any tags is "x"` and `any of tags is "x"`: how many of a list, and no name for its element."""
_BEGINS = re.compile(r"(?:\A|\(|\b(?:and|or|not))\s*\Z")
_ANY_OF = re.compile(r"\b(any|all)\s*$")
_CHAINED = re.compile(r"(?P<low>[\w.]+)\s*(?:<=?|>=?)\s*(?P<middle>[A-Za-z_][\w.]*)\s*$")


def hint(text: str, at: int, word: str, names: set[str]) -> Hint | None:
    """The hint for a clause that stops making sense at an offset, where one of some terminals should have come."""
    before = text[:at].rstrip()
    string = _STRING.match(text, at)
    if "REGEX" in names and string is not None:
        pattern = _as_pattern(string.group()[1:-1])
        if not pattern:
            return Hint("a pattern stands between slashes: `/…/`")
        return Hint(f"a pattern stands between slashes: `{pattern}`", at, string.end(), pattern)
    for unnamed in _UNNAMED.finditer(text):
        if unnamed.start() <= at < unnamed.end() and _BEGINS.search(text[: unnamed.start()]):
            how = "every" if unnamed["how"] == "all" else unnamed["how"]
            whole = f"{how} item in {unnamed['list']} has (item {unnamed['tested']})"
            return Hint(f"the element is given a name: `{whole}`", *unnamed.span(), whole)
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


def _as_pattern(inside: str) -> str:
    """The pattern `/…/` that the inside of a quoted text stands for, or nothing where no pattern can be made of it.

    A backslash that is doubled, as texts want it, is single in a pattern; every other escape means there what its
    author meant. Slashes that were put inside the quotes go.
    """
    single = re.sub(r"\\([\\\"'/])", r"\1", inside)
    if len(single) > 2 and single[0] == single[-1] == "/" and single[-2] != "\\":
        single = single[1:-1]
    closed = re.sub(r"\\.|/", lambda found: "\\/" if found.group() == "/" else found.group(), single)
    return f"/{closed}/" if closed and re.fullmatch(r"(?:[^\\]|\\.)+", closed) else ""


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
