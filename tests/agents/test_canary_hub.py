"""Canaries in a real hub whose agents are those that come with Atamo: found nowhere but where they were sent."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest

from atamo_rules.builtin.agents.masking import MASK
from atamo_rules.testing.llm import Calls, Fails, Model, Prompted, Says, model
from tests.agents.servers import Asked, Said, Web, web
from tests.cli.dispatcher import Dispatcher
from tests.places import write
from tests.vault.test_canary import ask, everything, forms, written

MODES = {"answer": 200, "refuse": 400, "deny": 401, "busy": 429, "break": 500, "odd": 200}
AGENTS = ("rest", "room", "clerk")
RULES = """
event tick
  mode: text

request look
  mode: text
  answer
    said: text

agent rest
  uses http
    url: "DESK/desk"
    private: true
    actions:
      call: { path: "/{{ mode }}", headers: { "X-Mode": "{{ mode }}" } }
      look: { method: GET, path: "/{{ mode }}" }
    retry: { attempts: 2, base: 0 }
    breaker: { failures: 0 }
  send call
    mode: text
  ask look
    mode: text
    answer
      status: whole
      text: text

agent room
  uses chat
    service: discord
    url: "DESK"
    private: true
    retry: { attempts: 2, base: 0 }
    breaker: { failures: 0 }
  send say
    text: text

agent clerk
  uses llm
    api: anthropic
    url: "MODEL"
    private: true
    model: "m"
    prompt: "Do it. {{ mode }}"
    retry: { attempts: 2, base: 0 }
    breaker: { failures: 0 }
  send tell
    mode: text
  ask judge
    mode: text
    answer
      text: text

rule all
  on tick
  do
    send rest.call
      mode: mode
    send room.say
      text: mode
    send clerk.tell
      mode: mode

rule judged
  on request look
  do
    ask clerk.judge within 20 seconds as found
      mode: mode
    reply
      said: found.text

rule looked
  on request look
  do
    ask rest.look within 20 seconds as found
      mode: mode
    reply
      said: found.text
"""


def desk(asked: Asked) -> Said:
    """A REST service and a chat service that tell whatever they were sent, in every form."""
    secret = asked.headers.get("authorization", "").removeprefix("Bearer ")
    secret = secret or asked.path.partition("?")[0].rpartition("/")[2]
    mode = next((mode for mode in MODES if mode in f"{asked.path} {asked.body!r}"), "answer")
    said = " ".join(written(secret))
    head = {"Retry-After": "0.01", "Location": f"/{secret}", "X-Said": secret}
    return (
        MODES[mode],
        head,
        said.encode() if mode == "odd" else f'{{"id": "{said}", "message": "{said}"}}'.encode(),
    )


def clerk(prompted: Prompted) -> Says | Calls | Fails:
    """A model that does the same."""
    secret = prompted.headers["x-api-key"]
    text = prompted.turns[0][1]
    mode = next((mode for mode in MODES if f'"{mode}"' in text), "answer")
    if mode == "odd":
        return Calls(secret[:30], {"key": secret})
    if MODES[mode] >= 400:
        return Fails(MODES[mode], secret, 0.01)
    said = " ".join(written(secret))
    return Says(f'{{"text": "{said}"}}' if "JSON Schema" in prompted.system else said)


@pytest.fixture
def world() -> Iterator[tuple[Web, Model]]:
    with ExitStack() as stack:
        served, asked = stack.enter_context(web()), stack.enter_context(model(clerk))
        served.says = desk
        yield served, asked


def keep(hub: Any, agent: str, user: str, value: str, kind: str) -> str:
    """Put what a user has for an agent into the vault."""
    order = {"agent": agent, "who": f"user {user}", "hosts": ["127.0.0.1"], "consent": ["project"]}
    made = hub.post("/v1/secrets", json={**order, "kind": kind, "value": value})
    assert made.status_code == 201, made.text
    return str(made.text)


@pytest.mark.slow
def test_no_credential_is_anywhere_but_where_it_was_sent(tmp_path: Path, world: tuple[Web, Model]) -> None:
    served, asked = world
    users = {f"u{number}": mode for number, mode in enumerate(MODES)}
    canaries = {(user, agent): token_urlsafe(47) for user in users for agent in AGENTS}
    rules = RULES.replace("DESK", served.url).replace("MODEL", asked.url)
    folder = write(tmp_path / "desk", {"rules/a.atamo": rules})
    key = tmp_path / "vault.key"
    said = [ask("secret", "keygen", str(key))]
    with Dispatcher(str(folder), "--port", "0", "--vault", f"file:{key}") as hub, hub.web as page:
        for (user, agent), token in canaries.items():
            value = f"{served.url}/api/webhooks/1/{token}" if agent == "room" else token
            said.append(keep(page, agent, user, value, "text" if agent == "room" else "bearer"))
        for user, mode in users.items():
            event = {"type": "tick", "id": f"e-{user}", "user": user, "data": {"mode": mode}}
            assert page.post("/v1/events", json=event).status_code == 202
            look = {"type": "look", "id": f"r-{user}", "user": user, "data": {"mode": mode}}
            said.append(page.post("/v1/requests", json=look, headers={"prefer": "wait=20"}).text)

        def over() -> bool:
            told = [page.get(f"/v1/events/e-{user}").json() for user in users]
            return all(line["state"] in ("done", "failed") for one in told for line in one["actions"])

        hub.until(over, 60)
        sent = [str(one.headers) + one.path for one in served.asked] + [
            str(one.headers) for one in asked.asked
        ]
        for token in canaries.values():
            assert any(token in one for one in sent), "each was sent where it belongs"
        paths = ["/v1/secrets", "/v1/consents", "/v1/audit?limit=1000", "/v1/dead?limit=1000", "/v1/status",
                 "/metrics", "/v1/decided", "/v1/rules", "/v1/types", "/v1/keys", "/v1/holds"]  # fmt: skip
        for id in [f"{kind}-{user}" for user in users for kind in "er"]:
            paths += [f"/v1/events/{id}{more}" for more in ("", "/trace", "/telemetry", "/why?rule=all")]
        letters = page.get("/v1/dead?limit=1000").json()["letters"]
        assert {letter["agent"] for letter in letters} == set(AGENTS)
        paths += [f"/v1/dead/{letter['number']}" for letter in letters]
        said += [page.get(path).text for path in paths]
        process = Path(f"/proc/{hub.process.pid}")
        for name in ("environ", "cmdline"):
            if (process / name).exists():
                said.append((process / name).read_bytes().decode("utf-8", "replace"))
        live = everything(folder)
        assert hub.end(signal.SIGTERM) == 0
    places = {f"said {number}": text.encode() for number, text in enumerate([*said, *hub.out, *hub.err])}
    places |= live | everything(folder)
    assert any(name.endswith("hub.db-wal") for name in live)
    everywhere = b"".join(places.values()).decode("utf-8", "replace")
    assert MASK in everywhere, "something was taken out"
    found = [
        (user, agent, place) for (user, agent), token in canaries.items() for form in forms(token)
        for place, content in places.items() if form.encode() in content
    ]  # fmt: skip
    assert found == []
