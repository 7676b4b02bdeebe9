"""Names that an organisation submits are its own: whatever another has submitted, all that it is told is the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.people.scene import PEOPLE, RULES, Door, Refusing
from tests.places import write
from tests.rest.conftest import Serving, serve  # noqa: F401

NAMED = """
pack night version "{version}"
  owner "{level}"

use night version "{version}"

list vip = "{word}", "vip"
param limit: whole = {number}
define big(t: tick): t.word in vip
define lower(t: tick): t.word is "{word}"

rule page_oncall
  on tick
  when big(event) or lower(event)
  do
    send desk.send
      word: "{level} {{{{ word }}}}"
  test "it is paged"
    given tick {{ word: "{word}" }} by ann in birch_staff of {organisation}
    expect rule page_oncall

rule page_late
  on tick
  when length(word) > param.limit
  do
    send desk.send
      word: "late"
"""


def named(level: str, organisation: str, word: str, number: int = 60) -> str:
    """Rules of a level, with the names that everybody takes."""
    return NAMED.format(
        level=level, organisation=organisation, word=word, number=number, version=f"{number}.0"
    )


THEIRS = (
    ("user ann", "ann", named("user ann", "acme", "w", 1)),
    ("organisation acme", "root", named("organisation acme", "acme", "x", 2).replace("night", "day")
     .replace("page_", "wake_").replace("big", "great").replace("vip", "gold").replace("limit", "bound")
     .replace("lower", "trim")),
)  # fmt: skip
"""What acme submits, and who puts it in force."""
RULE = '\nrule asks\n  owner "organisation birch"\n  on tick\n  when word in vip\n  stop\n'
PROBES = {
    "unknown": RULE,
    "nearly": RULE.replace("vip", "vipp").replace("word in vipp", "word in golde and great(event)"),
    "parameter": RULE.replace("word in vip", "length(word) > param.limit"),
    "pack": 'use night version "1.0"\n' + RULE.replace("word in vip", 'word is "w"'),
    "days": 'use day version "9.0"\n' + RULE.replace("word in vip", 'word is "w"'),
    "tested": RULE.replace("word in vip", 'word is "w"')
    + '  test "t"\n    given tick { word: "w" }\n    expect rule page_oncall, rule wake_oncal\n',
    "acme": RULE.replace("word in vip", 'word is "w"')
    + '\ntest "acme does nothing about it"\n  given tick { word: "w" } by ann of acme\n'
    '  expect not desk.send { word: "user ann w" }\n',
    "foreign": "event page\n  n: whole\n\n" + RULE.replace("word in vip", 'word is "w"'),
    "table": 'table length on tick\n  first row wins\n  | word => a |\n  | "w"  => 1 |\n  | any  => 2 |\n'
    + RULE.replace("  when word in vip\n", "  let r = length(event)\n  when r.a is 1\n"),
    "twice": RULE + RULE,
    "qualified": RULE.replace("word in vip", 'word is "w"').replace("rule asks", 'rule "acme/page_oncall"'),
}  # fmt: skip


@dataclass
class Told:
    """What somebody was answered, with what no two hubs have in common written as one."""

    door: Door
    said: list[tuple[str, int, str]] = field(default_factory=list)

    def ask(self, who: str, method: str, path: str, value: Any = None) -> Any:
        more = {} if value is None else {"json": value}
        answer = self.door.ask(who, method, path, **more)
        self.said.append((f"{method} {shorn(path)}", answer.status_code, shorn(answer.text)))
        return answer.json() if answer.content else None


IDS = re.compile(r"\b[0-9a-f]{16}\b|\b[0-9a-f]{32}\b")
OTHERS = (
    (r"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)?", "TIME"), (r'"(position|number|cursor|upto)": ?\d+', r'"\1": N'),
    (r"[^\"` ]*/p\d+/rules/a\.atamo", "a.atamo"), (r"127\.0\.0\.1:\d+", "HOST"), (r'"took": ?[0-9.]+', "TOOK"),
    (r'("conforms": ?true, ?"digest": ?)"[0-9a-f]{64}"', r"\1SALTED"),
    (r"(key|address) [a-z0-9]{6,}", "KEY"), (r'"ms": ?[0-9.]+', "MS"),
)  # fmt: skip


def shorn(text: str) -> str:
    """A text without moments and numbers of one hub; ids of proposals and actions as they come."""
    for pattern, instead in OTHERS:
        text = re.sub(pattern, instead, text)
    known: dict[str, str] = {}
    return IDS.sub(lambda found: known.setdefault(found[0], f"#{len(known)}"), text)


def apart(one: str, two: str) -> str:
    """Where two texts begin to differ."""
    at = next((n for n, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]), 0)
    return f"{one[max(0, at - 100) : at + 200]}\n  {two[max(0, at - 100) : at + 200]}"


def submitted(door: Door, who: str, by: str, level: str, text: str, name: str = "night") -> None:
    """Rules of a level, in force."""
    order = {"level": level, "files": {f"{name}.atamo": text}}
    made = door.ask(who, "POST", "/v1/proposals", json=order).json()
    assert made["state"] == "open", made["report"]
    done = door.ask(by, "POST", f"/v1/proposals/{made['id']}/approve", json={})
    assert done.status_code == 200, done.text


def story(door: Door) -> Iterator[tuple[str, int, str]]:
    """All that bob of birch is answered."""
    told = Told(door)
    hub = door.serving.controller.hub
    for name, text in PROBES.items():
        order = {"level": "organisation birch", "files": {f"{name}.atamo": text}}
        told.ask("bob", "POST", "/v1/proposals", order)
        told.ask("bob", "POST", "/v1/try", {**order, "event": {"type": "tick", "data": {"word": "w"}}})
    own = {
        "level": "user bob",
        "files": {"mine.atamo": named("user bob", "birch", "w").replace("ann", "bob")},
    }
    told.ask("bob", "POST", "/v1/try", {**own, "event": {"type": "tick", "data": {"word": "w"}}})
    made = told.ask("bob", "POST", "/v1/proposals", own)
    told.ask("bob", "POST", f"/v1/proposals/{made['id']}/approve", {})
    told.ask("bob", "GET", "/v1/rules")
    told.ask("bob", "GET", "/v1/rules/page_oncall")
    told.ask("bob", "GET", "/v1/rules/acme/page_oncall")
    told.ask("bob", "GET", "/v1/proposals")
    for word in ("w", "vip", "long" * 20):
        door.send("bob", f"e-{word[:4]}", word)
        door.serving.run(hub.wait(f"@birch/bob##e-{word[:4]}", 60))
        for more in ("", "/trace", "/why?rule=page_oncall", "/why?rule=birch/page_oncall",
                     "/why?rule=acme/page_oncall", "/why?rule=wake_oncall", "/why?rule=give_up"):  # fmt: skip
            told.ask("bob", "GET", f"/v1/events/e-{word[:4]}{more}")
    for rule in ("page_oncall", "birch/page_oncall", "acme/page_oncall", "wake_oncall"):
        told.ask("bob", "GET", f"/v1/dead?rule={rule}")
        told.ask("bob", "GET", f"/v1/audit?rule={rule}")
        for method in ("PUT", "GET", "DELETE"):
            told.ask("bob", method, f"/v1/holds/rule/{rule}")
        told.ask("bob", "DELETE", f"/v1/events/e-w?rule={rule}")
        told.ask("bob", "POST", "/v1/dead/redrive", {"which": {"rule": rule}, "dry_run": True})
    for path in ("/v1/holds", "/v1/decided", "/v1/audit", "/v1/dead", "/v1/types", "/v1/agents"):
        told.ask("bob", "GET", path)
    other = {**own, "files": {"mine.atamo": own["files"]["mine.atamo"].replace('"vip"', '"x"')}}  # type: ignore[attr-defined]
    made = told.ask("bob", "POST", "/v1/proposals", other)
    told.ask("bob", "POST", f"/v1/proposals/{made['id']}/approve", {})
    told.ask("bob", "POST", f"/v1/proposals/{made['id']}/rollback", {})
    told.ask("bob", "GET", f"/v1/proposals/{made['id']}")
    yield from told.said


@pytest.fixture
def hubs(serve: Callable[..., Serving], tmp_path: Path) -> tuple[Door, Door]:  # noqa: F811
    """A hub in which acme has submitted what it can, and one in which it has submitted nothing."""
    doors = []
    for number in range(2):
        write(tmp_path / f"p{number}", {"people.yaml": PEOPLE})
        doors.append(Door(serve(RULES, desk=Refusing())))
    for level, by, text in THEIRS:
        submitted(doors[0], "ann", by, level, text, level.replace(" ", "_"))
    return doors[0], doors[1]


def test_all_that_birch_is_told_is_the_same_whatever_acme_has_submitted(hubs: tuple[Door, Door]) -> None:
    """Every report, finding, refusal and answer, letter for letter: names of acme's that are taken too, nearly written,
    used without being declared, and asked for as acme's."""
    with_acme, without = (list(story(door)) for door in hubs)
    assert [one[:2] for one in with_acme] == [one[:2] for one in without]
    differing = [(one, two) for one, two in zip(with_acme, without, strict=True) if one != two]
    assert not differing, "\n".join(f"{one[0]}: {apart(one[2], two[2])}" for one, two in differing)
    whole = "\n".join(one[2] for one in with_acme)
    assert "birch/page_oncall" in whole
    assert "user bob vip" in whole, "its own list holds"
    assert "wake_" not in whole.replace("wake_oncall", "").replace("wake_oncal", ""), "nothing is suggested"
    assert "did you mean" in whole, "what is its own, or everybody's, is"
    assert sum(code == 200 for _, code, _ in with_acme) > 30, "it did not all end in the same refusal"


