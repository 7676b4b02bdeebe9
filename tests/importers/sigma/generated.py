"""Random Sigma detections and events, near enough to each other that many detect."""

from __future__ import annotations

from typing import Any

import yaml

from tests.strategies.choices import Choices

FIELDS = ("Image", "CommandLine", "a.b", "event", "sel_1", "x-y")
TEXTS = (
    "cmd",
    "CMD.EXE",
    "-c",
    " /c ",
    "a*b",
    "a?",
    r"\*",
    r"C:\x",
    r"\\h\c",
    "",
    "*",
    "10",
    "straße",
    "a b",
    "-a -b",
)
REGEXES = ("^c", "m$", "[a-c]+", r"\d", "(cmd|exe)", "a.b", r"\s", "^$", r"\bb", "x{2,3}")
VALUES: tuple[Any, ...] = (
    "cmd", "cmd.exe", "C:\\x", "x -c y", "x /C y", "a1b", "ab", "a*b", "", "*", 10, "10", True, None, "STRASSE",
    "a\tb", "cmd\n", "\\\\h\\c", "Y21k", "10.0.0.1", ["cmd", 10], [], {"cmd": 1}, "−a", "/a –b",
)  # fmt: skip
NUMBERS = (9, 10, 9.5, -1)
SHAPES = ("", "", "|contains", "|contains", "|startswith", "|endswith", "|contains|all", "|re", "|re|i", "|cidr",
          "|fieldref", "|fieldref|endswith", "|exists", "|gte", "|lt", "|neq", "|contains|neq", "|cased",
          "|contains|windash", "|windash", "|base64offset|contains", "|wide|base64", "|all")  # fmt: skip
CONDITIONS = ("sel_1", "sel_1 and not sel_2", "1 of sel_*", "all of them", "sel_1 or sel_2 and sel_3", "not 1 of sel_*",
              "not (sel_1 or not sel_2) and sel_3", "any of them", "all of sel_* or sel_1")  # fmt: skip


def detection(choose: Choices) -> dict[str, Any]:
    """The `detection` of a rule."""
    made = {f"sel_{number}": _selection(choose) for number in (1, 2, 3)}
    return {**made, "condition": choose.pick(CONDITIONS)}


def _selection(choose: Choices) -> Any:
    match choose.upto(5):
        case 0:
            return [_text(choose) or "x" for _ in range(1 + choose.upto(2))]
        case 1:
            return [_map(choose) for _ in range(1 + choose.upto(1))]
        case 2:
            return {"|all": [_text(choose) or "x" for _ in range(2)]}
    return _map(choose)


def _map(choose: Choices) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for _ in range(1 + choose.upto(1)):
        field, shape = choose.pick(FIELDS), choose.pick(SHAPES)
        many = 1 + choose.upto(2)
        values = [_value(choose, shape) for _ in range(many)]
        made[field + shape] = values[0] if many == 1 else values
    return made


def _value(choose: Choices, shape: str) -> Any:
    if "re" in shape.split("|"):
        return choose.pick(REGEXES)
    if "cidr" in shape:
        return choose.pick(("10.0.0.0/8", "::/0", "192.168.0.0/16"))
    if "fieldref" in shape:
        return choose.pick(FIELDS)
    if "exists" in shape:
        return choose.pick((True, False))
    if "gte" in shape or "lt" in shape:
        return choose.pick(NUMBERS)
    if "base64" in shape:
        return choose.pick(("cmd", "straße", "a b"))
    if shape in ("", "|neq") and choose.upto(5) == 5:
        return choose.pick((None, 10, True))
    return _text(choose)


def _text(choose: Choices) -> str:
    text = choose.pick(TEXTS)
    return text + choose.pick(("", "", "*")) + choose.pick(TEXTS) if choose.upto(3) == 3 else text


def body(choose: Choices) -> dict[str, Any]:
    """An event."""
    return {field: choose.pick(VALUES) for field in FIELDS if choose.upto(2)}


def text(found: dict[str, Any], id: str) -> str:
    """The rule file of a detection."""
    whole = {
        "title": "A rule",
        "id": id,
        "logsource": {"category": "test"},
        "detection": found,
        "level": "low",
    }
    return str(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False))
