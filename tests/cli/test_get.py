"""`atamo get`: what is in force in a running hub, as lists and one by one."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from atamo_rules.cli.columns import table
from atamo_rules.cli.ink import Ink
from tests.cli.dispatcher import ATAMO, Dispatcher, environment
from tests.cli.test_completion import offered
from tests.cli.test_exit_matrix import Ran, run
from tests.places import write

RULES = """\

event order.placed "Somebody bought something"
  total: whole
  note: text?

request price
  name: text
  answer
    price: number

agent desk
  uses file
    path: "desk.log"
  send note
    text: text

agent door
  uses log
  send say
    text: text


rule big "Large orders are told of"
  on order.placed
  when total > 100
  do
    send desk.note
      text: "{{ total }}"

rule first
  on order.placed
  order 1
  stop

rule later
  on order.placed
  status draft
  stop
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = write(tmp_path_factory.mktemp("get"), {"a.atamo": RULES})
    with Dispatcher(".", "--port", "0", cwd=folder) as dispatcher:
        yield dispatcher.said("listening on").split()[-1]


@pytest.fixture
def url(hub: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ATAMO_URL", hub)
    monkeypatch.delenv("ATAMO_KEY", raising=False)
    return hub


def first(ran: Ran) -> list[str]:
    """The first cell of each line below the head."""
    assert (ran.code, ran.err) == (0, "")
    return [line.split()[0] for line in ran.out.splitlines()[1:]]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("rules",), ["first", "big", "later"]),
        (("rules", "--status", "draft"), ["later"]),
        (("rules", "--on", "order.*", "b*"), ["big"]),
        (("event-types",), ["order.placed", "price"]),
        (("event-types", "--requests"), ["price"]),
        (("action-types",), ["desk.note", "door.say"]),
        (("action-types", "--agent", "door"), ["door.say"]),
        (("agents",), ["desk", "door"]),
        (("agents", "--plugin", "log"), ["door"]),
        (("agents", "des?"), ["desk"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_what_fits_is_listed(url: str, words: tuple[str, ...], names: list[str]) -> None:
    ran = run("get", *words)
    assert first(ran) == names
    told = json.loads(run("get", *words, "--format", "json").out)
    (listed,) = (value for value in told.values() if isinstance(value, list))
    assert [one.get("id", one.get("name")) for one in listed] == names
    assert (told["cursor"], told["end"]) == (None, True)


def test_a_list_that_is_long_comes_in_pages(url: str) -> None:
    one = run("get", "rules", "--limit", "1")
    assert one.out.splitlines()[1].startswith("first ")
    assert one.err == "there are more: --after 1\n"
    assert first(run("get", "rules", "--after", "1")) == ["big", "later"]
    told = json.loads(run("get", "rules", "--status", "live", "--limit", "1", "--format", "json").out)
    assert ([one["id"] for one in told["rules"]], told["cursor"], told["end"]) == (["first"], 1, False)
    last = run("get", "rules", "--after", "3")
    assert (last.code, last.out) == (0, "no rules that fit\n")


def test_one_is_shown(url: str) -> None:
    rule = run("get", "rule", "big").out
    assert rule.startswith("big: Large orders are told of\n")
    assert "  does     desk.note\n" in rule
    kind = run("get", "event-type", "order.placed").out
    assert "  total   integer\n  note?   string\n" in kind
    assert "  answer  type\n  price   number\n" in run("get", "event-type", "price").out
    assert "  text   string\n" in run("get", "action-type", "desk.note").out
    agent = run("get", "agent", "desk").out
    assert "  state    well\n" in agent
    assert "  path     desk.log\n" in agent
    assert json.loads(run("get", "agent", "desk", "--format", "json").out)["plugin"] == "file"


def test_a_pause_is_told(url: str) -> None:
    assert run("pause", "agent", "door", "--why", "it rains").code == 0
    try:
        assert first(run("get", "agents", "--paused")) == ["door"]
        assert "  state    paused: it rains\n" in run("get", "agent", "door").out
    finally:
        run("resume", "agent", "door")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("rule", "bigg"), 1, "there is no rule `bigg`\n  did you mean `big`?\n"),
        (("rule", "x/y"), 1, "there is no rule `x/y`\n  `atamo get rules` lists them\n"),
        (("event-type", "zz"), 1, "there is no event type `zz`\n  `atamo get event-types` lists them\n"),
        (("action-type", "zz"), 1, "there is no action type `zz`\n  `atamo get action-types` lists them\n"),
        (("agent", "zz"), 1, "there is no agent `zz`\n  `atamo get agents` lists them\n"),
        (("rule", "big", "--status", "live"), 2, "Give the NAME of one, or options that choose among all.\n"),
        (("rulz",), 2, "Did you mean 'rules'?\n"),
        (("events",), 2, "`atamo trace ID` tells of one; types are `event-types`.\n"),
        (("types",), 2, "there are `event-types` and `action-types`.\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_what_is_not_there_is_said(url: str, words: tuple[str, ...], code: int, says: str) -> None:
    ran = run("get", *words)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.endswith(says)


def test_names_are_completed_by_the_hub_and_else_by_the_files(url: str, tmp_path: Path) -> None:
    write(tmp_path, {"a.atamo": "rule written_here\n  on x\n"})
    assert offered(tmp_path, f"atamo get rule --url {url} b") == ["big"]
    assert offered(tmp_path, f"atamo get event-type --url {url} ") == ["order.placed", "price"]
    assert offered(tmp_path, "atamo get rule --url http://127.0.0.1:9 ") == ["written_here"]


def test_a_line_is_no_longer_than_the_terminal() -> None:
    """In a terminal of 40 columns, of which a pipe knows nothing."""
    row = ("a\nb", "x" * 100)
    assert list(table(("name", "about"), [row], Ink(on=False))) == [
        "name  about", f"a\\nb  {'x' * 100}",
    ]  # fmt: skip
    master, slave = pty.openpty()
    program = (
        "from atamo_rules.cli.columns import table; from atamo_rules.cli.ink import Ink\n"
        "print(*table(('name', 'about'), [('a', 'x' * 100)], Ink(on=False)), sep='\\n')"
    )
    environ = {**environment(), "COLUMNS": "40"}
    subprocess.run([ATAMO[0], "-c", program], stdout=slave, env=environ, check=True, timeout=60)
    os.close(slave)
    shown = os.read(master, 1000).decode().splitlines()
    os.close(master)
    assert shown[1] == f"a     {'x' * 33}…"