def test_both_have_what_they_submitted(hubs: tuple[Door, Door]) -> None:
    door, _ = hubs
    submitted(door, "bob", "bob", "user bob", named("user bob", "birch", "w").replace("ann", "bob"))
    root = {one["id"] for one in door.ask("root", "GET", "/v1/rules").json()["rules"]}
    assert {"acme/page_oncall", "birch/page_oncall", "acme/wake_oncall", "give_up"} <= root
    ann = [one["id"] for one in door.ask("ann", "GET", "/v1/rules").json()["rules"]]
    assert "acme/page_oncall" in ann
    assert not any(one.startswith("birch") for one in ann)


def test_nobody_is_told_of_rules_that_the_project_has_for_another(hubs: tuple[Door, Door]) -> None:
    """A test of acme's that names birch's rule is told no more than of one that nobody has."""
    _, door = hubs
    told = []
    for name in ("birch_secret_rule", "march_secret_rule", "birch_secret_rul"):
        text = RULE.replace("birch", "acme").replace("word in vip", 'word is "w"')
        text += f'  test "t"\n    given tick {{ word: "w" }}\n    expect rule {name}\n'
        order = {"level": "organisation acme", "files": {"a.atamo": text}}
        (found,) = door.ask("ann", "POST", "/v1/proposals", json=order).json()["report"]["findings"]
        told.append((found["code"], found["message"].replace(name, "…"), found["help"]))
    assert told[0] == told[1] == told[2] == ("E0703", "there is no rule `…`", None)
    own = text.replace("organisation acme", "organisation birch").replace(
        "birch_secret_rul\n", "birch_secret_rule\n"
    )
    order = {"level": "organisation birch", "files": {"a.atamo": own}}
    (found,) = door.ask("bob", "POST", "/v1/proposals", json=order).json()["report"]["findings"]
    assert found["code"] == "E0701", "birch may name it, and it does not fire"
