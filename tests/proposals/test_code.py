"""Code submitted while the hub runs: checked and tried in its sandbox, approved by somebody else, its owner's alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.controller import Controller
from tests.places import write
from tests.proposals.test_proposals import PEOPLE, RULES, Hub, in_force
from tests.rest.conftest import Serving, serve  # noqa: F401
from tests.sandbox.walls import children, needs_walls, no_process_left

pytestmark = needs_walls
MINE = """# owner: user ann
def evaluate(event):
    if event["type"] == "tick" and event["data"]["n"] > 5:
        return [{"send": "desk.note", "with": {"word": "by code"}}]
"""


_others: set[int] = set()
"""Processes of earlier tests, which may go on for as long as these tests do, such as a database's."""


@pytest.fixture(autouse=True)
def others() -> None:
    _others.clear()
    _others.update(children())


def ours() -> set[int]:
    """The processes of this test."""
    return children() - _others


def gone() -> bool:
    """Whether every process of this test ends by itself: it is ended beside what is answered."""
    end = monotonic() + 10
    while ours() and monotonic() < end:
        sleep(0.01)
    return not ours()


@pytest.fixture
def hub(serve: Callable[..., Serving], tmp_path: Path) -> Hub:  # noqa: F811
    write(tmp_path / "p0", {"people.yaml": PEOPLE})
    return Hub(serve(RULES))


def submit(hub: Hub, who: str, level: str, text: str | None, name: str = "mine.py") -> dict[str, Any]:
    made = hub.ask(who, "POST", "/v1/proposals", {"level": level, "files": {name: text}})
    assert made.status_code == 201, made.text
    return made.json()  # type: ignore[no-any-return]


def tick(hub: Hub, id: str, user: str, n: int = 7) -> dict[str, Any]:
    """What is told of an event."""
    live = hub.serving.controller.hub
    hub.serving.run(live.submit_json({"type": "tick", "id": id, "user": user, "data": {"n": n}}))
    hub.serving.run(live.wait(id, 20))
    told: dict[str, Any] = hub.serving.run(live.store.told(hub.serving.run(live.store.find(id))))
    return told


def test_code_is_approved_by_somebody_else_even_for_ones_own_events(hub: Hub) -> None:
    tick(hub, "before", "ann")
    tick(hub, "of-others", "amy")
    proposal = submit(hub, "ann", "user ann", MINE)
    assert proposal["state"] == "open", proposal["report"]
    tried = proposal["report"]["code"]["user-ann-mine"]
    assert (tried["asked"], tried["acts"], tried["fails"]) == (1, 1, 0), "ann's event alone"
    assert tried["examples"][0]["actions"][0]["body"] == {"word": "by code"}
    assert gone(), "nothing runs before it is approved"
    path = f"/v1/proposals/{proposal['id']}/approve"
    assert hub.ask("ann", "POST", path, {}).status_code == 403, "not even her own"
    assert hub.ask("bob", "POST", path, {}).status_code == 404
    done = hub.ask("amy", "POST", path, {"base": proposal["base"]})
    assert (done.status_code, done.json()["state"]) == (200, "applied"), done.text

    told = tick(hub, "hers", "ann")
    assert [one["target"] for one in told["actions"]] == ["desk.note"]
    other = tick(hub, "his", "bob")
    assert other["actions"] == []
    records = hub.serving.run(hub.serving.controller.hub.store.audit(0, 1000))
    (decided,) = [one.what for one in records if one.kind == "event.decided" and one.event == "his"]
    assert decided["providers"] == ["rules"], "and nobody else is told that there is such code"

    goes = submit(hub, "ann", "user ann", None)
    done = hub.ask("ann", "POST", f"/v1/proposals/{goes['id']}/approve", {})
    assert done.status_code == 200, "to take one's own code away is no code"
    assert tick(hub, "after", "ann")["actions"] == []
    assert gone()


