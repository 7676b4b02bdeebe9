"""Random templates over one event type, of that part of Jinja which rules offer; every one of them compiles."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.strategies.choices import Choices

FIELDS = """
a: text
b: text
n: whole
m: number
flag: boolean
tags: list of text
parts: list of
  code: text
  n: whole
o:
  x: text
  items: text
opt: text?
"""
TEXTS = ("", "a", "Ab c", " x ", "é{{ a }}", "<b>", "{% if %}", "{#", "line\nline", "straße", "'\"\\", "a-b")
WHOLES = (0, 1, -3, 7, 10**20)
DECIMALS = (Decimal("0.1"), Decimal("1.50"), Decimal("-2.25"))
PLAIN = ("", "text", " ", "\n", "}", "{", "%", "ü", "}}", "a b", "-")


def data(choose: Choices) -> dict[str, Any]:
    """An event that a template reads."""
    body: dict[str, Any] = {
        "a": choose.pick(TEXTS),
        "b": choose.pick(TEXTS),
        "n": choose.pick(WHOLES),
        "m": choose.pick(DECIMALS),
        "flag": choose.upto(1) == 1,
        "tags": [choose.pick(TEXTS) for _ in range(choose.upto(3))],
        "parts": [{"code": choose.pick(TEXTS), "n": choose.pick(WHOLES)} for _ in range(choose.upto(3))],
        "o": {"x": choose.pick(TEXTS), "items": choose.pick(TEXTS)},
    }
    if choose.upto(1):
        body["opt"] = choose.pick(TEXTS)
    return body


def template(choose: Choices) -> str:
    """The text of a template with something in it to fill."""
    return _body(choose, 3, _names(), 0) + "{{ n }}"


def _names() -> dict[str, list[str]]:
    return {
        "text": ["a", "b", "o.x", "o['items']", 'o["x"]'],
        "whole": ["n"],
        "number": ["n", "m"],
        "truth": ["flag"],
    }


def _body(choose: Choices, depth: int, names: dict[str, list[str]], used: int) -> str:
    names = {kind: list(found) for kind, found in names.items()}
    out = []
    for position in range(1 + choose.upto(2)):
        out.append(choose.pick(PLAIN).replace("{", "(") if choose.upto(1) else "")
        kind = choose.upto(7 if depth else 3)
        if kind <= 2:
            out.append(f"{_open(choose, '{{')} {_printed(choose, names)} {_close(choose, '}}')}")
        elif kind == 3:
            out.append(
                choose.pick(("{# {{ a }} #}", "{% raw %}{{ a }}{% endraw %}", "{{ opt | default('none') }}"))
            )
        elif kind == 4:
            name = f"v{used}_{depth}_{position}"
            out.append(f"{{% set {name} = {_text(choose, names)} %}}")
            names["text"].append(name)
        elif kind == 5:
            out.append(_if(choose, depth, names, used))
        else:
            out.append(_for(choose, depth, names, used))
    return "".join(out)


def _open(choose: Choices, mark: str) -> str:
    return mark + ("-" if choose.upto(7) == 7 else "")


def _close(choose: Choices, mark: str) -> str:
    return ("-" if choose.upto(7) == 7 else "") + mark


def _if(choose: Choices, depth: int, names: dict[str, list[str]], used: int) -> str:
    head = f"{_open(choose, '{%')} if {_truth(choose, 2, names)} {_close(choose, '%}')}"
    then = _body(choose, depth - 1, names, used)
    more = f"{{% elif {_truth(choose, 1, names)} %}}{_body(choose, depth - 1, names, used)}"
    last = f"{{% else %}}{_body(choose, depth - 1, names, used)}"
    return f"{head}{then}{more if choose.upto(1) else ''}{last if choose.upto(1) else ''}{{% endif %}}"


def _for(choose: Choices, depth: int, names: dict[str, list[str]], used: int) -> str:
    over_parts, name = choose.upto(1), f"e{used}"
    inner = {kind: list(found) for kind, found in names.items()}
    inner["whole"] += ["loop.index", "loop.index0", "loop.length"]
    inner["number"] += ["loop.index"]
    inner["truth"] += ["loop.first", "loop.last"]
    inner["text"].append(f"{name}.code" if over_parts else name)
    if over_parts:
        inner["whole"].append(f"{name}.n")
    body = _body(choose, depth - 1, inner, used + 1)
    last = f"{{% else %}}{_body(choose, depth - 1, names, used + 1)}" if choose.upto(1) else ""
    head = f"for {name} in {'parts' if over_parts else 'tags'}"
    return f"{_open(choose, '{%')} {head} {_close(choose, '%}')}{body}{last}{{% endfor %}}"


def _printed(choose: Choices, names: dict[str, list[str]]) -> str:
    match choose.upto(5):
        case 0:
            return _number(choose, names)
        case 1:
            return choose.pick(names["truth"])
        case 2:
            return choose.pick(("tags", "parts", "o", "tags | join('+')", "tags | length", "parts | length"))
        case 3:
            return f"{_text(choose, names)} if {_truth(choose, 1, names)} else {_text(choose, names)}"
    return _text(choose, names)


def _text(choose: Choices, names: dict[str, list[str]]) -> str:
    found = choose.pick((*names["text"], "'lit'", '"two words"'))
    filters = ("upper", "lower", "trim", "capitalize", "replace('a', 'bb')", "default('x')")
    return found if choose.upto(1) else f"{found} | {choose.pick(filters)}"


def _number(choose: Choices, names: dict[str, list[str]]) -> str:
    one, two = choose.pick(names["number"]), choose.pick((*names["whole"], "2"))
    return choose.pick((one, f"{one} + {two}", f"{one} * {two}", f"{one} - {two}", f"-{one}", f"{one} | abs"))


def _truth(choose: Choices, depth: int, names: dict[str, list[str]]) -> str:
    if depth and choose.upto(2) == 2:
        word = choose.pick(("and", "or"))
        return f"({_truth(choose, depth - 1, names)} {word} {_truth(choose, depth - 1, names)})"
    match choose.upto(6):
        case 0:
            return choose.pick(names["truth"])
        case 1:
            return f"not {choose.pick(names['truth'])}"
        case 2:
            operator = choose.pick(("<", "<=", ">", ">=", "==", "!="))
            return f"{choose.pick(names['number'])} {operator} {choose.pick((0, 1, 7))}"
        case 3:
            right = choose.pick((*names["text"], '"a"'))
            return f"{choose.pick(names['text'])} {choose.pick(('==', '!='))} {right}"
        case 4:
            return f"'a' {choose.pick(('in', 'not in'))} {choose.pick(('tags', 'a', 'b', 'o.x'))}"
        case 5:
            return choose.pick(("opt is defined", "opt is not defined", "(opt is defined and opt == 'a')"))
    return f"{choose.pick(names['whole'])} in [1, 7, 2]"
