"""What is no Sigma is said at its place; what cannot be said exactly is refused by name; the rest is imported."""

from __future__ import annotations

import pytest

from atamo_rules.importers.imported import Imported, Refused
from tests.importers.sigma.worlds import imported, matched, reading, refusal, rule


@pytest.mark.parametrize(
    ("detection", "condition", "reason"),
    [
        (
            "selection: {a: x}",
            "selection | count() > 5",
            "its condition counts or correlates events behind a `|`",
        ),
        ("selection: {a: x}\ntimeframe: 5m", "selection", "it asks for events within a time frame"),
        ("selection: {a: x}", "2 of them", "`2 of` counts selections"),
        ("selection: {a|re: '(?=x)'}", "selection", "the regular expression `(?=x)` looks ahead"),
        ("selection: {a|re: ''}", "selection", "a regular expression is empty"),
        ("selection: {a|re|contains: x}", "selection", "`re` and `contains` do not go together"),
        ("selection: {a|hour: 5}", "selection", "`hour` takes a part of a time"),
        ("selection: {a|shiny: x}", "selection", "the modifier `shiny` is not known"),
        (
            "selection: {a|wide: x}",
            "selection",
            "a text in UTF-16 is compared, whose bytes are no characters",
        ),
        (
            "selection: {a|windash|base64: x}",
            "selection",
            "`base64` goes with neither `windash` nor `expand`",
        ),
        ("selection: {a|windash: '-a -b -c -d'}", "selection", "`windash` is asked of more than 3 dashes"),
        ("selection: {a|expand: 'x%y%'}", "selection", "a placeholder has text around it"),
        ("selection: {'|startswith': x}", "selection", "a keyword stands anywhere in an event"),
        ("selection: {a|contains|endswith: x}", "selection", "`contains` and `endswith` do not go together"),
    ],
)
def test_what_cannot_be_said_is_refused(detection: str, condition: str, reason: str) -> None:
    assert refusal(rule(detection, condition=condition)).startswith(reason)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (
            "title: x\nlogsource: {category: a}\nfilter: {rules: []}",
            "it is a filter for other rules, not a rule",
        ),
        ("action: global\ntitle: x", "it is part of a collection of Sigma 1 (`action`), which is not read"),
    ],
)
def test_what_is_no_rule_is_refused(document: str, reason: str) -> None:
    assert refusal(document) == reason


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("title: [x", "1:9", "this cannot be read as YAML"),
        ("- a\n", "1:1", "a Sigma rule is a mapping"),
        ("title: x\nlogsource: {category: a}\n", "1:1", "this Sigma rule has no `detection`"),
        ("title: x\ndetection: {condition: a}\n", "1:1", "this Sigma rule has no `logsource`"),
        ("title: x\nlogsource: a\ndetection: {}", "2:12", "`logsource` is a mapping"),
        ("title: x\nlogsource: {definition: y}\ndetection: {a: x, condition: a}", "2:12", "a log source has"),
        (
            "title: x\nlogsource: {category: a}\ndetection: {a: x}",
            "3:12",
            "this Sigma rule has no `condition`",
        ),
        ("title: x\ntitle: y\n", "2:1", "the key `title` stands twice"),
    ],
)
def test_what_is_malformed_is_said_at_its_place(text: str, place: str, message: str) -> None:
    found = reading(text)
    assert found.items == ()
    assert str(found.diagnostics[0].span) == f"rules/rule.yml:{place}"
    assert found.diagnostics[0].message.startswith(message)


