"""Imported files, whole, as a person would read them; and what they say about themselves and their log sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from atamo_rules.engine.decide import decide
from atamo_rules.importers.imported import Imported
from atamo_rules.importers.sigma import read
from atamo_rules.source.span import Source
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax.canonical import same
from atamo_rules.syntax.read import read as read_file
from tests.importers.sigma.worlds import TYPE, files, imported, matched, reading, rule, written
from tests.worlds import compiled, event

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.yml")), ids=lambda path: path.stem)
def test_an_imported_file(path: Path, bless: bool) -> None:
    found = read(Source(path.name, path.read_text("utf-8")))
    assert not found.diagnostics
    rules = [item.rule for item in found.items if isinstance(item, Imported)]
    assert len(rules) == len(found.items)
    text = written([*found.around, *rules])
    expected = path.with_suffix(".atamo")
    if bless:
        expected.write_text(text, "utf-8")
    assert text == expected.read_text("utf-8")
    made = compiled(text)
    assert made.ruleset is not None, [(str(d.span), d.message) for d in made.errors]
    assert {d.code.id for d in made.diagnostics} <= {"W0221"}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.yml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("container", ["atamo", "yaml"])
def test_what_is_written_reads_back_and_is_canonical(path: Path, container: str) -> None:
    found = read(Source(path.name, path.read_text("utf-8")))
    rules = tuple(item.rule for item in found.items if isinstance(item, Imported))
    text = written([*found.around, *rules], container)
    back, mistakes = read_file(Source(f"rules.{container}", text))
    assert not mistakes
    assert same(decl.File(back.source, (*found.around, *rules)), back)
    if container == "atamo":
        assert written(back.declarations) == text


PROCESS = "product: windows\ncategory: process_creation"
SYSMON = {"Channel": "microsoft-windows-sysmon/operational", "EventID": 1, "a": "x"}


def test_each_log_source_has_an_event_type_of_its_own() -> None:
    rules = imported(rule("selection: {a: x}", logsource=PROCESS), event_type=None)
    assert matched(rules, {"a": "x"}, "windows.process_creation") == ("r",)
    assert set(rules.events) == {"windows.process_creation"}


@pytest.mark.parametrize(
    ("logsource", "body", "expected"),
    [
        (PROCESS, SYSMON, True),
        (PROCESS, {**SYSMON, "EventID": "1"}, True),
        (PROCESS, {**SYSMON, "EventID": 3}, False),
        (PROCESS, {"a": "x"}, False),
        ("product: windows\nservice: security", {"Channel": "Security", "a": "x"}, True),
        ("product: windows\nservice: security", SYSMON, False),
        ("product: windows\ncategory: registry_event", {**SYSMON, "EventID": 14}, True),
        ("product: windows\nservice: applocker",
         {"Channel": "Microsoft-Windows-AppLocker/MSI and Script", "a": "x"}, True),
        ("product: windows\nservice: never-heard-of", SYSMON, True),
        ("product: windows", SYSMON, True),
        ("product: windows", {"a": "x"}, False),
        ("product: linux\nservice: sshd", {"a": "x"}, True),
        ("product: linux\nservice: sshd", SYSMON, False),
        ("category: proxy", {"a": "x"}, True),
        ("category: proxy", SYSMON, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("event_type", ["log", "text", "a strange/type"])
def test_on_one_event_type_the_fields_tell_the_log_source(
    logsource: str, body: dict[str, object], expected: bool, event_type: str
) -> None:
    text = rule("selection: {a: x}", logsource=logsource)
    rules = imported(text, event_type=event_type, by_fields=True)
    assert (matched(rules, body, event_type) == ("r",)) is expected
    asked_of_all = imported(text, event_type=event_type, by_fields=False)
    assert matched(asked_of_all, body, event_type) == ("r",)


def test_files_share_what_they_need() -> None:
    texts = [rule("selection: {a: x}", id=f"r{n}", logsource=PROCESS) for n in range(3)]
    made = files([reading(text, by_fields=True) for text in texts])
    assert made["around.atamo"].count("define from_windows_process_creation(") == 1
    assert made["around.atamo"].count("agent sigma") == 1
    assert compiled(made).ruleset is not None


@pytest.mark.parametrize(
    ("head", "name"),
    [("id: 4-2\ntitle: x", "4-2"), ("title: Some Words", "Some Words"), ("status: test", "rule")],
)
def test_a_rule_is_called_by_its_id_or_title_or_file(head: str, name: str) -> None:
    text = f"{head}\nlogsource: {{category: a}}\ndetection: {{sel: {{a: x}}, condition: sel}}"
    (item,) = reading(text).items
    assert isinstance(item, Imported)
    assert (item.name, item.rule.name.text) == (name, name)
    assert matched(imported(text), {"a": "x"}) == (name,)


def test_placeholders_are_parameters() -> None:
    found = reading(rule("selection: {user|expand: '%admins%'}"))
    made = files([found])
    ruleset = compiled(made, params={"admins": ["ada", "bob"]}).ruleset
    assert ruleset is not None
    assert matched(ruleset, {"user": "ADA"}) == ("r",)
    assert matched(ruleset, {"user": "eve"}) == ()
    without = compiled(made).ruleset
    assert without is not None
    assert matched(without, {"user": "ada"}) == ()


def test_selections_that_are_called_like_fields_or_words_of_ours() -> None:
    selections = {"not": "a", "and-or": "not", "and_or": "b", "9": "and_or", "count": "selection_not"}
    detection = "\n".join(
        f"{name}:\n  {field}|contains: ['{'x' * 40}', '{'y' * 40}']" for name, field in selections.items()
    )
    text = rule(detection, condition="1 of them")
    assert "let " in written(item.rule for item in reading(text).items if isinstance(item, Imported))
    rules = imported(text)
    for field in selections.values():
        assert matched(rules, {field: "y" * 40}) == ("r",), field
    assert matched(rules, {"c": "y" * 40}) == ()


def test_an_alert_says_the_title_as_it_is() -> None:
    text = rule("selection: {a: x}").replace("A rule", "'{{ a }} {% b %} {{{ c {# d'")
    (fired,) = decide(imported(text), event({"a": "x"}, TYPE)).fired
    assert fired.actions[0].body == {"title": "{{ a }} {% b %} {{{ c {# d", "level": "low"}
