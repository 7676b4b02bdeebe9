"""Agents and types of actions over HTTP: as declared, without secrets, and true of how they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Done, Failed, Outcome
from atamo_rules.rest.agents import shown
from tests.rest.conftest import Serving

Serve = Callable[..., Serving]
RULES = """
event tick
  n: whole

action ticket.open "Somebody asks for help"
  subject: text

agent desk "Where tickets go"
  uses log
    retry: { attempts: 1 }
    breaker: { failures: 1, pause: 3600, cap: 3600 }
  send note
    word: text

agent help
  does ticket.open

rule noted
  on tick
  do
    send desk.note
      word: "{{ n }}"
"""


class Failing:
    """Fails in a way that may pass, when it is asked to."""

    settings_schema: ClassVar[dict[str, Any]] = {}
    timeout = 7.0
    concurrency = 3

    async def perform(self, action: Action, reply: Any) -> Outcome:
        return Failed("no", "refused") if action.body == {"word": "0"} else Done()

    async def close(self) -> None: ...


def test_agents_are_listed_with_how_they_stand_and_what_they_did(serve: Serve) -> None:
    serving = serve(RULES, help=Failing())
    assert [one["name"] for one in serving.web.get("/v1/agents").json()["agents"]] == ["desk", "help"]
    before = serving.web.get("/v1/agents/desk").json()
    assert (before["plugin"], before["about"], before["does"]) == ("log", "Where tickets go", ["note"])
    assert (before["held"], before["breaker"]["state"], before["counts"]) == (False, "closed", {})
    serving.post({"type": "tick", "id": "1", "data": {"n": 1}})
    serving.over("1")
    serving.web.put("/v1/holds/agent/desk", params={"why": "it rains"})
    after = serving.web.get("/v1/agents/desk").json()
    assert after["counts"] == {"started": 1, "done": 1}
    assert (after["held"], after["hold"]["why"]) == (True, "it rains")
    theirs = serving.web.get("/v1/agents/help").json()
    assert (theirs["concurrency"], theirs["timeout"], theirs["settings"]) == (3, 7.0, {})
    missing = serving.web.get("/v1/agents/dsk")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown-agent")
    assert missing.json()["remedy"] == "did you mean `desk`?"


def test_a_breaker_that_is_open_says_for_how_long(serve: Serve) -> None:
    serving = serve(RULES)
    hub = serving.controller.hub

    async def fails() -> None:
        hub.lane("desk").breaker.failure(hub.clock.passed())

    hub.lane("desk").room()  # the lane takes the policy of the rules when it is first asked
    serving.run(fails())
    told = serving.web.get("/v1/agents/desk").json()["breaker"]
    assert (told["state"], told["policy"]["failures"]) == ("open", 1)
    assert 3000 < told["seconds"] <= 3600


def test_an_agent_at_its_rate_says_when_the_next_call_may_be_made(serve: Serve) -> None:
    slow = RULES.replace("retry: { attempts: 1 }", 'limits: { at_once: 2, rate: "1 per hour", burst: 3 }')
    serving = serve(slow)
    told = serving.web.get("/v1/agents/desk").json()
    assert (told["concurrency"], told["limits"]["rate"], told["limits"]["burst"]) == (2, "1 per hour", 3)
    assert (told["limits"]["tokens"], told["limits"]["seconds"]) == (1, 0)
    assert serving.web.get("/v1/agents/help").json()["limits"] == {"rate": None}
    assert serving.web.get("/v1/status").json()["limited"] == []
    for n in range(3):
        serving.post({"type": "tick", "id": str(n), "data": {"n": n}})
    serving.over("0")
    told = serving.web.get("/v1/agents/desk").json()
    assert (told["counts"]["done"], told["limits"]["tokens"]) == (1, 0)
    assert 3500 < told["limits"]["seconds"] <= 3600
    (limited,) = serving.web.get("/v1/status").json()["limited"]
    assert (limited["agent"], limited["rate"]) == ("desk", "1 per hour")


def test_types_of_actions_say_who_does_them_and_what_they_take(serve: Serve) -> None:
    web = serve(RULES).web
    listed = {one["name"]: one for one in web.get("/v1/action-types").json()["action_types"]}
    assert set(listed) == {"desk.note", "ticket.open"}
    assert listed["ticket.open"]["agents"] == ["help"]
    assert listed["ticket.open"]["about"] == "Somebody asks for help"
    one = web.get("/v1/action-types/desk.note").json()
    assert one == listed["desk.note"]
    assert (one["verb"], list(one["schema"]["properties"])) == ("send", ["word"])
    assert web.get("/v1/action-types/desk.notes").json()["code"] == "unknown-action-type"


def test_settings_are_shown_without_what_looks_like_a_secret() -> None:
    given = {
        "url": "https://a.example",
        "api_key": "12345678",
        "headers": {"authorization": "x", "accept": "text/plain"},
        "places": ["https://user:pass@b.example", "ghp_" + "a" * 30],
        "retry": {"attempts": 3},
    }
    assert shown(given) == {
        "url": "https://a.example",
        "api_key": "[secret]",
        "headers": {"authorization": "[secret]", "accept": "text/plain"},
        "places": ["[secret]", "[secret]"],
        "retry": {"attempts": 3},
    }
