"""Sigma once more, as its specification reads: slow, simple, and only for tests.

A rule is what PyYAML makes of it. Conditions are turned into Python and evaluated; nothing is shared with the importer.
"""

from __future__ import annotations

import base64
import ipaddress
import itertools
import re
from collections.abc import Iterator, Mapping
from fnmatch import translate
from typing import Any

DASHES = "-/–—―"


def detects(rule: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether a rule detects an event, its log source aside."""
    detection = dict(rule["detection"])
    conditions = detection.pop("condition")
    conditions = conditions if isinstance(conditions, list) else [conditions]
    return any(_condition(one, detection, event) for one in conditions)


def _condition(text: str, detection: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    def holds(name: str) -> bool:
        return _selection(detection[name], event)

    def of(quantifier: str, pattern: str) -> bool:
        names = [
            name
            for name in detection
            if (pattern == "them" or re.match(translate(pattern), name)) and name[0] != "_"
        ]
        return (all if quantifier == "all" else any)(holds(name) for name in names)

    python = re.sub(r"\b(1|any|all) of ([\w*]+)", r"of('\1','\2')", text)
    python = re.sub(
        r"'[^']*'|\b(?!(?:and|or|not|of)\b)[\w-]+",
        lambda m: m[0] if m[0][0] == "'" else f"holds('{m[0]}')",
        python,
    )
    return bool(eval(python, {"holds": holds, "of": of}))


def _selection(node: Any, event: Mapping[str, Any]) -> bool:
    if isinstance(node, dict):
        return all(_item(key, value, event) for key, value in node.items())
    if isinstance(node, list) and any(isinstance(one, dict | list) for one in node):
        return any(_selection(one, event) for one in node)
    return _item("", node, event)


def _item(key: str, value: Any, event: Mapping[str, Any]) -> bool:
    field, *modifiers = key.split("|")
    values = value if isinstance(value, list) else [value]
    found = [_one(field, one, modifiers, event) for one in values or [None]]
    holds = all(found) if "all" in modifiers else any(found)
    return not holds if "neq" in modifiers else holds


def _one(field: str, wanted: Any, modifiers: list[str], event: Mapping[str, Any]) -> bool:
    if "exists" in modifiers:
        return (field in event) is wanted
    if wanted is None:
        return event.get(field) is None
    texts = list(_texts(event.get(field))) if field else list(_texts(list(event.values()), deep=True))
    if "fieldref" in modifiers:
        return any(
            _related(a.lower(), b.lower(), modifiers) for a in texts for b in _texts(event.get(wanted))
        )
    return any(_matches(text, wanted, modifiers, bool(field)) for text in texts)


def _related(one: str, two: str, modifiers: list[str]) -> bool:
    if "contains" in modifiers:
        return two in one
    if "startswith" in modifiers:
        return one.startswith(two)
    return one.endswith(two) if "endswith" in modifiers else one == two


def _texts(value: Any, deep: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values() if deep else ():
            yield from _texts(item, deep)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, deep)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif value is not None:
        yield str(value)


def _matches(text: str, wanted: Any, modifiers: list[str], field: bool) -> bool:
    if "re" in modifiers:
        flags = [getattr(re, name.upper()) for name in ("i", "m", "s") if name in modifiers]
        return re.search(wanted, text, sum(flags, re.RegexFlag(0))) is not None
    if "cidr" in modifiers:
        try:
            return ipaddress.ip_address(text) in ipaddress.ip_network(wanted)
        except ValueError:
            return False
    for bound, holds in (
        ("gte", float.__ge__),
        ("gt", float.__gt__),
        ("lte", float.__le__),
        ("lt", float.__lt__),
    ):
        if bound in modifiers:
            return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None and holds(float(text), float(wanted))
    wanted = next(iter(_texts(wanted)))
    plain = [wanted]
    if "base64" in modifiers or "base64offset" in modifiers:
        coding = {"wide": "utf-16le", "utf16be": "utf-16be", "utf16": "utf-16le"}
        name = next((coding[one] for one in modifiers if one in coding), "utf-8")
        data = (b"\xff\xfe" if "utf16" in modifiers else b"") + wanted.encode(name)
        plain = _encoded(data, "base64offset" in modifiers)
    elif "windash" in modifiers:
        plain = _dashed(wanted)
    places = set(modifiers) | (set() if field else {"contains"})
    return any(_fits(text, one, places) for one in plain)


def _fits(text: str, pattern: str, modifiers: set[str]) -> bool:
    """Whether a text fits a pattern. Case is folded as in all of Atamo: in texts wholly, beside wildcards a letter."""
    pieces = re.findall(r"\\[*?\\]|.", pattern, re.DOTALL)
    before, after = modifiers & {"contains", "endswith"}, modifiers & {"contains", "startswith"}
    while pieces[:1] == ["*"]:
        before, pieces = {"*"}, pieces[1:]
    while pieces[-1:] == ["*"]:
        after, pieces = {"*"}, pieces[:-1]
    cased, wild = "cased" in modifiers, {"*", "?"} & set(pieces)
    made = "".join({"*": ".*", "?": "."}.get(piece) or re.escape(piece[-1]) for piece in pieces)
    if not cased and not wild:
        text, made = text.casefold(), re.escape("".join(piece[-1] for piece in pieces).casefold())
    flags = re.DOTALL | (re.IGNORECASE if wild and not cased else 0)
    return re.fullmatch(".*" * bool(before) + made + ".*" * bool(after), text, flags) is not None


def _encoded(data: bytes, offsets: bool) -> list[str]:
    """What base64 has in common wherever the data stands in what is encoded: tried out, not calculated."""
    if not offsets:
        return [base64.b64encode(data).decode()]
    made = []
    for before in (b"", b"a", b"ab"):
        texts = [
            base64.b64encode(bytes(byte ^ other for byte in before) + data + after).decode()
            for other in (0x00, 0xFF)
            for after in (b"", b"\0\0\0", b"\xff\xff\xff")
        ]
        length = len(base64.b64encode(before + data).decode().rstrip("="))
        same = [len({text[at : at + 1] for text in texts}) == 1 for at in range(length)]
        begin = same.index(True)
        end = begin + next((n for n, one in enumerate(same[begin:]) if not one), length - begin)
        made.append(texts[0][begin:end])
    return made


def _dashed(text: str) -> list[str]:
    places = [found.start() for found in re.finditer(r"(?<!\w)[-/](?=\w)", text)]
    made = []
    for chosen in itertools.product(DASHES, repeat=len(places)):
        letters = list(text)
        for place, dash in zip(places, chosen, strict=True):
            letters[place] = dash
        made.append("".join(letters))
    return made
