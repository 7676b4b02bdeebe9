"""Numbers are exact, or absent: nothing rounds on the way, nothing grows beyond what JSON can carry."""

from __future__ import annotations

from decimal import Decimal

import pytest

from atamo_rules.model.strict_json import JsonRefused, decode, encode
from tests.worlds import asked, holds, said

BIG = int("9" * 4300)


@pytest.mark.parametrize(
    ("fields", "condition", "body", "expected"),
    [
        ("n: whole", f"n is {2**53 + 1}", {"n": 2**53 + 1}, True),
        ("n: whole", f"n is {2**53 + 1}", {"n": 2**53}, False),
        ("n: number", "n is 0.3", {"n": Decimal("0.1") + Decimal("0.2")}, True),
        ("n: number", "n + 0.2 is 0.3", {"n": Decimal("0.1")}, True),
        ("n: number", "n * 3 is 0.3", {"n": Decimal("0.1")}, True),
        ("n: number", "n is 1", {"n": Decimal("1.000")}, True),
        ("n: number", "n is 1", {"n": Decimal("1.0000000000000000000000000000000000001")}, False),
        ("n: number", "n / 4 is 0.25", {"n": 1}, True),
        ("n: number", "n / 3 * 3 is 1", {"n": 1}, False),
        ("n: number", "abs(n) is 1.23456789012345678901234567890123456789",
         {"n": Decimal("-1.23456789012345678901234567890123456789")}, True),
        ("n: whole", "n + 0.5 > n", {"n": BIG}, False),
        ("n: whole", "n + 1 > n", {"n": 10**4000}, True),
        ("n: whole", "n + 0.5 > n", {"n": 10**4000}, True),
        ("n: whole", "n > 0", {"n": BIG}, True),
        ("n: whole", 'truncate("abcdef", n) is "ab…"', {"n": Decimal("3.0")}, True),
        ("n: number", "n is -1.23456789012345678901234567890123",
         {"n": Decimal("-1.23456789012345678901234567890123")}, True),
        ("n: number", "round(n, 2) is 1.24", {"n": Decimal("1.245")}, True),
    ],
)  # fmt: skip
def test_exactness(fields: str, condition: str, body: dict[str, int | Decimal], expected: bool) -> None:
    assert holds(asked(fields, condition), body) is expected


@pytest.mark.parametrize(
    "what", ["n + n", "n * n", "n * n * n * n * n", "sum([n, n])", "floor(d)", "round(d)", "n + 0.1"]
)
def test_a_number_too_large_for_json_is_absent_and_never_a_traceback(what: str) -> None:
    """str() of such a number raises in Python; the action says it was not done, and why."""
    found = said("n: whole\nd: number", f'"{{{{ {what} }}}}"', {"n": BIG, "d": Decimal("1e4300")})
    assert found.actions == ()
    assert "absent" in found.fired[0].problems[0]


def test_a_quotient_that_does_not_end_has_34_digits() -> None:
    found = said("n: whole", '"{{ n / 3 }}"', {"n": 10})
    assert found.actions[0].body == {"line": "3." + "3" * 33}
    exact = said("n: whole", '"{{ n / 8 }}"', {"n": 10**60 + 1})
    assert exact.actions[0].body == {"line": str((10**60) // 8) + ".125"}


@pytest.mark.parametrize("text", ["9" * 5000, "-" + "9" * 4300, "1e5000", "1e-9000", "0." + "1" * 4300])
def test_numbers_that_cannot_be_held_are_refused(text: str) -> None:
    with pytest.raises(JsonRefused):
        decode(text)


@pytest.mark.parametrize("text", ["0.1", "1.50", "9007199254740993", "1e3", "-0.0", "9" * 4300])
def test_a_number_comes_out_as_it_went_in(text: str) -> None:
    again = decode(encode(decode(text)))
    assert again == decode(text)
    assert str(again) == str(decode(text))


def test_elements_are_distinct_as_rules_compare() -> None:
    assert holds(
        asked("x: list of anything", "count(distinct(x)) is 4"), {"x": [1, Decimal("1.0"), True, "1", "true"]}
    )


def test_a_mixed_list_is_not_sorted_by_losing_half_of_it() -> None:
    found = said("x: list of anything", '"{{ x | sort | join }}"', {"x": ["b", 1]})
    assert found.actions == ()
    assert found.fired[0].problems
