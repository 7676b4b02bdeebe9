"""Names of one's own over time: a store of before goes on, files move with whose they are, colleagues share names, and
what the project declares later changes nothing that was submitted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.hub.archive import compiled, packed, unpacked
from atamo_rules.hub.controller import Controller
from atamo_rules.hub.proposals.code import let_go
from atamo_rules.hub.proposals.proposal import level_of
from atamo_rules.hub.proposals.proposals import Proposals, Refused
from atamo_rules.hub.proposals.trials import APPLIED
from atamo_rules.model.event import Event
from atamo_rules.model.people import User
from atamo_rules.model.work import Put
from tests.places import write
from tests.proposals.test_proposals import MINE, PEOPLE, RULES, Hub, names
from tests.rest.conftest import Serving, serve  # noqa: F401
from tests.worlds import NOON

ONCE = """
list large = 7, 8

rule mine
  owner "user ann"
  on tick
  when n in large
  at most once per 1 hour by word
  do
    send desk.note
      word: "mine {{ word }}"
"""
TEAM = ONCE.replace("user ann", "organisation acme")
OLD = {"submitted/user-ann/mine.atamo": ONCE}
"""What a hub kept while names were all the hub's."""


class Place:
    """A project on disk, and hubs one after the other over it and its store."""

    def __init__(self, tmp_path: Path, people: str = PEOPLE) -> None:
        self.folder = write(tmp_path / "project", {"rules.atamo": RULES, "people.yaml": people})
        self.file = tmp_path / "hub.db"

    def hub(self) -> Controller:
        return Controller(FolderProvider(self.folder), SqliteStore(self.file))

    async def keep(self, files: dict[str, str]) -> None:
        """Submitted files in force, as an earlier hub kept them."""
        async with self.hub() as controller:
            assert await controller.hub.store.put(Put(*APPLIED, files, 0)) is not None


def proposals(controller: Controller) -> Proposals:
    found = controller.hub.proposals
    assert found is not None
    return found


async def put(controller: Controller, level: str, text: str | None, name: str = "mine.atamo") -> str:
    """Have a file of a level in force; gives the id of the proposal."""
    made = await proposals(controller).submit(level, {name: text}, "ann", "acme")
    assert made.state == "open", made.report
    await proposals(controller).approve(made.id, "ann", made.base)
    return made.id


def tick(id: str, n: int = 7) -> Event:
    return Event(id, "tick", {"n": n, "word": "w"}, NOON, User("ann", frozenset({"ops"}), "acme"))


async def acts(controller: Controller, id: str) -> list[str]:
    """Which of the submitted rules act on an event."""
    hub = controller.hub
    value = {"type": "tick", "id": id, "data": {"n": 7, "word": "w"}, "user": "ann"}
    await hub.submit_json(value)
    key = await hub.store.find(id)
    assert key is not None
    await hub.wait(key, 60)
    told = await hub.store.told(key)
    assert told is not None
    return [one for one in told["matched"] if one.endswith("mine")]


def test_what_was_kept_before_goes_on_until_it_is_submitted_again(tmp_path: Path) -> None:
    place = Place(tmp_path)

    async def story() -> None:
        await place.keep(OLD)
        async with place.hub() as controller:
            assert names(controller) == ["base", "mine", "told"], "under its name of before"
            assert await acts(controller, "one") == ["mine"]
        async with place.hub() as controller:
            assert await acts(controller, "two") == [], "held back by what an earlier process counted"
            made = await proposals(controller).submit("user ann", {"mine.atamo": ONCE + "\n"}, "ann", "acme")
            assert made.report["rules"] == {
                "added": ["acme/mine"],
                "removed": ["mine"],
                "changed": {},
                "acts": {},
            }
            assert set(made.files) == {"submitted/@acme/user-ann/mine.atamo", *OLD}
            await proposals(controller).approve(made.id, "ann", made.base)
            assert names(controller) == ["base", "acme/mine", "told"]
        async with place.hub() as controller:
            assert names(controller) == ["base", "acme/mine", "told"]
            await proposals(controller).roll_back(made.id, "ann")
            assert names(controller) == ["base", "mine", "told"], "as it was before"
            await put(controller, "user ann", None)
            assert names(controller) == ["base", "told"], "taking it away takes the one of before away"

    asyncio.run(story())


def test_files_of_a_level_that_use_each_others_names_move_together(tmp_path: Path) -> None:
    place = Place(tmp_path)
    declared, _, rule = ONCE.partition("\n\n")

    async def story() -> None:
        await place.keep({"submitted/user-ann/lists.atamo": declared, **dict.fromkeys(OLD, rule)})
        async with place.hub() as controller:
            await put(controller, "user ann", declared.replace("7, 8", "7"), "lists.atamo")
            assert names(controller) == ["base", "acme/mine", "told"]
            kept = await controller.hub.store.get(*APPLIED)
            assert kept is not None
            home = "submitted/@acme/user-ann"
            assert kept.value == {
                f"{home}/lists.atamo": declared.replace("7, 8", "7"),
                f"{home}/mine.atamo": rule,
            }

    asyncio.run(story())


