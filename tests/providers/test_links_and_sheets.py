"""Links and rows of sheets mean what the same rules mean in the language, and stand beside them in one ruleset."""

from __future__ import annotations

import asyncio
import io
import zipfile
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.ports import ConfigurationProvider
from atamo_rules.hub.project import spreadsheet
from atamo_rules.hub.project.files import load
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Ruleset
from atamo_rules.source.span import Source
from atamo_rules.testing.agents import ScriptedAgent
from atamo_rules.testing.contracts import ConfigurationProviderContract
from atamo_rules.testing.laws_of_providing import event
from tests.hub.stage import Heard
from tests.providers.beside import Scripted, note

TYPES = """
event thing.seen
  n: whole
  tag: text?
  level: one of low, high = low
agent desk
  uses log
  send note
    n: whole
    tag: text?
    about: text = "none"
    any: anything?
event thing.flagged
  n: whole
"""
LINKS = """
links:
  told:
    on: thing.seen
    for: group staff
    about: They want to know
    send: desk.note
    with: {n: "{{ n }}", tag: "{{ tag }}", about: "{{ n }} of {{ level }}", any: [1, x]}
"""
SAME_AS_LINKS = """
rule told "They want to know"
  on thing.seen
  for group staff
  do
    send desk.note
      n: n
      tag: tag
      about: "{{ n }} of {{ level }}"
      any: [1, "x"]
"""
SHEET = """\
rule,on,for,except,order,status,stop,about,n,level,tag,=> send,=> emit,=> n,=> about,=> any
a,thing.seen,group staff,user ada,5,,yes,First,> 3,"low, high",,desk.note,,{{ n }},{{ n }},1.50
b,thing.seen,,,,shadow,,,,,big one,,thing.flagged,7,,
c,thing.seen,,,,,,,not 4,not high,is present,desk.note,,1,"a ""b"" {{ level }}",true
"""
SAME_AS_SHEET = """
rule a "First"
  on thing.seen
  order 5
  for group staff
  except user ada
  when n > 3
   and level is one of [low, high]
  do
    send desk.note
      n: n
      about: "{{ n }}"
      any: 1.50
  stop
rule b
  on thing.seen
  status shadow
  when tag is present and tag is "big one"
  do
    emit thing.flagged
      n: 7
rule c
  on thing.seen
  when n is not 4 and level is not high and tag is present
  do
    send desk.note
      n: 1
      about: "a \\"b\\" {{ level }}"
      any: true
"""


def ruleset(**files: str) -> Ruleset:
    sources = [Source(name.replace("__", "."), dedent(text)) for name, text in files.items()]
    made = compile_sources(sources, lambda *_: "")
    assert made.ruleset is not None, [str(d.span) + d.message for d in made.diagnostics]
    return made.ruleset


def test_a_link_means_what_the_same_rule_means() -> None:
    links = ruleset(types__atamo=TYPES, links__yaml=LINKS)
    assert links.digest == ruleset(types__atamo=TYPES, same__atamo=SAME_AS_LINKS).digest
    assert [rule.provider for rule in links.rules] == ["links"]
    assert str(links.rules[0].span) == "links.yaml:3:3"


def test_a_row_means_what_the_same_rule_means() -> None:
    table = ruleset(types__atamo=TYPES, desk__rules__csv=SHEET)
    same = ruleset(types__atamo=TYPES, same__atamo=SAME_AS_SHEET)
    found, wanted = ({rule.id: rule for rule in one.rules} for one in (table, same))
    assert found["a"].digest == wanted["a"].digest
    for name in ("a", "b", "c"):
        assert (found[name].plans, found[name].order, found[name].stop, found[name].status) == (
            wanted[name].plans, wanted[name].order, wanted[name].stop, wanted[name].status,
        )  # fmt: skip
        assert found[name].provider == "table"
    assert str(found["c"].span) == "desk.rules.csv:4:1"


