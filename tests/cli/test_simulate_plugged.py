"""`atamo simulate` asks the plug-ins that are named, and names those that `atamo run` would ask besides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_hub_commands import atamo
from tests.cli.test_plugins import package
from tests.places import write

RULES = "event tick\n  n: whole\n\nrule base\n  on tick\n  stop\n"
EVENT = '{"type": "tick", "id": "t", "data": {"n": 1}}\n'


def test_providers_that_are_not_asked_are_named(tmp_path: Path) -> None:
    toml = '[run]\nprovider = ["stock:routes.json", "other"]\n'
    write(tmp_path, {"a.atamo": RULES, "e.jsonl": EVENT, "atamo.toml": toml})
    done = atamo("simulate", ".", "--events", "e.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        0,
        "providers of plug-ins are not asked but by `--provider`: stock, other\n",
    )
    done = atamo("--no-config", "simulate", ".", "--events", "e.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


PLUG = """
import sys
from hashlib import sha256
from atamo_rules import ActionMessage, NotTaken

class One:
    name, version = "pricing", "2.1"
    digest = sha256(b"one").hexdigest()
    def __init__(self, place):
        self.place, self.timeout = place, 0.2 if place in ("hangs", "blocks") else 20
    async def evaluate(self, event):
        if self.place == "raises":
            raise RuntimeError("no price")
        if self.place == "exits":
            sys.exit(3)
        if self.place == "hangs":
            import asyncio
            await asyncio.sleep(3600)
        if self.place == "blocks":
            import time
            time.sleep(3600)
        if self.place == "text":
            return "desk.note"
        event.body["n"] = 2
        return [ActionMessage("desk.note", {"line": "priced"}), ActionMessage("desk.not", {})]
    async def close(self):
        raise RuntimeError("cannot close")

class Following:
    name = "pricing"
    def __init__(self, place):
        self.place = place
    async def states(self):
        if self.place == "blocked":
            import time
            time.sleep(3600)
        yield NotTaken(("no list yet",)) if self.place == "none" else One("")

def Pager(place, folder):
    if place == "bad":
        raise ValueError("there is no such price list")
    return Following(place) if place in ("none", "following", "blocked") else One(place)
"""
DESK = """event tick
  n: whole

agent desk
  uses log
  send note
    line: text

rule base
  on tick
  when n is 1
  do
    send desk.note
      line: "one"
"""


def asked(folder: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> tuple[int, str, str]:
    package(folder, "acme-pricing", "atamo.configuration_providers", "pricing", PLUG)
    write(folder, {"rules/a.atamo": DESK, "e.jsonl": EVENT})
    monkeypatch.setenv("PYTHONPATH", str(folder))
    done = atamo("simulate", "rules", "--events", "e.jsonl", "--provider", f"pricing:{place}", cwd=folder)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("place", ["", "following"])
def test_one_that_is_named_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    code, out, err = asked(tmp_path, monkeypatch, place)
    assert (code, err) == (0, "")
    assert '+ provider pricing 2.1\n      send desk.note {"line":"priced"}' in out
    assert "message 2 would not be taken: no agent does `desk.not`" in out
    assert "+ base" in out


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("raises", "RuntimeError: no price"),
        ("exits", "SystemExit: 3"),
        ("hangs", "it did not answer within 0.2 seconds"),
        ("text", "it gave a str in place of a list of action messages"),
    ],
)
def test_what_it_does_wrong_is_said_and_the_rules_are_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, why: str
) -> None:
    code, out, err = asked(tmp_path, monkeypatch, place)
    assert (code, err) == (0, "")
    assert f"! provider pricing 2.1: {why}\n" in out
    assert "+ base" in out


def test_one_that_blocks_is_cut_off_and_asked_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"two.jsonl": EVENT + EVENT.replace('"t"', '"u"')})
    asked(tmp_path, monkeypatch, "blocks")
    done = atamo("simulate", "rules", "--events", "two.jsonl", "--provider", "pricing:blocks", cwd=tmp_path)
    first, second = (line for line in done.stdout.splitlines() if "! provider" in line)
    assert (done.returncode, done.stderr) == (0, "")
    assert first.endswith("it blocks: it did not answer within 0.2 seconds, and cannot be stopped")
    assert second.endswith("it is not asked: it still blocks on an event before")
    assert "+ base" in done.stdout


@pytest.mark.slow
def test_one_that_blocks_before_its_first_state_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = asked(tmp_path, monkeypatch, "blocked")
    assert (code, err) == (0, "the provider pricing is not asked: it blocks before it tells a state\n")
    assert "+ base" in out


def test_one_that_cannot_be_asked_is_named_with_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = asked(tmp_path, monkeypatch, "none")
    assert (code, err) == (0, "the provider pricing is not asked: no list yet\n")
    assert "+ base" in out
    assert "provider" not in out
    code, out, err = asked(tmp_path, monkeypatch, "bad")
    assert code == 2
    assert "`pricing:bad` cannot be used: there is no such price list." in err
