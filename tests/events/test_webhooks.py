"""Webhooks over HTTP: genuine posts become events once, everything else is refused, and the audit says who came."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import pytest

from atamo_rules.hub.people.keyring import FAILURES
from tests.events.test_signatures import KEY, sign
from tests.rest.conftest import Serving, serve  # noqa: F401

RULES = """
event push
  ref: text
event charge.succeeded
  type: text
event app_mention
  event:
    text: text
event command
  command: text
event user.created
  name: text
event order.paid
  n: whole

agent desk
  uses file
    path: "out.log"
  send note
    line: text

rule pushed
  on push
  do
    send desk.note
      line: ref
"""
SOURCES = """
sources:
  github:
    uses: webhook
    path: /hooks/github
    scheme: github
    secrets: [{ env: ATAMO_TEST_HOOK }]
    user: robot
    others: ignore
  stripe: { uses: webhook, path: /hooks/stripe, scheme: stripe, secrets: [{ env: ATAMO_TEST_HOOK }] }
  slack: { uses: webhook, path: /hooks/team/slack, scheme: slack, secrets: [{ env: ATAMO_TEST_HOOK }] }
  standard:
    uses: webhook
    path: /hooks/standard
    scheme: standard
    secrets: [{ file: old.txt }, { file: new.txt }]
  shop:
    uses: webhook
    path: /hooks/shop
    scheme: hmac
    header: X-Shop
    secrets: [{ env: ATAMO_TEST_HOOK }]
    type: text paid
    named: order.
    id: [field number, header X-Id]
    data: field order