def test_a_proposal_of_before_is_submitted_anew(tmp_path: Path) -> None:
    """It would put names of everybody's in force beside those of its organisation."""
    place = Place(tmp_path)

    async def story() -> None:
        async with place.hub() as controller:
            made = await proposals(controller).submit("user ann", {"mine.atamo": ONCE}, "ann", "acme")
            entry = await controller.hub.store.get("proposals", made.id)
            assert entry is not None
            value: Any = {**made.document(), "files": OLD, "before": dict.fromkeys(OLD)}
            await controller.hub.store.put(Put("proposals", made.id, value, entry.revision))
            with pytest.raises(Refused, match="submit it anew") as refused:
                await proposals(controller).approve(made.id, "ann", made.base)
            assert refused.value.code == "overtaken"

    asyncio.run(story())


def test_files_move_with_the_organisation_of_their_user(tmp_path: Path) -> None:
    place = Place(tmp_path)

    async def story() -> None:
        async with place.hub() as controller:
            await put(controller, "user ann", ONCE)
        moved = PEOPLE.replace("ann: { organisation: acme, groups: [ops] }", "ann: { organisation: birch }")
        write(place.folder, {"people.yaml": moved})
        async with place.hub() as controller:
            assert names(controller) == ["base", "acme/mine", "told"], "it holds as it was approved"
            await put(controller, "user ann", ONCE.replace("7, 8", "7"))
            assert names(controller) == ["base", "birch/mine", "told"]

    asyncio.run(story())


def test_a_ruleset_is_compiled_again_from_what_is_kept_of_it(tmp_path: Path) -> None:
    place = Place(tmp_path)

    async def story() -> None:
        async with place.hub() as controller:
            await put(controller, "user ann", ONCE)
            now = controller.hub.current
            assert now.script is not None
            again = compiled(unpacked(packed(now.script)))
            assert again is not None
            assert (again.digest, [one.id for one in again.rules]) == (now.digest, names(controller))
            await acts(controller, "one")
            await put(controller, "user ann", ONCE.replace("7, 8", "9"))
            before = now.digest
        async with place.hub() as controller:
            then = await controller.hub.rules_of(before)
            assert then is not None, "what decided the event can be told in the next process"
            assert "acme/mine" in [one.id for one in then.rules]

    asyncio.run(story())


def test_names_that_the_project_takes_later_change_nothing_that_was_submitted(tmp_path: Path) -> None:
    """Neither is the project's edit refused, nor does a submitted rule mean anything else; and the project's own rules
    go by its own list."""
    place = Place(tmp_path)
    later = RULES + (
        "\nlist large = 100, 200\n\ndefine many(t: tick): t.n in large\n\nrule mine\n  on tick\n"
        '  when many(event)\n  do\n    send desk.note\n      word: "all {{ word }}"\n'
    )

    async def story() -> None:
        async with place.hub() as controller:
            await put(controller, "user ann", ONCE)
            digest = next(one.digest for one in controller.hub.current.ruleset.rules if one.space)
            write(place.folder, {"rules.atamo": later})
            async with asyncio.timeout(20):
                while "mine" not in names(controller):
                    await asyncio.sleep(0.02)
            rules = {one.id: one for one in controller.hub.current.ruleset.rules}
            assert rules["acme/mine"].digest == digest
            matched = {n: controller.hub.current.decide(tick(f"e{n}", n)).matched for n in (7, 100)}
            assert matched == {7: ("acme/mine",), 100: ("mine",)}
            text = ONCE + '  test "own"\n    given tick { n: 7 } by ann of acme\n    expect rule mine\n'
            await put(controller, "user ann", text + "\nrule more\n" + ONCE.partition("rule mine\n")[2]
                      .replace("n in large", "many(event)").replace("mine {{", "more {{"))  # fmt: skip
            decided = controller.hub.current.decide(tick("e100", 100)).matched
            assert set(decided) == {"mine", "acme/more"}, (
                "a definition means what it does where it is written"
            )

    asyncio.run(story())


MORE = """
  - { to: user opal, role: admin, over: organisation acme }
  - { to: user root, role: admin, over: everything }
"""


@pytest.fixture
def hub(serve: Callable[..., Serving], tmp_path: Path) -> Hub:  # noqa: F811
    people = PEOPLE.replace("  vic: {", "  opal: { organisation: acme }\n  root: {}\n  vic: {")
    write(tmp_path / "p0", {"people.yaml": people.rstrip() + MORE})
    return Hub(serve(RULES))


def applied(hub: Hub, who: str, level: str, by: str, **files: str | None) -> dict[str, Any]:
    made = hub.submit(who, level, **files).json()
    assert made["state"] == "open", made["report"]
    done = hub.ask(by, "POST", f"/v1/proposals/{made['id']}/approve", {})
    assert done.status_code == 200, done.text
    found: dict[str, Any] = done.json()
    return found


