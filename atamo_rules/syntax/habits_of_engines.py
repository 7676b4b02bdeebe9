"""Hints for conditions that are written as in OPA, StackStorm and Ansible's rulebooks, looked for where the grammar
stops."""

from __future__ import annotations

import re
from collections.abc import Callable

from atamo_rules.syntax.habits import Slip
from atamo_rules.syntax.hint import Hint

CRITERIA = {
    "nequals": "is not", "neq": "is not", "iequals": "is", "greaterthan": ">", "lessthan": "<",
    "icontains": "contains", "ncontains": "does not contain", "incontains": "does not contain",
    "istartswith": "starts with", "iendswith": "ends with", "matchwildcard": "is like", "inside": "is one of",
    "ninside": "is not one of", "nexists": "is absent", "contains_any": "contains any of",
    "contains_all": "contains all of",
}  # fmt: skip
"""Operators of other engines, those of StackStorm's criteria first, and ours."""
_FOLDED = frozenset(("iequals", "icontains", "incontains", "istartswith", "iendswith"))
_PATTERNS = frozenset(("matchregex", "iregex"))
_SOME = re.compile(r"\bsome\s+(?:\w+\s*,\s*)?(?P<one>[A-Za-z_]\w*)\s+in\s+(?P<list>[A-Za-z_][\w.]*)")
_SET = re.compile(r"\{\s*((?:\"[^\"]*\"|[\w.]+)(?:\s*,\s*(?:\"[^\"]*\"|[\w.]+))*)\s*\}")
_ARGUMENTS = re.compile(
    r"\(\s*(?:\"(?P<pattern>[^\"]*)\"|`(?P<raw>[^`]*)`)\s*,\s*(?:\[[^\]]*\]\s*,\s*)?(?P<path>[\w.]+)\s*\)"
)


def engine_habit(slip: Slip) -> Hint | None:
    """The hint for a slip, when it is one of those that other engines teach."""
    return next((found for known in _HABITS if (found := known(slip)) is not None), None)


def _criterion(slip: Slip) -> Hint | None:
    """`host iequals "web"`."""
    word = slip.word.lower()
    if word in _PATTERNS and slip.behind(r"[\w\])]\s+$"):
        return Hint(f"write `matches /…/{' ignoring case' if word == 'iregex' else ''}`")
    operator = CRITERIA.get(word)
    if operator is None or slip.behind(r"[\w\])]\s+$") is None:
        return None
    if word in _FOLDED:
        return Hint(f"write `{operator} … ignoring case`")
    return Hint(f"write `{operator}`", slip.at, slip.end, operator)


def _module(slip: Slip) -> Hint | None:
    """`regex.match("^a", host)`, `glob.match("*.x", [], host)`."""
    found = slip.behind(r"(?<![\w.])(regex|re|glob)\.(\w+)$")
    given = _ARGUMENTS.match(slip.text, slip.at) if slip.word == "(" and found is not None else None
    if found is None or given is None:
        return None
    pattern = given["pattern"] if given["pattern"] is not None else given["raw"]
    if found[1] == "glob":
        text = f'{given["path"]} is like "{pattern}"'
    else:
        single = pattern.replace("\\\\", "\\") if given["pattern"] is not None else pattern
        escaped = single.replace("/", "\\/")
        text = f"{given['path']} matches /{escaped}/"
    return Hint(f"write it as an operator: `{text}`", found.start(), given.end(), text)


def _some(slip: Slip) -> Hint | None:
    """`some h in hosts; h.age > 3`."""
    found = next((one for one in _SOME.finditer(slip.text) if one.start() <= slip.at <= one.end() + 1), None)
    if found is None:
        return None
    return Hint(
        f"write `any {found['one']} in {found['list']} has (…)`, with what holds of it in the brackets"
    )


def _called(slip: Slip) -> Hint | None:
    """`any(hosts, …)`."""
    found = slip.behind(r"(?<![\w.])(any|all|every|no|none)\s*$")
    rest = re.compile(r"\(\s*([A-Za-z_][\w.]*)").match(slip.text, slip.at) if found is not None else None
    if found is None or rest is None:
        return None
    how = {"all": "every", "none": "no"}.get(found[1], found[1])
    return Hint(f"the element is given a name: `{how} item in {rest[1]} has (item …)`")


def _everywhere(slip: Slip) -> Hint | None:
    """`hosts[_].age` and `hosts[*].age`."""
    found = slip.behind(r"[\w\]]\[\s*$")
    rest = re.compile(r"(?:[_*]\s*)?\]").match(slip.text, slip.at)
    if found is None or rest is None:
        return None
    return Hint("a path goes through a list by itself: leave the brackets out", found.end() - 1, rest.end())


def _assigned(slip: Slip) -> Hint | None:
    """`limit := 5`."""
    found = slip.behind(r"([A-Za-z_]\w*)\s*$")
    if found is None or re.compile(r":=").match(slip.text, slip.at) is None:
        return None
    return Hint(
        f"a value is named on a line of its own before `when`: `let {found[1]} = …`; to compare, write `is`"
    )


def _set(slip: Slip) -> Hint | None:
    """`in {"a", "b"}`."""
    found = _SET.match(slip.text, slip.at)
    if found is None or slip.behind(r"\b(?:in|of)\s+$") is None:
        return None
    return Hint(f"a list stands in square brackets: `[{found[1]}]`", slip.at, found.end(), f"[{found[1]}]")


def _filter(slip: Slip) -> Hint | None:
    """`name | lower`, where no text is."""
    found = slip.behind(r"([A-Za-z_][\w.]*)\s*$")
    rest = re.compile(r"\|\s*([A-Za-z_]\w*)").match(slip.text, slip.at)
    if found is None or rest is None:
        return None
    if rest[1] in ("select", "selectattr", "reject", "rejectattr"):
        return Hint(f"elements are asked by name: `any item in {found[1]} has (item …)`")
    if rest[1] == "default":
        return Hint(f"a value for when it is missing is `({found[1]} else …)`")
    return Hint(
        f"filters stand in texts; here a function takes the value in its brackets: `{rest[1]}({found[1]})`"
    )


_HABITS: tuple[Callable[[Slip], Hint | None], ...] = (
    _criterion, _module, _some, _called, _everywhere, _assigned, _set, _filter,
)  # fmt: skip