"""
PATHS = {"github": "/hooks/github", "stripe": "/hooks/stripe", "slack": "/hooks/team/slack",
         "standard": "/hooks/standard", "shop": "/hooks/shop"}  # fmt: skip
PUSH = b'{"ref": "refs/heads/main"}'


class Posting:
    """A hub with all sources, and senders that sign."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving

    def post(
        self, scheme: str, body: bytes, *, key: str = KEY, at: timedelta = timedelta(), **headers: str
    ) -> Any:
        if scheme == "shop":
            import hashlib
            import hmac

            signed = {"X-Shop": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}
        else:
            signed = sign(scheme, body, key, datetime.now(UTC) + at)
        given = {
            "content-type": "application/json",
            **signed,
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return self.serving.web.post(PATHS[scheme], content=body, headers=given)

    def over(self, key: str) -> dict[str, Any]:
        """What is told of an event, by its name in the hub, once nothing more follows from it."""
        self.serving.run(self.serving.controller.hub.wait(key, 60))
        told: dict[str, Any] = self.serving.web.get(f"/v1/events/{quote(key, safe='')}").json()
        return told

    def audit(self, kind: str) -> list[dict[str, Any]]:
        answer: httpx2.Response = self.serving.web.get("/v1/audit", params={"kind": kind})
        records: list[dict[str, Any]] = answer.json()["records"]
        return records


@pytest.fixture
def hub(serve: Callable[..., Serving], tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Posting:  # noqa: F811
    monkeypatch.setenv("ATAMO_TEST_HOOK", KEY)
    (tmp_path / "p0").mkdir()
    (tmp_path / "p0/old.txt").write_text(KEY)
    return Posting(serve(RULES, sources=SOURCES))


def test_a_delivery_of_github_is_an_event_once(hub: Posting) -> None:
    more = {"X_GitHub_Event": "push", "X_GitHub_Delivery": "d-1", "User_Agent": "GitHub-Hookshot/1"}
    first = hub.post("github", PUSH, **more)
    assert (first.status_code, first.json()) == (202, {"id": "d-1", "state": "accepted"})
    assert hub.post("github", PUSH, **more).json()["state"] == "duplicate"
    changed = hub.post("github", b'{"ref": "changed beside the point"}', **more)
    assert (changed.status_code, changed.json()["state"]) == (202, "duplicate")
    told = hub.over("/hooks/github#d-1")
    assert (told["type"], told["user"], told["matched"]) == ("push", "robot", ["pushed"])
    assert (hub.serving.folder / "out.log").read_text() == "refs/heads/main\n"
    (record,) = hub.audit("event.accepted")
    assert (record["what"]["via"], record["what"]["client"]) == ("github", "127.0.0.1 GitHub-Hookshot/1")
    assert [one["what"]["source"] for one in hub.audit("source.opened")] == list(PATHS)


def test_types_that_rules_do_not_declare(hub: Posting) -> None:
    ping = hub.post("github", b'{"zen": "x"}', X_GitHub_Event="ping", X_GitHub_Delivery="d-2")
    assert (ping.status_code, ping.json()) == (200, {"id": "d-2", "state": "ignored"})
    other = hub.post("stripe", b'{"id": "evt_1", "type": "charge.suceeded"}')
    assert (other.status_code, other.json()["code"]) == (404, "unknown-type")
    assert "charge.succeeded" in other.json()["reasons"][0]


def test_each_sender_is_understood(hub: Posting) -> None:
    assert hub.post("stripe", b'{"id": "evt_1", "type": "charge.succeeded"}').json()["id"] == "evt_1"
    mention = {"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention", "text": "hi"}}
    assert hub.post("slack", json.dumps(mention).encode()).json()["id"] == "Ev1"
    created = b'{"type": "user.created", "data": {"name": "ada"}}'
    assert hub.post("standard", created).json()["id"] == "msg_1"
    assert hub.post("shop", b'{"order": {"n": 1}}', X_Id="9").json() == {"id": "9", "state": "accepted"}
    told = hub.over("/hooks/shop#9")
    assert (told["type"], told["source"]) == ("order.paid", "/hooks/shop")


def test_forms_of_slack_and_github(hub: Posting) -> None:
    media = {"content_type": "application/x-www-form-urlencoded"}
    command = urlencode({"command": "/deploy", "trigger_id": "13.a"}).encode()
    assert hub.post("slack", command, **media).json() == {"id": "13.a", "state": "accepted"}
    payload = urlencode({"payload": PUSH.decode()}).encode()
    assert hub.post("github", payload, X_GitHub_Event="push", **media).status_code == 202
    twice = hub.post("slack", b"a=1&a=2", **media)
    assert (twice.status_code, twice.json()["code"]) == (400, "malformed")
    assert hub.post("slack", b"a=\xff", **media).status_code == 400


def test_slack_is_answered_when_it_asks_whether_anybody_is_there(hub: Posting) -> None:
    answer = hub.post("slack", b'{"type": "url_verification", "challenge": "3eZ"}')
    assert (answer.status_code, answer.json()) == (200, {"challenge": "3eZ"})
    assert hub.audit("event.accepted") == []


def test_without_an_id_the_same_post_is_the_same_event(hub: Posting) -> None:
    first, again = (hub.post("github", PUSH, X_GitHub_Event="push").json() for _ in range(2))
    assert (first["state"], again["state"]) == ("accepted", "duplicate")
    assert first["id"] == again["id"]


def test_a_forgery_is_refused_before_it_is_read_and_audited(hub: Posting) -> None:
    answer = hub.post("stripe", b"{not even JSON", key="whsec_b3RoZXI=")
    assert (answer.status_code, answer.json()["code"]) == (401, "signature")
    late = hub.post("stripe", b'{"id": "evt_1", "type": "charge.succeeded"}', at=timedelta(seconds=-900))
    assert late.status_code == 401
    assert "sent again" in late.json()["detail"]
    denied = hub.audit("access.denied")
    assert [(one["what"]["via"], one["what"]["address"]) for one in denied] == [("stripe", "127.0.0.1")] * 2
    assert hub.audit("event.accepted") == []
    assert KEY not in (hub.serving.folder / ".atamo/audit.jsonl").read_text()


def test_who_forges_again_and_again_is_asked_to_wait(hub: Posting) -> None:
    got = [hub.post("stripe", b"{}", key="whsec_b3RoZXI=").status_code for _ in range(FAILURES + 2)]
    assert got == [401] * FAILURES + [429] * 2
    assert hub.post("stripe", b'{"id": "evt_1", "type": "charge.succeeded"}').status_code == 202


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"[" * 5000, b'{"type": 7}']
)
def test_what_is_signed_and_cannot_be_read_is_a_400(hub: Posting, body: bytes) -> None:
    answer = hub.post("stripe", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    (record,) = hub.audit("event.refused")
    assert record["what"]["via"] == "stripe"


def test_a_body_too_large_or_packed_is_not_taken(hub: Posting) -> None:
    assert hub.post("github", b" " * ((1 << 20) + 1)).status_code == 413
    assert hub.post("github", PUSH, content_encoding="gzip").status_code == 415
    assert hub.serving.web.post("/hooks/nowhere", content=b"{}").status_code == 404
    assert hub.serving.web.get("/hooks/github").status_code == 405


def test_a_new_secret_counts_at_once_and_the_old_one_until_it_is_gone(hub: Posting) -> None:
    body, new = b'{"type": "user.created", "data": {"name": "ada"}}', "whsec_b3RoZXI="
    assert hub.post("standard", body, key=new).status_code == 401
    (hub.serving.folder / "new.txt").write_text(new)
    assert hub.post("standard", body, key=new).status_code == 202
    assert hub.post("standard", body).status_code == 202
    (hub.serving.folder / "old.txt").unlink()
    assert hub.post("standard", body).status_code == 401


def test_status_says_how_each_source_stands(hub: Posting) -> None:
    hub.post("stripe", b'{"id": "evt_1", "type": "charge.succeeded"}')
    hub.post("stripe", b"{}")
    told = {one["name"]: one for one in hub.serving.web.get("/v1/status").json()["sources"]}
    assert told["stripe"] == {"name": "stripe", "provider": "Webhook", "state": "open", "taken": 1, "duplicates": 0,
                              "refused": 1, "path": "/hooks/stripe"}  # fmt: skip
    assert told["github"]["user"] == "robot"