@pytest.mark.parametrize("n", [3, 4, 5])
@pytest.mark.parametrize("tag", [None, "big one", "other", ...])
@pytest.mark.parametrize("level", ["low", "high"])
def test_a_row_decides_as_the_same_rule(n: int, tag: Any, level: str) -> None:
    from atamo_rules.engine.decide import decide

    table = ruleset(types__atamo=TYPES, desk__rules__csv=SHEET)
    same = ruleset(types__atamo=TYPES, same__atamo=SAME_AS_SHEET)
    body = {"n": n, "level": level} if tag is ... else {"n": n, "level": level, "tag": tag}
    one, two = (decide(rules, event("thing.seen", **body)) for rules in (table, same))
    assert [(f.rule, [a.body for a in f.actions]) for f in one.fired] == [
        (f.rule, [a.body for a in f.actions]) for f in two.fired
    ]


def test_rows_without_a_name_are_called_by_their_row() -> None:
    made = ruleset(types__atamo=TYPES, desk__rules__csv="on,=> send,=> n\n\nthing.seen,desk.note,{{ n }}\n")
    assert [rule.id for rule in made.rules] == ["desk row 3"]


def test_links_and_rows_belong_to_somebody() -> None:
    links = LINKS.replace("    for: group staff\n", "    owner: group staff\n")
    sheet = "rule,on,owner,=> send,=> n\nrow,thing.seen,user ada,desk.note,1\n"
    made = ruleset(types__atamo=TYPES, links__yaml=links, desk__rules__csv=sheet)
    assert {rule.id: str(rule.scope.owner) for rule in made.rules} == {
        "told": "group staff",
        "row": "user ada",
    }
    assert all(rule.scope.include == (rule.scope.owner,) for rule in made.rules)


def test_no_fix_is_written_into_a_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.golden.shell import shell

    (tmp_path / "types.atamo").write_text(TYPES)
    sheet = "rule,on,level,=> send,=> n\nrow,thing.seen,hihg,desk.note,1\n"
    (tmp_path / "desk.rules.csv").write_text(sheet)
    monkeypatch.chdir(tmp_path)
    said, code = shell("atamo verify --fix --unsafe-fixes .", b"", monkeypatch)
    assert ("did you mean `high`?" in said, code) == (True, 1)
    assert (tmp_path / "desk.rules.csv").read_text() == sheet


def test_fmt_leaves_links_and_sheets_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.golden.shell import shell

    (tmp_path / "types.atamo").write_text(TYPES.lstrip())
    (tmp_path / "links.yaml").write_text(LINKS)
    (tmp_path / "desk.rules.csv").write_text(SHEET)
    monkeypatch.chdir(tmp_path)
    said, code = shell("atamo fmt .", b"", monkeypatch)
    assert code == 0, said
    assert (tmp_path / "links.yaml").read_text() == LINKS
    assert (tmp_path / "desk.rules.csv").read_text() == SHEET


def test_rules_links_rows_and_a_provider_decide_one_event(tmp_path: Path) -> None:
    rule = "rule plain\n  on thing.seen\n  do\n    send desk.note\n      n: n\n"
    (tmp_path / "types.atamo").write_text(TYPES + rule)
    (tmp_path / "links.yaml").write_text(LINKS.replace("    for: group staff\n", ""))
    (tmp_path / "desk.rules.csv").write_text("rule,on,n,=> send,=> n\nrow,thing.seen,> 1,desk.note,{{ n }}\n")

    async def story() -> tuple[Heard, ScriptedAgent, dict[str, Any]]:
        heard, desk = Heard(), ScriptedAgent()
        rules = FolderProvider(tmp_path, watch=False)
        controller = Controller(
            rules, MemoryStore(), [heard], agents={"desk": desk}, providers=[Scripted([note()])]
        )
        async with controller:
            hub = controller.hub
            await hub.submit_json({"type": "thing.seen", "id": "e1", "data": {"n": 2}})
            await hub.wait("e1", 60)
            return heard, desk, await hub.store.told("e1") or {}

    heard, desk, told = asyncio.run(story())
    assert {(one.rule, one.provider) for one in desk.asked} == {
        ("plain", "rules"), ("told", "links"), ("row", "table"), ("provider:pricing", "pricing 2.1"),
    }  # fmt: skip
    (decided,) = heard.what("event.decided")
    assert sorted(decided["providers"]) == ["links", "pricing 2.1", "rules", "table"]
    assert {one["rule"]: one["provider"] for one in told["actions"]}["told"] == "links"
    because = {one["rule"]: one["because"] for one in told["actions"]}
    assert because["told"].endswith("links.yaml:6:11")
    assert because["row"].endswith("desk.rules.csv:2:20")


