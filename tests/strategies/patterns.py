"""Random event patterns and events, close enough to one another that matching is as likely as not."""

from __future__ import annotations

from typing import Any

from tests.strategies.choices import Choices

TEXTS = (
    "x",
    "xy",
    "yx",
    "X",
    "Xy",
    "",
    "x*y",
    "x?y",
    "10.0.0.1",
    "10.0.1.7",
    "::1",
    "0:0::1",
    "caf\u00e9",
    "true",
)
PLAIN = (None, True, False, 0, 1, 2, 2.5, -1, 300, *TEXTS)


def event(choose: Choices, dotted: bool) -> dict[str, Any]:
    """An event. `dotted` lets the key `a.b` stand at its top."""
    keys = ("a", "b", "c", "a.b") if dotted else ("a", "b", "c")
    return {key: _value(choose, 3) for key in keys if choose.upto(4)}


def _value(choose: Choices, depth: int) -> Any:
    kind = choose.upto(4) if depth else 0
    if kind in (1, 2):
        return {key: _value(choose, depth - 1) for key in ("a", "b", "c") if choose.upto(2)}
    if kind == 3:
        return [_value(choose, depth - 1) for _ in range(choose.upto(3))]
    return choose.pick(PLAIN)


def event_for(choose: Choices, pattern: dict[str, Any]) -> dict[str, Any]:
    """An event that a pattern may well match: its fields with values that it asks for, in objects or in lists."""
    made: dict[str, Any] = {}
    for key, value in pattern.items():
        if key == "$or":
            made.update(event_for(choose, choose.pick(value)))
        elif key == "a.b" and choose.upto(1):
            made["a"] = (
                {**made.get("a", {}), "b": _wanted(choose, value)}
                if isinstance(made.get("a", {}), dict)
                else 1
            )
        elif choose.upto(9):
            found = _wanted(choose, value)
            both = isinstance(found, dict) and isinstance(made.get(key), dict)
            made[key] = {**made[key], **found} if both else found
    return made


def _wanted(choose: Choices, value: Any) -> Any:
    found = event_for(choose, value) if isinstance(value, dict) else _witness(choose, choose.pick(value))
    while choose.upto(3) == 0:
        others = [_value(choose, 1) for _ in range(choose.upto(2))]
        if isinstance(value, dict) and choose.upto(1):
            others.append(event_for(choose, value))
        found = [found, *others] if choose.upto(1) else [*others, found]
    return found


def _witness(choose: Choices, wanted: Any) -> Any:
    """A value that one element of a pattern's array asks for, more often than not."""
    if not isinstance(wanted, dict):
        return wanted
    ((operator, by),) = wanted.items()
    if isinstance(by, dict) and operator != "anything-but":
        by = by["equals-ignore-case"].swapcase()
    match operator:
        case "exactly" | "equals-ignore-case" | "wildcard" | "shellstyle":
            return by.replace("*", choose.pick(("", "k"))) if choose.upto(1) else by
        case "prefix":
            return by + choose.pick(("", "k"))
        case "suffix":
            return choose.pick(("", "k")) + by
        case "numeric":
            return by[1] + choose.pick((0, 0.5, -0.5))
    return choose.pick(PLAIN)


def pattern(choose: Choices, dialect: str) -> dict[str, Any]:
    """A pattern that its engine takes."""
    made = _object(choose, dialect, 3)
    if dialect == "eventbridge" and choose.upto(4) == 0 and "a" not in made:
        made["a.b"] = _values(choose, dialect) if choose.upto(2) else {"c": _values(choose, dialect)}
        if choose.upto(1):
            made["a"] = {"c": _values(choose, dialect)}
    if dialect == "eventbridge" and choose.upto(3) == 0:
        taken = set(made) | {"a"}
        free = [key for key in ("a", "b", "c") if key not in taken] or ["c"]
        ways = [_object(choose, dialect, 2, keys=(key,)) for key in (*free, *free)][: 2 + choose.upto(1)]
        if not any(key in made for way in ways for key in way):
            made["$or"] = ways
    return made


def _object(
    choose: Choices, dialect: str, depth: int, keys: tuple[str, ...] = ("a", "b", "c")
) -> dict[str, Any]:
    chosen = [key for key in keys if choose.upto(1)] or [choose.pick(keys)]
    return {
        key: _object(choose, dialect, depth - 1) if depth > 1 and choose.upto(1) else _values(choose, dialect)
        for key in chosen
    }


def _values(choose: Choices, dialect: str) -> list[Any]:
    if dialect == "quamina":
        alone = choose.upto(7)
        if alone < 3:
            return [_alone(choose, alone)]
    return [_one(choose, dialect) for _ in range(1 + choose.upto(2))]


def _alone(choose: Choices, kind: int) -> Any:
    if kind == 0:
        return {"exists": bool(choose.upto(1))}
    if kind == 1:
        return {"anything-but": [choose.pick(TEXTS) for _ in range(1 + choose.upto(2))]}
    return {"regexp": choose.pick(("x.*", "[xy]+", "x|~*y?", "(x|y){1,2}", "[^x]", "", "10~.0~..*"))}


def _one(choose: Choices, dialect: str) -> Any:
    text = choose.pick(TEXTS)
    if dialect == "quamina":
        kinds = (
            {"prefix": text},
            {"wildcard": _wild(text)},
            {"shellstyle": text},
            {"equals-ignore-case": text},
        )
        return choose.pick((choose.pick(PLAIN), choose.pick(kinds)))
    but = choose.pick((text, [text, choose.pick(TEXTS)], choose.upto(2), [1, 2.5], {"wildcard": _wild(text)},
                       {"prefix": text or "x"}, {"suffix": [text or "y", "x"]},
                       {"equals-ignore-case": text}))  # fmt: skip
    low = choose.upto(2)
    kinds = (
        {"prefix": text}, {"suffix": text}, {"prefix": {"equals-ignore-case": text}}, {"exactly": text},
        {"suffix": {"equals-ignore-case": text}}, {"equals-ignore-case": text}, {"wildcard": _wild(text)},
        {"exists": bool(choose.upto(1))}, {"anything-but": but}, {"anything-but": but},
        {"cidr": choose.pick(("10.0.0.0/24", "10.0.0.0/8", "::/64"))},
        {"numeric": [choose.pick((">", ">=", "<", "<=", "=")), low]},
        {"numeric": [choose.pick((">", ">=")), low, choose.pick(("<", "<=")), low + 1]},
    )  # fmt: skip
    return choose.pick((choose.pick(PLAIN), choose.pick(kinds), choose.pick(kinds)))


def _wild(text: str) -> str:
    return text.replace("\\", "\\\\") if text != "x*y" else "x\\*y"
