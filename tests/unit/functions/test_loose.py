"""Loose conversions and comparisons are those of ECMAScript; the tables are what its engines print."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atamo_rules.functions import loose
from atamo_rules.functions import loose_math as math
from atamo_rules.functions.absent import ABSENT

NAN = ABSENT


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (True, 1), (False, 0), (5, 5), (Decimal("0.1"), Decimal("0.1")), ("", 0), (" \n\u00a0\ufeff", 0), ("12", 12),
        (" 12 ", 12), ("012", 12), ("+5", 5), ("-5", -5), ("- 5", NAN), ("1.5", Decimal("1.5")), ("5.", 5),
        (".5", Decimal("0.5")), (".", NAN), ("1e3", 1000), ("1e", NAN), ("0x1F", 31), ("-0x1F", NAN), ("0b101", 5),
        ("0o17", 15), ("0x", NAN), ("1_000", NAN), ("12px", NAN), ("1,5", NAN), ("٣", NAN), ("Infinity", loose.BEYOND),
        ("-Infinity", -loose.BEYOND), ("infinity", NAN), ("1e400", loose.BEYOND), ("1e-400", 0), ("null", NAN),
        ([], 0), ([5], 5), (["5"], 5), ([[" 5 "]], 5), ([None], 0), ([1, 2], NAN), ([True], NAN), ({}, NAN),
        ({"a": 1}, NAN),
    ],
)  # fmt: skip
def test_to_number(value: Any, number: Any) -> None:
    found = loose.loose_number(value)
    assert found == number
    assert isinstance(found, bool) is False


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (Decimal("-0.0"), "0"), (5, "5"), (Decimal("5.0"), "5"), (Decimal("1.50"), "1.5"), (-7, "-7"),
        (Decimal("0.000001"), "0.000001"), (Decimal("0.0000001"), "1e-7"), (Decimal("1.5E-7"), "1.5e-7"),
        (10**20, "100000000000000000000"), (10**21, "1e+21"), (Decimal("1.25E+21"), "1.25e+21"),
        (123456789012345680000, "123456789012345680000"), (Decimal("123.456"), "123.456"), (10**400, "Infinity"),
        (-(10**400), "-Infinity"), (9007199254740993, "9007199254740992"), (Decimal("5E-324"), "5e-324"),
    ],
)  # fmt: skip
def test_to_text(number: int | Decimal, text: str) -> None:
    assert loose.number_text(number) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"), ([], ""), ([None], ""), ([1, [2, None], "a"], "1,2,,a"), ([True, {}], "true,[object Object]"),
        ({}, "[object Object]"), (5, ABSENT), (True, ABSENT),
    ],
)  # fmt: skip
def test_what_is_compared_as_a_text(value: Any, text: Any) -> None:
    assert loose.loose_text(value) == text


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("5", 5, True), ("5", "5.0", False), (["5"], "5", True), ([5], 5, True), ([1, 2], "1,2", True), ([], "", True),
        ([], 0, True), ([], False, True), (True, 1, True), (True, "1", True), (True, "true", False), ("a", 0, False),
        ([1], [1], False), ({}, {}, False), ({}, "[object Object]", True), ({}, [], False), ("", 0, True),
        (Decimal("1.0"), 1, True), ("é", "e\u0301", False),
    ],
)  # fmt: skip
def test_equality(left: Any, right: Any, equal: bool) -> None:
    assert loose.loosely_equal(left, right) is equal
    assert loose.loosely_equal(right, left) is equal


@pytest.mark.parametrize(
    ("left", "right", "less", "at_most"),
    [
        (1, 2, True, True), ("1", 2, True, True), ("10", "9", True, True), ("10", 9, False, False),
        ("a", 5, False, False), (5, "a", False, False), (2, 2, False, True),
        ("a", "a", False, True), ([2], [10], False, False),
        ([2], 10, True, True), ([], 1, True, True), (False, True, True, True),
        ({}, {}, False, True), ({}, 1, False, False),
        ("\U0001f600", "\uffee", True, True), ("-Infinity", -(10**308), True, True),
    ],
)  # fmt: skip
def test_order(left: Any, right: Any, less: bool, at_most: bool) -> None:
    assert loose.loosely_less(left, right) is less
    assert loose.loosely_at_most(left, right) is at_most


@pytest.mark.parametrize(
    ("whole", "item", "there"),
    [
        ("a5", 5, True), ("a", "", True), ("", "", True), ("true", True, True), ("1,2", [1, 2], True), ([5], 5, True),
        ([5], "5", False), ([1], True, False), ([True], True, True), ([[1]], [1], False),
        (5, 5, False), ({"5": 1}, "5", False),
    ],
)  # fmt: skip
def test_containment(whole: Any, item: Any, there: bool) -> None:
    assert loose.loosely_contains(whole, item) is there


def test_positions() -> None:
    assert loose.loose_at(["a", None], 1) is None
    assert loose.loose_at(["a"], 1) is ABSENT
    assert loose.loose_at({"1": "x"}, 1) == "x"
    assert loose.loose_at({"1": "x"}, 0) is ABSENT
    assert loose.loose_at("ab", 1) == "b"
    assert loose.loose_at("ab", 2) is ABSENT
    assert loose.loose_at(["a"], -1) is ABSENT
    assert loose.loose_at(5, 0) is ABSENT
    assert loose.loose_at("\U0001f600", 0) == "\ufffd", "half a pair is no text"


@pytest.mark.parametrize(
    ("call", "given", "made"),
    [
        (math.loose_sum, (Decimal("0.1"), Decimal("0.2")), Decimal("0.30000000000000004")),
        (math.loose_sum, ("5 apples", "1e1x"), 15), (math.loose_sum, ("apples", 1), NAN),
        (math.loose_sum, (True, 1), NAN), (math.loose_sum, ([5, 6], 1), 6),
        (math.loose_sum, (2**53, 1), 2**53), (math.loose_sum, (10**400, -(10**400)), NAN),
        (math.loose_product, ("2", Decimal("1.5")), 3),
        (math.loose_product, (10**300, 10**300), loose.BEYOND),
        (math.loose_difference, ("5", True), 4), (math.loose_difference, ("5x", 1), NAN),
        (math.loose_quotient, (1, 3), Decimal("0.3333333333333333")),
        (math.loose_quotient, (1, 0), loose.BEYOND),
        (math.loose_quotient, (-1, 0), -loose.BEYOND), (math.loose_quotient, (0, 0), NAN),
        (math.loose_remainder, (-7, 3), -1), (math.loose_remainder, (5, 0), NAN),
        (math.loose_remainder, (Decimal("0.3"), Decimal("0.1")), Decimal("0.09999999999999998")),
        (math.loose_least, ("3", 20), 3), (math.loose_greatest, ("a", 20), NAN),
        (math.loose_join, (Decimal("1.50"), [1, None, {}]), "1.51,,[object Object]"),
        (math.loose_part, ("jsonlogic", -5, -2), "log"), (math.loose_part, ("abc", 5), ""),
        (math.loose_part, ("abc", -9, 2), "ab"), (math.loose_part, (150, 1, "1"), "5"),
        (math.loose_part, ("abc", "x", Decimal("1.9")), "a"), (math.loose_part, ("abc", 0, -9), ""),
        (math.loose_part, ("\U0001f600", 0, 1), "\ufffd"),
    ],
)  # fmt: skip
def test_computing(call: Any, given: tuple[Any, ...], made: Any) -> None:
    assert call(*given) == made
