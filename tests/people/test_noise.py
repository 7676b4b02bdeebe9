"""What one organisation does moves nothing that another is told: no cursor, position, number, tag, digest or id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from atamo_rules.rest.access import Access
from atamo_rules.rest.app import entries
from atamo_rules.rest.openapi import plain
from tests.people.test_tenancy import OURS, Two, made, two  # noqa: F401
from tests.rest.conftest import serve  # noqa: F401

MORE = ("", "?limit=1", "?limit=1000")
QUERIES = {"why": ("?rule=give_up", "?rule=give_up&now=true"), "follow": ("",), "telemetry": ("", "?limit=1")}


def questions(two: Two) -> Iterator[str]:  # noqa: F811
    """Every address that can be looked at, with the names of birch's own things."""
    for entry in entries(lambda: two.hub, Access(lambda: two.hub)):
        path = plain(entry.path)
        if entry.method != "GET":
            continue
        if f"GET {path}" in OURS:
            path = path.replace("{kind}", "users").replace("{name}", "desk")
        thing = next((one for one in two.things if path == one or path.startswith(f"{one}/")), None)
        addresses = [there for there, _ in two.things[thing]] if thing is not None else [path]
        rest = path.removeprefix(thing) if thing is not None else ""
        for address in addresses:
            for more in QUERIES.get(rest.strip("/"), MORE):
                yield address + rest + more


def told(two: Two, name: str, address: str) -> tuple[int, dict[str, str], str]:  # noqa: F811
    """An answer, byte for byte, and its headers."""
    answer = two.door.ask(name, "GET", address)
    heads = {name: value for name, value in answer.headers.items() if name != "date"}
    text = re.sub(r'("used":)"[^"]*"', r"\1…", answer.text)  # a key's last use: one's own
    return answer.status_code, heads, text


def rules(organisation: str, name: str) -> dict[str, object]:
    """A proposal of one more rule of an organisation's."""
    level = f"organisation {organisation}"
    text = (
        f'pack {organisation}\n  owner "{level}"\n\nrule {name}\n  on tick\n  when word is "never"\n  stop\n'
    )
    return {"level": level, "files": {f"{name}.atamo": text}}


def proposed(two: Two, name: str, order: dict[str, object]) -> dict[str, Any]:  # noqa: F811
    """What somebody proposes, found to be right."""
    proposal: dict[str, Any] = made(two.door.ask(name, "POST", "/v1/proposals", json=order))
    assert proposal["state"] == "open", proposal["report"]
    return proposal


def approved(two: Two, proposal: dict[str, Any]) -> None:  # noqa: F811
    """Put in force by the hub's own people, whatever holds by now."""
    order = {"base": two.hub.current.digest}
    found = made(two.door.ask("root", "POST", f"/v1/proposals/{proposal['id']}/approve", json=order))
    assert found["state"] == "applied"


def noise(two: Two) -> None:  # noqa: F811
    """Everything that somebody of acme can do."""
    door = two.door
    for number in range(3):
        sent = made(door.ask("ann", "POST", "/v1/events", json={"type": "tick", "data": {"word": "w"}}))
        door.serving.run(two.hub.wait(f"@acme/ann##{sent['id']}", 60))
        made(door.ask("eve", "POST", "/v1/requests?type=ask", json={"word": str(number)}))
        approved(two, proposed(two, "ann", rules("acme", f"acmes{number}")))
    letters = made(door.ask("ann", "GET", "/v1/dead"))["letters"]
    assert (
        made(door.ask("ann", "POST", "/v1/dead/discard", json={"number": letters[0]["number"]}))["discarded"]
        == 1
    )
    assert made(door.ask("ann", "POST", "/v1/dead/redrive", json={"which": {}, "upto": letters[1]["number"]}))
    made(door.ask("ann", "PUT", "/v1/people/users/zoe", json={"organisation": "acme"}))
    made(door.ask("ann", "POST", "/v1/keys", json={"holder": "eve"}))
    made(door.ask("ann", "POST", "/v1/secrets", json={"agent": "desk", "value": "x", "hosts": ["b.example"]}))
    made(door.ask("ann", "PUT", "/v1/holds/organisation/acme"))


