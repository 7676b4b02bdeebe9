"""Correlations imported and asked, event after event; and those that are refused, by name and reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from textwrap import indent

import pytest

from atamo_rules.engine.decide import decide
from atamo_rules.engine.windows.book import Book
from atamo_rules.engine.windows.state import micros
from atamo_rules.importers.imported import Imported, Refused
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from tests.importers.sigma.worlds import TYPE, imported, reading, rule

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
A, B, C = ({"act": letter, "user": "u"} for letter in "abc")
BOTH = {"act": "ab", "user": "u"}


def base(letter: str, more: str = "") -> str:
    """A rule that detects events with a letter in `act`."""
    return f"name: {letter}\n" + rule(f"selection:\n  act|contains: {letter}\n{more}", id=f"id-{letter}")


def correlation(body: str, *, id: str = "t") -> str:
    return f"title: Together\nid: {id}\nlevel: high\ncorrelation:\n{indent(body, '  ')}\n"


def together(body: str, letters: str = "abc") -> str:
    return "---\n".join([*(base(one) for one in letters), correlation(body)])


def fired(rules: Ruleset, *events: tuple[int, dict[str, object]], type: str = TYPE) -> list[int]:
    """The minutes at which a rule fires, on bodies that come at their minutes; twice where two do."""
    book, found = Book(), []
    for number, (minute, body) in enumerate(events):
        now = BEGIN + timedelta(minutes=minute)
        ledger = book.ledger(micros(now))
        decision = decide(rules, Event(f"e{number}", type, dict(body), now), ledger=ledger)
        book.keep(ledger.written)
        found += [minute] * len(decision.fired)
    return found


def test_events_are_counted_in_a_time_that_slides() -> None:
    rules = imported(
        together("type: event_count\nrules: a\ngroup-by: user\ntimespan: 10m\ncondition: {gte: 3}", "a")
    )
    assert fired(rules, (0, A), (5, A), (10, A)) == [10]
    assert fired(rules, (0, A), (5, A), (11, A), (12, A)) == [12]
    assert fired(rules, (0, A), (1, A), (2, {**A, "user": "v"}), (3, {"act": "a"}), (4, B)) == []


def test_more_than_so_many_is_one_more() -> None:
    rules = imported(together("type: event_count\nrules: [a]\ntimespan: 1h\ncondition: {gt: 2}", "a"))
    assert fired(rules, (0, A), (1, A), (2, A)) == [2]


def test_an_event_that_two_rules_detect_counts_once() -> None:
    rules = imported(together("type: event_count\nrules: [a, b]\ntimespan: 1h\ncondition: {gte: 3}", "ab"))
    assert fired(rules, (0, BOTH), (1, A), (2, B)) == [2]


def test_values_are_counted_each_once() -> None:
    body = "type: value_count\nrules: [id-a]\ngroup-by: [act]\ntimespan: 1h\ncondition: {field: user, gte: 2}"
    rules = imported(together(body, "a"))
    assert fired(rules, (0, A), (1, A), (2, {"act": "a"}), (3, {**A, "user": "v"})) == [3]


def test_one_is_enough_where_its_key_is_there() -> None:
    body = "type: event_count\nrules: [a]\ngroup-by: [user]\ntimespan: 1h\ncondition: {gt: 0}"
    rules = imported(together(body, "a"))
    assert fired(rules, (0, A), (1, {"act": "a"}), (2, B)) == [0]


def test_in_order() -> None:
    rules = imported(together("type: temporal_ordered\nrules: [a, b, c]\ngroup-by: [user]\ntimespan: 10m"))
    assert fired(rules, (0, A), (1, C), (5, B), (10, C)) == [10]
    assert fired(rules, (0, A), (5, B), (11, C)) == []
    assert fired(rules, (0, B), (1, A), (2, C)) == []
    assert fired(rules, (0, A), (1, {**B, "user": "v"}), (2, C)) == []


def test_in_any_order() -> None:
    rules = imported(together("type: temporal\nrules: [a, b, c]\ngroup-by: [user]\ntimespan: 10m"))
    assert len(rules.rules) == 13
    for events in ((A, B, C), (A, C, B), (B, A, C), (B, C, A), (C, A, B), (C, B, A)):
        assert fired(rules, *enumerate(events)) == [2], events
        assert fired(rules, *zip((0, 5, 11), events, strict=True)) == [], events
    assert fired(rules, (0, A), (1, B), (2, B)) == []


def test_one_event_may_be_of_two_rules() -> None:
    rules = imported(together("type: temporal\nrules: [a, b]\ngroup-by: [user]\ntimespan: 10m", "ab"))
    assert [rule.id for rule in rules.rules] == ["t (1 of 3)", "t (2 of 3)", "t (3 of 3)"]
    assert fired(rules, (0, BOTH)) == [0]
    assert fired(rules, (0, {"act": "ab"})) == []
    three = imported(together("type: temporal\nrules: [a, b, c]\ngroup-by: [user]\ntimespan: 10m"))
    assert fired(three, (0, BOTH), (1, C)) == [1]
    assert fired(three, (0, C), (1, BOTH)) == [1]
    assert fired(three, (0, {"act": "abc", "user": "u"})) == [0]


def test_an_alias_is_called_otherwise_in_each_rule() -> None:
    body = (
        "type: temporal_ordered\nrules: [a, b]\ngroup-by: [who, user]\ntimespan: 10m\n"
        "aliases:\n  who: {a: source.ip, id-b: target}"
    )
    rules = imported(together(body, "ab"))
    first, second = {**A, "source.ip": "10.0.0.1"}, {**B, "target": "10.0.0.1"}
    assert fired(rules, (0, first), (1, second)) == [1]
    assert fired(rules, (0, first), (1, {**second, "user": "v"})) == []
    assert fired(rules, (0, first), (1, {**second, "target": "10.0.0.2"})) == []
    assert fired(rules, (0, A), (1, B)) == []
    assert fired(rules, (0, {**A, "source.ip": None}), (1, {**B, "target": None})) == []


def test_fields_tell_the_log_source_of_each_event() -> None:
    text = "---\n".join(
        [
            "name: a\n"
            + rule("selection: {act: a}", id="1", logsource="product: windows\nservice: security"),
            "name: b\n" + rule("selection: {act: b}", id="2", logsource="product: linux"),
            correlation("type: temporal_ordered\nrules: [a, b]\ngroup-by: [user]\ntimespan: 10m"),
        ]
    )
    rules = imported(text, event_type="log", by_fields=True)
    windows = {**A, "Channel": "Security"}
    assert fired(rules, (0, windows), (1, B), type="log") == [1]
    assert fired(rules, (0, A), (1, B), (2, windows), (3, {**B, "Channel": "Security"}), type="log") == []


def test_rules_stand_for_themselves_only_where_it_is_said() -> None:
    body = "type: event_count\nrules: [a]\ntimespan: 1h\ncondition: {gte: 2}"
    names = [item.name for item in reading(together(body, "ab")).items]
    assert names == ["id-b", "t"]
    names = [item.name for item in reading(together(body + "\ngenerate: true", "ab")).items]
    assert names == ["id-a", "id-b", "t"]


def test_a_rule_that_is_there_for_a_refused_correlation_is_told() -> None:
    body = "type: event_count\nrules: [a]\ntimespan: 1h\ncondition: {lt: 2}"
    items = {item.name: item for item in reading(together(body, "ab")).items}
    assert isinstance(items["id-b"], Imported)
    lost = items["id-a"]
    assert isinstance(lost, Refused)
    assert lost.reason == "it is only there for the correlation `t`, which is not imported"


COUNT = "type: event_count\nrules: [a]\ntimespan: 1h\n"
JOIN = "rules: [a, b]\ntimespan: 1h\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (COUNT + "condition: {lte: 5}", "`lte` also holds of what does not happen"),
        (COUNT + "condition: {eq: 5}", "`eq` is only known when the time is over"),
        (COUNT + "condition: {neq: 5}", "`neq` is only known when the time is over"),
        (COUNT + "condition: {gte: 10001}", "windows count from 1 to 10000, and this is 10001"),
        (COUNT + "condition: {gte: 0}", "windows count from 1 to 10000, and this is 0"),
        (COUNT + "condition: {gte: 5, field: x}", "`event_count` counts events"),
        (COUNT.replace("1h", "1M") + "condition: {gte: 5}", "`1M` is in months"),
        (COUNT.replace("[a]", "[nobody]") + "condition: {gte: 5}", "it is about `nobody`, which is not a rule"),
        (COUNT.replace("[a]", "[again]") + "condition: {gte: 5}", "it is about `again`, which is itself a corr"),
        (COUNT.replace("[a]", "[twice]") + "condition: {gte: 5}", "it is about `twice`, which is the name of 2"),
        (COUNT.replace("[a]", "[ahead]") + "condition: {gte: 5}", "the regular expression `(?=x)` looks ahead"),
        (COUNT.replace("[a]", "[framed]") + "condition: {gte: 5}", "it is about `framed`, which is refused: it"),
        (COUNT.replace("[a]", "[broken]") + "condition: {gte: 5}", "in one of the rules that it is about"),
        (COUNT + "condition: {gte: 5}\ngap: 5m", "its correlation has `gap`"),
        (COUNT.replace("[a]", "[a, far]") + "condition: {gte: 5}", "it counts events of several log sources"),
        (
            COUNT.replace("[a]", "[a, b]") + "condition: {gte: 5}\ngroup-by: x\naliases: {x: {a: f, b: g}}",
            "it counts events together whose keys are different fields",
        ),
        ("type: value_count\n" + JOIN + "condition: {gte: 5, field: [x, y]}", "it counts the values of several"),
        ("type: value_sum\n" + JOIN + "condition: {gte: 5, field: x}", "`value_sum` compares a sum of values"),
        ("type: temporal\n" + JOIN + "condition: a and not b", "its condition joins rules by words"),
        ("type: temporal\n" + JOIN + "condition: {gte: 1}", "it asks for 1 of its 2 rules"),
        ("type: temporal\ntimespan: 1h\nrules: [a, b, far, words]", "it joins 4 rules in any order"),
        ("type: temporal_ordered\ntimespan: 1h\nrules: [words, a]", "keywords are asked of the last of several"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused(body: str, reason: str) -> None:
    others = [
        base("a"),
        base("b"),
        "name: far\n" + rule("selection: {a: x}", id="far", logsource="category: far"),
        "name: words\n" + rule("selection: [x]", id="words"),
        "name: ahead\n" + rule("selection: {a|re: '(?=x)'}", id="ahead"),
        "name: framed\n" + rule("selection: {a: x}\ntimeframe: 5m", id="framed"),
        "name: broken\n" + rule("selection: {}", id="broken"),
        *("name: twice\n" + rule("selection: {a: x}", id=f"twice-{n}") for n in (1, 2)),
        "name: again\n" + correlation(COUNT + "condition: {gte: 5}", id="again"),
        correlation(body),
    ]
    found = {one.name: one for one in reading("---\n".join(others), event_type=None).items}["t"]
    assert isinstance(found, Refused)
    assert found.reason.startswith(reason)


@pytest.mark.parametrize(
    ("body", "words", "message"),
    [
        ("rules: [a]\ntimespan: 1h", "rules: [a]\n  timespan: 1h", "this correlation has no `type`"),
        (COUNT, None, "this correlation has no `condition`"),
        (COUNT.replace("event_count", "events"), "events", "`events` is no type of correlation"),
        (COUNT.replace("1h", "soon") + "condition: {gte: 5}", "soon", "`soon` is no length of time"),
        (COUNT.replace("1h", "0m") + "condition: {gte: 5}", "0m", "`0m` is no length of time"),
        (COUNT + "condition: {gte: many}", "many", "`gte` needs a whole number"),
        (COUNT + "condition: {gte: 1, lte: 5}", "{gte: 1, lte: 5}", "a condition has one bound"),
        (COUNT + "condition: {above: 1}", "1", "`above` is no bound"),
        (COUNT + "condition: 5", "5", "a condition is a mapping"),
        (COUNT.replace("[a]", "[]") + "condition: {gte: 5}", "[]", "a correlation names at least one rule"),
        (COUNT.replace("[a]", "[[a]]") + "condition: {gte: 5}", "[a]", "`rules` holds words"),
        (COUNT + "condition: {gte: 5}\naliases: [x]", "[x]", "`aliases` is a mapping"),
        (COUNT + "condition: {gte: 5}\naliases: {x: y}", "y", "an alias says what it is called"),
        (COUNT + "condition: {gte: 5}\ngroup-by: x\naliases: {x: {b: y}}", None, "`x` does not say what it is"),
        (COUNT.replace("event", "value") + "condition: {gte: 5}", "{gte: 5}", "`value_count` counts the values"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_at_its_place(body: str, words: str | None, message: str) -> None:
    found = reading(together(body, "ab"))
    (said,) = found.diagnostics
    assert said.message.startswith(message)
    assert words is None or said.span.text.strip() == words


def test_no_mapping() -> None:
    (said,) = reading("title: x\ncorrelation: [a]").diagnostics
    assert (said.span.text, said.message) == ("[a]", "`correlation` is a mapping")