def test_it_is_rolled_back(hub: Hub) -> None:
    one = submit(hub, "ann", "organisation acme", MINE.replace("user ann", "organisation acme"))
    assert hub.ask("amy", "POST", f"/v1/proposals/{one['id']}/approve", {}).status_code == 200
    assert len(tick(hub, "t1", "amy")["actions"]) == 1
    assert hub.ask("amy", "POST", f"/v1/proposals/{one['id']}/rollback", {}).status_code == 200
    assert tick(hub, "t2", "amy")["actions"] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MINE.partition("\n")[2], "write `# owner: user ann` as its first line"),
        (MINE.replace("user ann", "user amy"), "is not owned by user ann"),
        (f"\n{MINE}", "is not owned by user ann"),
    ],
)
def test_code_that_is_not_its_levels_own_is_refused(hub: Hub, text: str, says: str) -> None:
    made = submit(hub, "ann", "user ann", text)
    assert made["state"] == "refused"
    assert any(says in one for one in made["report"]["refused"])
    assert "code" not in made["report"]
    assert gone()


@pytest.mark.parametrize(
    ("body", "says", "line"),
    [
        ("import nothing_like_it\n", "ModuleNotFoundError", 2),
        ("def evaluate(event)\n", "expected ':'", 2),
        ("import sys\nsys.exit()\n", "SystemExit", 3),
        ("x = [0] * 10**9\n", "more memory than it may have", 2),
    ],
)
def test_code_that_cannot_be_loaded_is_refused_with_its_line(
    hub: Hub, body: str, says: str, line: int
) -> None:
    made = submit(hub, "ann", "user ann", f"# owner: user ann\n{body}")
    assert made["state"] == "refused"
    (found,) = made["report"]["findings"]
    assert found["code"] == "E0809"
    assert says in found["message"]
    assert found["place"] == f"submitted/user-ann/mine.py:{line}:1"
    assert gone()


def test_code_that_fails_on_recent_events_says_so(hub: Hub) -> None:
    for number in range(5):
        tick(hub, f"t{number}", "ann", n=number)
    text = """# owner: user ann
def evaluate(event):
    return [{"send": "desk.nothing"}] if event["data"]["n"] else 1 / 0
"""
    tried = submit(hub, "ann", "user ann", text)["report"]["code"]["user-ann-mine"]
    assert (tried["asked"], tried["acts"], tried["fails"]) == (5, 0, 1)
    whys = {one["event"]: one["why"] for one in tried["problems"]}
    assert whys["t0"] == "submitted/user-ann/mine.py:3: ZeroDivisionError"
    assert "no agent does `desk.nothing`" in whys["t1"]


def test_an_event_is_tried_with_code(hub: Hub) -> None:
    event = {"type": "tick", "data": {"n": 7, "word": "w"}}
    order = {"event": event, "level": "user ann", "files": {"mine.py": MINE}}
    (told,) = hub.ask("ann", "POST", "/v1/try", order).json()["providers"]
    assert told["provider"].startswith("user-ann-mine ")
    assert told["actions"][0]["body"] == {"word": "by code"}
    assert gone()
    wrong = {**order, "files": {"mine.py": MINE.replace("user ann", "user amy")}}
    assert hub.ask("ann", "POST", "/v1/try", wrong).json()["providers"] == []
    assert gone()


def test_few_files_of_code_are_looked_at_in_one_proposal(hub: Hub) -> None:
    files = {f"f{number}.py": MINE for number in range(5)}
    made = hub.ask("ann", "POST", "/v1/proposals", {"level": "user ann", "files": files})
    assert made.status_code == 422
    assert "at most 4 files of code" in made.text


def test_code_that_is_in_force_outlives_the_process(tmp_path: Path) -> None:
    folder = write(tmp_path / "project", {"rules.atamo": RULES, "providers/own.py": MINE.partition("\n")[2]})

    def controller() -> Controller:
        return Controller(FolderProvider(folder), SqliteStore(tmp_path / "hub.db"))

    async def story() -> None:
        async with controller() as first:
            await in_force(first, {"Mine.py": MINE})
            names = [one.name for one in first.hub.current.evaluators]
            assert names[0] == "own"
            assert names[1].startswith("hub-mine-"), "its name is told from `mine.py`'s"
        async with controller() as second:
            assert [one.name for one in second.hub.current.evaluators] == names
            assert len(ours()) == 2

    with no_process_left():
        asyncio.run(story())