def test_nothing_that_is_told_moves_with_what_another_organisation_does(two: Two) -> None:  # noqa: F811
    addresses = list(questions(two))
    before = {address: told(two, "bob", address) for address in addresses}
    digest = two.hub.current.digest
    noise(two)
    assert two.hub.current.digest != digest, "else the digests prove nothing"
    moved = {
        address: (before[address], now)
        for address in addresses
        if (now := told(two, "bob", address)) != before[address]
    }
    assert not moved, "\n".join(f"{address}\n  {was}\n  {now}" for address, (was, now) in moved.items())
    assert sum(status == 200 for status, _, _ in before.values()) > 40
    watched = made(two.door.ask("bob", "GET", "/v1/audit"))["records"]
    assert {one["what"]["letter"] for one in watched if "letter" in one["what"]} <= {letter_of(two, "bob")}


def letter_of(two: Two, name: str) -> int:  # noqa: F811
    """The number of the one dead letter that somebody sees."""
    (letter,) = made(two.door.ask(name, "GET", "/v1/dead"))["letters"]
    return int(letter["number"])


def test_the_hubs_own_people_are_told_the_numbers_that_it_counts_by(two: Two) -> None:  # noqa: F811
    found = made(two.door.ask("root", "GET", "/v1/audit"))["records"]
    assert [one["position"] for one in found] == [*range(1, len(found) + 1)]
    assert {one["number"] for one in made(two.door.ask("root", "GET", "/v1/dead"))["letters"]} == {1}
    assert made(two.door.ask("root", "GET", "/v1/rules"))["digest"] == two.hub.current.digest


def test_a_cursor_goes_on_where_it_ended_and_a_made_up_one_is_told_to_be_none(two: Two) -> None:  # noqa: F811
    whole = made(two.door.ask("bob", "GET", "/v1/audit"))
    cursor, seen = 0, []
    while True:
        page = made(two.door.ask("bob", "GET", f"/v1/audit?after={cursor}&limit=2"))
        seen += page["records"]
        cursor = page["cursor"]
        if page["end"]:
            break
    assert seen == whole["records"]
    assert cursor == whole["cursor"] == seen[-1]["position"]
    assert len({one["position"] for one in seen}) == len(seen) > 5
    for path in ("/v1/audit", "/v1/dead", "/v1/decided"):
        answer = two.door.ask("bob", "GET", f"{path}?after=7")
        assert (answer.status_code, answer.json()["code"]) == (400, "parameter"), path
    event = next(one["event"] for one in seen if one["kind"] == "event.finished").replace("#", "%23")
    followed = two.door.ask("bob", "GET", f"/v1/events/{event}/follow")
    ids = [int(one) for one in re.findall(r"^id: (\d+)$", followed.text, re.MULTILINE)]
    rest = two.door.ask("bob", "GET", f"/v1/events/{event}/follow", headers={"last-event-id": str(ids[1])})
    assert [int(one) for one in re.findall(r"^id: (\d+)$", rest.text, re.MULTILINE)] == ids[2:]


def test_a_proposal_does_not_grow_stale_by_what_another_organisation_puts_in_force(two: Two) -> None:  # noqa: F811
    """One of the level of a user, which that user approves alone."""
    text = 'pack own\n  owner "user bob"\n\nrule own\n  on tick\n  do\n    send desk.send\n      word: word\n'
    proposal = proposed(two, "bob", {"level": "user bob", "files": {"own.atamo": text}})
    noise(two)
    path = f"/v1/proposals/{proposal['id']}/approve"
    assert made(two.door.ask("bob", "POST", path, json={"base": proposal["base"]}))["state"] == "applied"


def test_what_ones_own_organisation_or_the_hub_puts_in_force_makes_it_stale(two: Two) -> None:  # noqa: F811
    proposal = proposed(two, "bob", rules("birch", "one"))
    before = made(two.door.ask("bob", "GET", "/v1/rules"))["digest"]
    approved(two, proposed(two, "bob", rules("birch", "two")))
    after = made(two.door.ask("bob", "GET", "/v1/rules"))["digest"]
    assert after not in (before, two.hub.current.digest)
    answer = two.door.ask("root", "POST", f"/v1/proposals/{proposal['id']}/approve")
    assert (answer.status_code, answer.json()["code"]) == (409, "stale")


def test_a_proposal_is_tried_on_ones_own_events_however_much_others_did_since(two: Two) -> None:  # noqa: F811
    def tried_on() -> object:
        return proposed(two, "bob", rules("birch", "again"))["report"]["impact"]["events"]

    found = tried_on()
    batch = [{"type": "tick", "data": {"word": "w"}} for _ in range(250)]
    made(two.door.ask("ann", "POST", "/v1/events", json=batch))
    assert tried_on() == found