class TestFolderOfSheetsAndLinks(ConfigurationProviderContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        (tmp_path / "types.atamo").write_text(TYPES)
        (tmp_path / "links.yaml").write_text(LINKS)
        (tmp_path / "desk.rules.csv").write_text(SHEET)

    def provider(self) -> ConfigurationProvider:
        return FolderProvider(self.folder)

    def event(self) -> Event:
        return event("thing.seen", n=5, level="low")

    def change(self) -> None:
        (self.folder / "desk.rules.csv").write_text(SHEET.replace("> 3", "> 4"))

    def spoil(self) -> None:
        (self.folder / "links.yaml").write_text(LINKS.replace("desk.note", "desk.nota"))
        (self.folder / "desk.rules.csv").write_text(SHEET.replace("> 3", "=A1"))

    def test_a_change_that_is_wrong_is_told_and_the_next_good_one_is_taken(self) -> None:
        good = self.change

        def change() -> None:
            (self.folder / "links.yaml").write_text(LINKS)
            good()

        self.change = change  # type: ignore[method-assign]
        super().test_a_change_that_is_wrong_is_told_and_the_next_good_one_is_taken()


# --- spreadsheets ---------------------------------------------------------------------------------------


def book(*rows: list[Any]) -> bytes:
    import openpyxl

    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    made.create_sheet("notes").append(["not", "read"])
    raw = io.BytesIO()
    made.save(raw)
    return raw.getvalue()


def test_a_spreadsheet_is_the_sheet_that_it_shows() -> None:
    import datetime

    text = spreadsheet.text_of(
        book(
            ["rule", "on", "=> any"], ["a", None, 1.5], [], ["42", True, 3.0], ["x, y", 'say "hi"', 0.1],
            ["=A1", datetime.date(2026, 1, 2), "two\nlines"], [],
            ["wait", datetime.timedelta(hours=30), datetime.timedelta(seconds=1.5)],
        )
    )  # fmt: skip
    assert text == (
        'rule,on,=> any\na,,1.5\n\n"""42""",true,3\n"x, y","say ""hi""",0.1\n=A1,2026-01-02,"two\nlines"\n\n'
        "wait,30 hours,1.5 seconds\n"
    )


def test_a_spreadsheet_holds_rules(tmp_path: Path) -> None:
    (tmp_path / "types.atamo").write_text(TYPES)
    raw = book(["rule", "on", "n", "=> send", "=> n"], ["row", "thing.seen", 4, "desk.note", "{{ n }}"])
    (tmp_path / "desk.rules.xlsx").write_bytes(raw)
    state = FolderProvider(tmp_path).load()
    decision = state.decide(event("thing.seen", n=4, level="low"))  # type: ignore[union-attr]
    assert [(one.rule, one.provider, one.body["n"]) for one in decision.actions] == [("row", "table", 4)]  # type: ignore[index, call-overload]
    assert decision.actions[0].because.endswith("desk.rules.xlsx:2:18")


def bomb() -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b" " * (spreadsheet.MOST_BYTES + 1))
    return raw.getvalue()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"PK no zip", "it is no whole spreadsheet: save it as `.xlsx` again, or as `NAME.rules.csv`"),
        (book(["a"])[:-40], "it is no whole spreadsheet: save it as `.xlsx` again, or as `NAME.rules.csv`"),
        (
            bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
            "it has a password, or is of the old form `.xls`: save it as `.xlsx` without one",
        ),
        (book(), "its first sheet, `Sheet`, is empty: put the one with the rules before it"),
        (bomb(), "it has more than 100 MiB when it is unpacked"),
        (book(["x"] * 201), "it has more than 50000 rows or 200 columns"),
    ],
)
def test_what_is_no_spreadsheet_is_a_diagnostic(raw: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "a.rules.xlsx"
    path.write_bytes(raw)
    source, found = load(path)
    assert source.text == ""
    assert [(one.code.id, one.message) for one in found] == [("E0130", f"this file cannot be read: {why}")]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ValueError, match=r"atamo-rules\[xlsx\]"):
        spreadsheet.text_of(b"")