@pytest.mark.parametrize(
    ("detection", "condition", "words", "message"),
    [
        ("sel: {a: x}", "sel and other", "other", "there is no selection `other`"),
        ("sel: {a: x}", "sel AND sel", "AND", "`AND` stands where `and`, `or` or the end is expected"),
        ("sel: {a: x}", "sel and", "d", "the condition ends where the name of a selection is expected"),
        ("sel: {a: x}", "(sel", "l", "the condition ends where `)` is expected"),
        ("sel: {a: x}", "sel)", ")", "`)` stands where"),
        ("sel: {a: x}", "1 of", "f", "the condition ends where `them`, or a pattern"),
        ("sel: {a: x}", "1 of none*", "1 of none*", "no selection is called like `none*`"),
        ("sel: {a: x}", "some of them", "some of", "before `of` stands `1`, `any` or `all`"),
        ("sel: {a: x}", "sel & sel", "&", "`&` stands where"),
        ("sel: {}", "sel", "{}", "a selection asks at least one field"),
        ("sel: []", "sel", "[]", "a selection holds at least one item"),
        ("sel: {a: {b: c}}", "sel", "{b: c}", "a field has a value, or a list of values"),
        ("sel: {a: [[x]]}", "sel", "[x]", "the values of a field are texts, numbers and so on"),
        ("sel: {a|contains: 5}", "sel", "5", "`contains` needs a text"),
        ("sel: {a|contains: null}", "sel", "null", "a null has no text"),
        ("sel: [null]", "sel", "null", "a null has no text"),
        ("sel: {a: 2024-01-01}", "sel", "2024-01-01", "YAML reads `2024-01-01` as something"),
        ("sel: {a|cidr: 10.0.0.1/8}", "sel", "10.0.0.1/8", "`10.0.0.1/8` is not an IP network"),
        ("sel: {a|exists: maybe}", "sel", "maybe", "`exists` needs `true` or `false`"),
        ("sel: {a|gt: '5'}", "sel", "'5'", "`gt` needs a number"),
        ("sel: {a|fieldref: 'b*'}", "sel", "'b*'", "`fieldref` needs the name of a field"),
        ("sel: {'|exists': true}", "sel", "'|exists'", "`exists` needs a field before it"),
        ("sel: {a|i: x}", "sel", "a|i", "`i`, `m` and `s` stand behind `re`"),
        (
            "sel: {a|contains|contains: x}",
            "sel",
            "a|contains|contains",
            "the modifier `contains` stands twice",
        ),
        ("sel: {a|contains|base64: x}", "sel", "a|contains|base64", "`base64` stands behind the encoding"),
        ("sel: {a|base64: 'x*'}", "sel", "'x*'", "what `base64` encodes has no wildcards"),
        ("sel: {a|expand: x}", "sel", "x", "`expand` needs a placeholder"),
    ],
)
def test_a_mistake_in_a_detection_is_said_at_its_place(
    detection: str, condition: str, words: str, message: str
) -> None:
    found = reading(rule(detection, condition=f"'{condition}'"))
    assert found.items == ()
    (said,) = found.diagnostics
    assert (said.span.text, said.message[: len(message)]) == (words, message)


def test_the_rest_of_a_file_is_imported() -> None:
    good = rule("selection: {a: x}", id="good")
    bad = rule("selection: {a: x}", condition="other", id="bad")
    cannot = rule("selection: {a|re: '(?=x)'}", id="cannot")
    found = reading("---\n".join([good, bad, cannot]) + "---\n---\ntitle: [")
    assert [(type(item), item.name) for item in found.items] == [(Imported, "good"), (Refused, "cannot")]
    assert [d.span.begins.line for d in found.diagnostics] == [16, 29]


def test_several_rules_of_one_file_are_rules_of_their_own() -> None:
    rules = imported("---\n".join(rule(f"selection: {{a: {n}}}", id=f"r{n}") for n in (1, 2, 3)))
    assert matched(rules, {"a": 2}) == ("r2",)


def test_parentheses_and_not_have_an_end() -> None:
    (said,) = reading(rule("sel: {a: x}", condition="(" * 50 + "sel" + ")" * 50)).diagnostics
    assert said.message == "this is nested more than 40 deep"
    (said,) = reading(rule("sel: {a: x}", condition="not " * 50 + "sel")).diagnostics
    assert said.message == "this is nested more than 40 deep"
