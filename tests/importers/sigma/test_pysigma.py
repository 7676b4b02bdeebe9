"""pySigma reads the same rules to the same conditions: its parsed tree, asked of events, says what we say.

Skipped where pySigma is not installed; it is in the `dev` group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

import pytest

from atamo_rules.engine.decide import decide
from atamo_rules.importers.imported import Imported
from tests.importers.sigma.generated import body, detection, text
from tests.importers.sigma.worlds import TYPE, files, reading
from tests.strategies.choices import Choices, Seeded
from tests.worlds import event, ruleset

pytest.importorskip("sigma")

WORLDS, RULES, EVENTS = 25, 12, 20


def holds(node: Any, body: Mapping[str, Any]) -> bool:
    """Whether a condition of pySigma holds for an event."""
    from sigma import conditions

    match node:
        case conditions.ConditionAND():
            return all(holds(part, body) for part in node.args)
        case conditions.ConditionOR():
            return any(holds(part, body) for part in node.args)
        case conditions.ConditionNOT():
            return not holds(node.args[0], body)
        case conditions.ConditionFieldEqualsValueExpression():
            return _equals(node.value, node.field, body)
        case conditions.ConditionValueExpression():
            return any(
                _text(node.value, text, keyword=True) for text in _texts(list(body.values()), deep=True)
            )
    raise AssertionError(type(node))


def _equals(value: Any, field: str, body: Mapping[str, Any]) -> bool:
    from sigma import types

    match value:
        case types.SigmaNull():
            return body.get(field) is None
        case types.SigmaExists():
            return (field in body) is value.exists
        case types.SigmaExpansion():
            return any(_equals(one, field, body) for one in value.values)
        case types.SigmaFieldReference():
            pairs = [
                (a.casefold(), b.casefold())
                for a in _texts(body.get(field))
                for b in _texts(body.get(value.field))
            ]
            if value.starts_with and value.ends_with:
                return any(b in a for a, b in pairs)
            if value.starts_with:
                return any(a.startswith(b) for a, b in pairs)
            return any(a.endswith(b) if value.ends_with else a == b for a, b in pairs)
    return any(_text(value, text) for text in _texts(body.get(field)))


def _text(value: Any, text: str, *, keyword: bool = False) -> bool:
    """Whether one text satisfies a value."""
    from sigma import types

    match value:
        case types.SigmaExpansion():
            return any(_text(one, text, keyword=keyword) for one in value.values)
        case types.SigmaRegularExpression():
            flags = {"IGNORECASE": re.I, "MULTILINE": re.M, "DOTALL": re.S}
            return (
                re.search(str(value.regexp), text, sum((flags[one.name] for one in value.flags), re.A))
                is not None
            )
        case types.SigmaCIDRExpression():
            try:
                return ip_address(text) in value.network
            except ValueError:
                return False
        case types.SigmaCompareExpression():
            if re.fullmatch(r"-?\d+(\.\d+)?", text) is None:
                return False
            one, two = float(text), float(value.number.number)
            return {"LT": one < two, "LTE": one <= two, "GT": one > two, "GTE": one >= two}[value.op.name]
        case types.SigmaString():
            return _string(value, text, keyword=keyword)
    printed = str(value).lower()
    return printed in text.lower() if keyword else printed == text.lower()


def _string(value: Any, text: str, *, keyword: bool) -> bool:
    from sigma.types import SigmaCasedString, SpecialChars

    many = SpecialChars.WILDCARD_MULTI
    parts = [many, *value.s, many] if keyword else list(value.s)
    parts = [part for n, part in enumerate(parts) if not (n and part is many and parts[n - 1] is many)]
    cased = isinstance(value, SigmaCasedString)
    inner = [part for n, part in enumerate(parts) if part is not many or 0 < n < len(parts) - 1]
    wild = not all(isinstance(part, str) for part in inner)
    if not cased and not wild:
        text, parts = text.casefold(), [part.casefold() if isinstance(part, str) else part for part in parts]
    pattern = "".join(
        re.escape(part) if isinstance(part, str) else ".*" if part is many else "." for part in parts
    )
    return re.fullmatch(pattern, text, re.S | (re.I if wild and not cased else 0)) is not None


def _texts(value: Any, deep: bool = False) -> Iterator[str]:
    match value:
        case bool():
            yield str(value).lower()
        case list():
            for item in value:
                yield from _texts(item, deep)
        case dict():
            for item in value.values() if deep else ():
                yield from _texts(item, deep)
        case None:
            return
        case _:
            yield str(value)


def differences(choose: Choices) -> tuple[list[str], int]:
    """Where the two do not agree, and how many rules both read."""
    from sigma.exceptions import SigmaError
    from sigma.rule import SigmaRule

    theirs: dict[str, Any] = {}
    ours = []
    for number in range(RULES):
        written = text(detection(choose), f"r{number}").replace("id: r", "name: r")
        try:
            parsed = [one.parsed for one in SigmaRule.from_yaml(written).detection.parsed_condition]
        except SigmaError:
            continue
        made = reading(written.replace("name: r", "id: r"))
        if any(isinstance(item, Imported) for item in made.items):
            theirs[f"r{number}"] = (written, parsed)
            ours.append(made)
    rules = ruleset(files(ours))
    found: list[str] = []
    for _ in range(EVENTS):
        asked = body(choose)
        matched = set(decide(rules, event(asked, TYPE)).matched)
        for id, (written, parsed) in theirs.items():
            if any(holds(one, asked) for one in parsed) is not (id in matched):
                found.append(f"we say {id in matched} of {asked} and\n{written}")
    return found, len(theirs)


def test_pysigma_reads_the_same_conditions() -> None:
    read = 0
    for seed in range(WORLDS):
        found, both = differences(Seeded(seed))
        assert not found, f"seed {seed}: {found[0]}"
        read += both
    assert read > WORLDS * RULES // 2