def test_the_story_of_an_event_names_who_asked_for_what(tmp_path: Path) -> None:
    from atamo_rules.cli.ink import Ink
    from atamo_rules.cli.timeline import timeline
    from atamo_rules.hub.history.trace import document

    (tmp_path / "types.atamo").write_text(TYPES)
    (tmp_path / "links.yaml").write_text(LINKS.replace("    for: group staff\n", ""))

    async def story() -> list[str]:
        heard = Heard()
        providers = [Scripted([note()]), Scripted(ValueError("no price"), name="bad")]
        rules = FolderProvider(tmp_path, watch=False)
        controller = Controller(
            rules, MemoryStore(), [heard], agents={"desk": ScriptedAgent()}, providers=providers
        )
        async with controller:
            hub = controller.hub
            await hub.submit_json({"type": "thing.seen", "id": "e1", "data": {"n": 2}})
            await hub.wait("e1", 60)
            kept, told = await hub.store.event("e1"), await hub.store.told("e1")
            assert kept is not None
            assert told is not None
            records = [record for record in heard.records if record.event == "e1"]
            return list(timeline(document(kept, told, records, hub.current.ruleset), Ink(False)))

    shown = "\n".join(asyncio.run(story()))
    assert "send desk.note  of told (links)" in shown
    assert "send desk.note  of the provider pricing 2.1" in shown
    assert "the provider bad 2.1 failed" in shown
    assert "    ValueError: no price" in shown


CELLS_MEAN = {
    "high": 'level is "high"',
    '"low, high"': 'level is one of ["low", "high"]',
    "not low": 'level is not "low"',
    "any": "",
    "-": "",
    "is present": "level is present",
}
COUNTS_MEAN = {
    "> 5": "n > 5",
    ">= 5": "n >= 5",
    "between 1 and 5": "n is between 1 and 5",
    "7": "n is 7",
    '"1, 2"': "n is one of [1, 2]",
    '"< 1, > 5"': "n < 1 or n > 5",
}
TAGS_MEAN = {
    "north west": 'tag is "north west"',
    '"""a, b"""': 'tag is "a, b"',
    '"""42"""': 'tag is "42"',
    'contains "x"': 'tag contains "x"',
    'starts with "x"': 'tag starts with "x"',
    "matches /^x/": "tag matches /^x/",
    "is empty": "tag is empty",
}


@pytest.mark.parametrize(
    ("column", "cell", "condition"),
    [(name, *one) for name, means in (("level", CELLS_MEAN), ("n", COUNTS_MEAN)) for one in means.items()]
    + [("tag", *one) for one in TAGS_MEAN.items()],
)
def test_a_cell_means_what_the_condition_means(column: str, cell: str, condition: str) -> None:
    types = TYPES.replace("  tag: text?\n  level", "  tag: text\n  level")
    sheet = f"rule,on,{column},=> send,=> n\nr,thing.seen,{cell},desk.note,1\n"
    when = f"\n  when {condition}" if condition else ""
    same = f"rule r\n  on thing.seen{when}\n  do\n    send desk.note\n      n: 1\n"
    one, two = (
        ruleset(types__atamo=types, a__rules__csv=sheet),
        ruleset(types__atamo=types, same__atamo=same),
    )
    assert one.rules[0].digest == two.rules[0].digest