def test_colleagues_share_names_and_are_told_of_a_clash(hub: Hub) -> None:
    applied(hub, "ann", "user ann", "ann", mine=ONCE)
    clash = hub.submit("amy", "organisation acme", team=TEAM).json()
    assert clash["state"] == "refused"
    said = [(one["code"], one["message"], one["place"]) for one in clash["report"]["findings"]]
    place = "submitted/@acme/organisation-acme/team.atamo"
    assert said == [
        ("E0207", "the list `large` is declared twice", f"{place}:2:6"),
        ("E0207", "the rule `mine` is declared twice", f"{place}:4:6"),
    ]
    uses = TEAM.partition("\n\n")[2].replace("rule mine", "rule team")
    assert (
        hub.submit("amy", "organisation acme", team=uses).json()["report"]["findings"][0]["code"] == "E0201"
    )


def test_a_list_of_a_tenant_is_nothing_to_the_rules_of_others(hub: Hub) -> None:
    """Such names as could stand in what others have written: a value of a field, a function."""
    before = {one.id: one.digest for one in hub.serving.controller.hub.current.ruleset.rules}
    words = 'list word = "x", "y"\n\ndefine lower(t: tick): t.n > 5\n'
    applied(hub, "ann", "organisation acme", "amy", team=words + TEAM.replace("n in large", "lower(event)"))
    after = {one.id: one.digest for one in hub.serving.controller.hub.current.ruleset.rules}
    assert {id: after[id] for id in before} == before
    birch = 'rule b\n  owner "organisation birch"\n  on tick\n  when lower(word) is "x"\n  stop\n'
    assert hub.submit("bob", "organisation birch", b=birch).json()["state"] == "open"


def test_a_rule_is_asked_for_by_the_name_that_was_written_or_by_its_id(hub: Hub) -> None:
    applied(hub, "ann", "user ann", "ann", mine=ONCE)
    for who, known in (("ann", ["mine", "acme/mine"]), ("vic", ["mine", "acme/mine"]), ("bob", [])):
        for name in ("mine", "acme/mine", "none"):
            answer = hub.ask(who, "GET", f"/v1/rules/{name}")
            assert answer.status_code == (200 if name in known else 404), (who, name)
            assert name not in known or answer.json()["id"] == "acme/mine"


def test_nobody_changes_by_a_name_what_rules_of_others_mean(tmp_path: Path) -> None:
    """Neither those of their organisation, which took somebody else to approve, nor those of all, where names are the
    hub's. What an organisation declares the rules of its people may rest on."""
    place = Place(tmp_path)
    inside = 'in_network(word, "10.0.0.0/8")'
    write(place.folder, {"rules.atamo": RULES.replace("n > 100", inside)})
    define = 'define in_network(ip: text, network: text): ip is "10.0.0.1"\n\n'
    team = TEAM.replace("rule mine", "rule team").replace("n in large", f"{inside} and n in large")

    async def refused(controller: Controller, level: str) -> None:
        files = {"mine.atamo": define + MINE.replace("user ann", level).replace("n > 5", inside)}
        made = await proposals(controller).submit(level, files, "ann", "acme")
        said = "names that these files declare mean something to rules of others: choose other names"
        assert (made.state, made.report["findings"], made.report["refused"]) == ("refused", [], [said])
        state, _, wrong = await proposals(controller).trials.of(level_of(level), files)
        assert wrong == [said]
        assert state is not None
        await let_go(state)

    async def story() -> None:
        async with place.hub() as controller:
            await refused(controller, "user zoe")  # of no organisation: `base` would go by it
            mine = define + MINE.replace("n > 5", inside)
            first = await put(controller, "user ann", mine)
            await proposals(controller).roll_back(first, "ann")
            await put(controller, "organisation acme", team, "team.atamo")
            await refused(controller, "user ann")  # `team` would
            await put(controller, "user ann", MINE.replace("n > 5", "n in large"))
            before = {one.id: one.digest for one in controller.hub.current.ruleset.rules}
            await put(controller, "organisation acme", define + team.replace("7, 8", "9"), "team.atamo")
            after = {one.id: one.digest for one in controller.hub.current.ruleset.rules}
            assert {id for id in after if before[id] != after[id]} == {"acme/mine", "acme/team"}

    asyncio.run(story())


def test_an_edit_of_the_project_that_is_not_in_force_is_nobodys_reach(tmp_path: Path) -> None:
    place = Place(tmp_path)

    async def story() -> None:
        controller = Controller(FolderProvider(place.folder, watch=False), SqliteStore(place.file))
        async with controller:
            write(place.folder, {"rules.atamo": RULES.replace("n > 100", "n > 200")})
            await put(controller, "user ann", MINE)
            assert names(controller) == ["base", "acme/mine", "told"]

    asyncio.run(story())
