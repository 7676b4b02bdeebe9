"""YAML scalars that are hard to read: numbers that cannot be held, clauses that are folded or escaped."""

from __future__ import annotations

import pytest

from atamo_rules.source.span import Source
from atamo_rules.syntax import tree, type_tree
from atamo_rules.syntax.declarations import Rule
from atamo_rules.syntax.read import read


def condition(scalar: str) -> tree.Expr | None:
    file, found = read(
        Source("r.yaml", f"rules:\n  - rule: a\n    on: b\n    when: {scalar}\n    stop: true\n")
    )
    assert not found, found[0].message
    (rule,) = file.declarations
    assert isinstance(rule, Rule)
    return rule.condition


@pytest.mark.parametrize(
    "number",
    ["1e99999999999999999999", "0.4e006699999999999999999999999999999", "1e4301", "9" * 5000, ".inf", ".nan"],
)
def test_a_number_that_cannot_be_held_is_refused_by_name(number: str) -> None:
    _, found = read(Source("r.yaml", f"lists: {{a: [{number}]}}\n"))
    assert [one.code.id for one in found] == ["E0122"]


@pytest.mark.parametrize(
    "scalar", [r'"x matches /a\\/b/"', "x matches /a\\/b/", ">-\n      x\n      matches /a\\/b/"]
)
def test_one_pattern_is_one_pattern_however_yaml_writes_it(scalar: str) -> None:
    made = condition(scalar)
    assert isinstance(made, tree.Compare)
    assert isinstance(made.right, tree.Regex)
    assert made.right.pattern == "a/b"


@pytest.mark.parametrize("scalar", ["whole ..5", '"whole \\x2e.5"', ">-\n      whole\n      ..5"])
def test_a_range_without_a_low_end_has_none_however_yaml_writes_it(scalar: str) -> None:
    file, found = read(Source("r.yaml", f"params:\n  p: {scalar}\n"))
    assert not found, found[0].message
    (param,) = file.declarations
    assert param.type == type_tree.Plain("whole", None, 5, span=param.span)  # type: ignore[union-attr]
