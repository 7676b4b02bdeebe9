"""Conditions and bodies of an event `of anything through lists`: lists wherever they may stand, and in one another."""

from __future__ import annotations

from typing import Any

from tests.strategies.choices import Choices

KEYS = ("a", "b", "c")
SCALARS = (None, True, False, 0, 1, 2, "x", "xy", "y", "")


def body(choose: Choices) -> dict[str, Any]:
    """An event's body."""
    return {key: _value(choose, 3) for key in KEYS if choose.upto(5)}


def _value(choose: Choices, depth: int) -> Any:
    kind = choose.upto(3) if depth else 0
    if kind == 1:
        return {key: _value(choose, depth - 1) for key in KEYS if choose.upto(2)}
    if kind == 2:
        return [_value(choose, depth - 1) for _ in range(choose.upto(3))]
    return choose.pick(SCALARS)


def condition(choose: Choices, names: tuple[str, ...] = (), depth: int = 2) -> str:
    """A condition that compiles, whatever the names stand for."""
    path = _path(choose, names)
    match choose.upto(9 if depth else 5):
        case 0 | 1:
            operator = choose.pick(
                ("is", "is not", "starts with", "does not end with", "contains", "is like")
            )
            return f'{path} {operator} "{choose.pick(("x", "y", "", "x*"))}"'
        case 2:
            return f"{path} {choose.pick(('is', '<', '>=', 'is not'))} {choose.upto(2)}"
        case 3:
            state = choose.pick(
                ("exists", "does not exist", "is null", "is not null", "is present", "is absent", "is empty")
            )
            return f"{choose.pick((path, f'leaves({path})'))} {state}"
        case 4:
            return f'leaves({path}) {choose.pick(("is", "is not"))} one of ["x", 1, true]'
        case 5:
            return choose.pick((f"{path} is between 1 and 2", f"{path} is {_path(choose, names)}", path))
        case 6:
            parts = [condition(choose, names, depth - 1) for _ in range(2 + choose.upto(1))]
            return "(" + choose.pick((" and ", " or ")).join(parts) + ")"
        case 7:
            return f"not ({condition(choose, names, depth - 1)})"
        case kind:
            name = f"e{depth}"
            collection = choose.pick((path, f"leaves({path})"))
            inner = condition(choose, (*names, name, name), depth - 1)
            if kind == 8:
                return f"{choose.pick(('any', 'every', 'no'))} {name} in {collection} has ({inner})"
            return f"count({name} in {collection} has ({inner})) is {choose.upto(2)}"


def _path(choose: Choices, names: tuple[str, ...]) -> str:
    steps = (".a", ".b", ".c", "[0]", "[1]")
    return choose.pick((*KEYS, *names)) + "".join(choose.pick(steps) for _ in range(choose.upto(2)))
