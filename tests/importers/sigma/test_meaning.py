"""What each part of Sigma means, on events that tell it from its neighbours."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.importers.sigma import reference
from tests.importers.sigma.worlds import detects, rule

CASES: tuple[tuple[str, dict[str, Any], bool], ...] = (
    # texts ignore case, and numbers and truth values are texts
    ("selection: {a: CMD}", {"a": "cmd"}, True),
    ("selection: {a: cmd}", {"a": "cmd.exe"}, False),
    ("selection: {a: 4697}", {"a": "4697"}, True),
    ("selection: {a: '4697'}", {"a": 4697}, True),
    ("selection: {a: true}", {"a": "True"}, True),
    ("selection: {a: 'true'}", {"a": True}, True),
    ("selection: {a: 1.5}", {"a": "1.5"}, True),
    ("selection: {a: 010}", {"a": "8"}, True),
    ("selection: {a: 0009}", {"a": "0009"}, True),
    ("selection: {a: yes}", {"a": "true"}, True),
    ("selection: {a: ''}", {"a": ""}, True),
    ("selection: {a: ''}", {}, False),
    ("selection: {a: 'ÄB'}", {"a": "äb"}, True),
    ("selection: {a: x}", {"a": ["y", "X"]}, True),
    # null is absent or null
    ("selection: {a: null}", {}, True),
    ("selection: {a: null}", {"a": None}, True),
    ("selection: {a: null}", {"a": ""}, False),
    ("selection: {a: [null, x]}", {"a": "x"}, True),
    ("selection: {a: []}", {}, True),
    # fields are literal keys
    ("selection: {a.b: x}", {"a.b": "x"}, True),
    ("selection: {a.b: x}", {"a": {"b": "x"}}, False),
    ("selection: {c-uri: x, 'the name': y}", {"c-uri": "x", "the name": "y"}, True),
    ("selection: {event: x, not: y, now: z}", {"event": "x", "not": "y", "now": "z"}, True),
    # maps are and, lists are or
    ("selection: {a: x, b: y}", {"a": "x"}, False),
    ("selection: {a: [x, y]}", {"a": "y"}, True),
    ("selection: [{a: x}, {b: y}]", {"b": "y"}, True),
    ("selection: [{a: x, c: z}, {b: y}]", {"a": "x"}, False),
    ("selection: [{a: x}, word]", {"b": "a word or two"}, True),
    ("selection: [[{a: x}], [{b: y}]]", {"b": "y"}, True),
    # wildcards and escapes
    (r"selection: {a: 'x*y?z'}", {"a": "x\ny1z"}, True),
    (r"selection: {a: 'x\*y'}", {"a": "x*y"}, True),
    (r"selection: {a: 'x\*y'}", {"a": "x1y"}, False),
    (r"selection: {a: 'x\\*y'}", {"a": r"x\1y"}, True),
    (r"selection: {a: 'x\\\*y'}", {"a": r"x\*y"}, True),
    (r"selection: {a: 'C:\Win\\dows'}", {"a": r"c:\win\dows"}, True),
    (r"selection: {a: '\\\\host'}", {"a": r"\\host"}, True),
    (r"selection: {a: '*\cmd.exe'}", {"a": r"C:\cmd.exe"}, True),
    (r"selection: {a: 'C:\*'}", {"a": r"C:*"}, True),
    ("selection: {a: '*'}", {"a": ""}, True),
    ("selection: {a: '*'}", {"b": ""}, False),
    ("selection: {a: '?*'}", {"a": ""}, False),
    ("selection: {a: '**x**'}", {"a": "x"}, True),
    ("selection: {a: '[a-z]{2}.'}", {"a": "[A-Z]{2}."}, True),
    # places
    ("selection: {a|contains: b*d}", {"a": "aBcDe"}, True),
    ("selection: {a|startswith: ab}", {"a": "ABc"}, True),
    ("selection: {a|startswith: ab}", {"a": "cab"}, False),
    ("selection: {a|endswith: ab}", {"a": "cAB"}, True),
    ("selection: {a|endswith: 'b?'}", {"a": "abc"}, True),
    ("selection: {a|contains: ''}", {"a": "x"}, True),
    ("selection: {a|contains|all: [x, y, 'p*q']}", {"a": "yx p q"}, True),
    ("selection: {a|contains|all: [x, y]}", {"a": "x"}, False),
    ("selection: {a|contains|all: [x, y]}", {"a": ["x", "y"]}, True),
    ("selection: {a|contains|cased: X}", {"a": "x"}, False),
    ("selection: {a|cased: X}", {"a": "X"}, True),
    # keywords are anywhere
    ("selection: [needle]", {"a": {}, "b": "hay NEEDLE hay"}, True),
    ("selection: needle", {"needle": "x"}, False),
    ("selection: ['n*dle']", {"b": "hay needle hay"}, True),
    ("selection: {'|all': [needle, hay]}", {"a": "needle", "b": "hay"}, True),
    ("selection: {'|all': [needle, hay]}", {"a": "needle"}, False),
    ("selection: [4625]", {"a": 4625}, True),
    ("selection: {'|re': 'n.{4}e'}", {"b": "hay needle hay"}, True),
    # the other readings
    (r"selection: {a|re: '^x\d+$'}", {"a": "x12"}, True),
    (r"selection: {a|re: '^x\d+$'}", {"a": "x12\n"}, True),
    (r"selection: {a|re: '^X'}", {"a": "x12"}, False),
    (r"selection: {a|re|i: '^X'}", {"a": "x12"}, True),
    (r"selection: {a|re|m: '^x$'}", {"a": "y\nx\nz"}, True),
    (r"selection: {a|re|s: 'y.x'}", {"a": "y\nx"}, True),
    (r"selection: {a|re: 'y.x'}", {"a": "y\nx"}, False),
    (r"selection: {a|re|all: [x, y]}", {"a": "yx"}, True),
    (r"selection: {a|re: '1{3}'}", {"a": 1112}, True),
    ("selection: {a|cidr: [10.0.0.0/8, 'fe80::/10']}", {"a": "fe80::1"}, True),
    ("selection: {a|cidr: 10.0.0.0/8}", {"a": "11.0.0.1"}, False),
    ("selection: {a|cidr: 10.0.0.0/8}", {"a": "no address"}, False),
    ("selection: {a|fieldref: b}", {"a": "X", "b": "x"}, True),
    ("selection: {a|fieldref: b}", {}, False),
    ("selection: {a|fieldref|startswith: b}", {"a": "xy", "b": "X"}, True),
    ("selection: {a|fieldref|endswith: b.c}", {"a": "xy", "b.c": "Y"}, True),
    ("selection: {a|exists: true}", {"a": None}, True),
    ("selection: {a|exists: false}", {"a": None}, False),
    ("selection: {a|exists: no}", {}, True),
    ("selection: {a|gte: 10}", {"a": "10"}, True),
    ("selection: {a|gt: 10}", {"a": 10}, False),
    ("selection: {a|lt: 1.5}", {"a": "1.4"}, True),
    ("selection: {a|lte: 1}", {"a": "one"}, False),
    ("selection: {a|neq: x}", {"a": "y"}, True),
    ("selection: {a|neq: [x, y]}", {"a": "Y"}, False),
    ("selection: {a|contains|neq: x}", {}, True),
    # texts in disguise
    ("selection: {a|base64: secret}", {"a": "c2VjcmV0"}, True),
    ("selection: {a|base64|contains: secret}", {"a": "xc2VjcmV0x"}, True),
    ("selection: {a|base64offset|contains: secret}", {"a": "eHhzZWNyZXQ="}, True),
    ("selection: {a|base64offset|contains: secret}", {"a": "eHhzZWNydA=="}, False),
    ("selection: {a|wide|base64offset|contains: secret}", {"a": "AHMAZQBjAHIAZQB0AAA="}, True),
    ("selection: {a|utf16|base64: hi}", {"a": "//5oAGkA"}, True),
    ("selection: {a|utf16be|base64|contains: hi}", {"a": "AGgAaQ=="}, True),
    ("selection: {a|windash|contains: ' -c '}", {"a": "x /c y"}, True),
    ("selection: {a|contains|windash: [' /c ', ' -d ']}", {"a": "x —D y"}, True),
    ("selection: {a|contains|all|windash: [' /c ', ' -d ']}", {"a": "x -c /d "}, True),
    ("selection: {a|windash: '-a-b'}", {"a": "/a-b"}, True),
    ("selection: {a|windash: '-a-b'}", {"a": "-a/b"}, False),
    ("selection: {a|windash|endswith: '*-x*y'}", {"a": "o /x1y"}, True),
)  # fmt: skip


@pytest.mark.parametrize(("detection", "body", "expected"), CASES)
def test_a_detection_means(detection: str, body: dict[str, Any], expected: bool) -> None:
    assert detects(detection, body) is expected


@pytest.mark.parametrize(("detection", "body", "expected"), CASES)
def test_the_reference_reads_it_so_too(detection: str, body: dict[str, Any], expected: bool) -> None:
    assert reference.detects(yaml.safe_load(rule(detection)), body) is expected


SELECTIONS = "sel_a: {a: 1}\nsel_b: {b: 1}\nfilter: {c: 1}\n_hidden: {d: 1}"


@pytest.mark.parametrize(
    ("condition", "true_of", "false_of"),
    [
        ("sel_a", "a ab", "b"),
        ("sel_a and sel_b", "ab", "a b"),
        ("sel_a or sel_b and filter", "a bc", "b c"),
        ("(sel_a or sel_b) and filter", "ac bc", "a ab c"),
        ("not sel_a and sel_b", "b", "ab a"),
        ("not (sel_a and sel_b)", "a b", "ab"),
        ("not not sel_a", "a", "b"),
        ("1 of sel_*", "a b ab", "c"),
        ("any of sel_*", "a b ab", "c"),
        ("all of sel_*", "ab", "a b"),
        ("1 of them", "a c", "d"),
        ("all of them", "abc", "ab"),
        ("1 of _hid*", "d", "abc"),
        ("all of sel_* and not 1 of filter*", "ab", "abc a"),
        ("1 of *_b", "b", "a c"),
        ("[sel_a, filter]", "a c", "b"),
    ],
)
def test_a_condition_means(condition: str, true_of: str, false_of: str) -> None:
    for bodies, expected in ((true_of, True), (false_of, False)):
        for names in bodies.split():
            body = dict.fromkeys(names, "1")
            assert detects(SELECTIONS, body, condition=condition) is expected, names
