"""Every step is told once: a model predicts the records of a random workload, and the audit has those and no others."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.hub.agents.breaker import BreakerPolicy
from atamo_rules.hub.agents.retry import RetryPolicy
from atamo_rules.hub.audit.levels import keeps
from atamo_rules.hub.hub import Hub
from atamo_rules.model.audit import AuditRecord, Level
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Outcome
from atamo_rules.model.people import Directory, User
from atamo_rules.testing.agents import ScriptedAgent
from tests.audit import model
from tests.audit.model import ATTEMPTS, Fact
from tests.hub.stage import Heard, state

PEOPLE = Directory({"ann": User("ann", frozenset({"staff"}))})


class Modelled(ScriptedAgent):
    """An agent that answers as the model says."""

    def __init__(self, name: str) -> None:
        super().__init__(concurrency=8)
        self.tries: Counter[str] = Counter()

        def answer(action: Action) -> Outcome:
            self.tries[action.id] += 1
            return model.outcome(name, action, self.tries[action.id])

        self.script = [answer]


async def run(
    rules: Sequence[model.Ruled], messages: Sequence[model.Sent], level: Level = "full"
) -> list[AuditRecord]:
    """What a hub tells of the workload; what was sent before is sent again once it is over."""
    heard = Heard()
    agents = {name: Modelled(name) for name in model.AGENTS}
    generation = state(model.text(list(rules)), agents, PEOPLE)
    for bound in generation.agents.values():
        bound.breaker = BreakerPolicy(failures=0)
    hub = Hub(generation, MemoryStore(most=10**6), [heard])
    hub.policy = RetryPolicy(attempts=ATTEMPTS, base=0.0)
    hub.store.level = level
    for one in messages:
        data = {**one.values, "a": "x"} if one.broken else one.values
        message = {"type": f"kind{one.type}", "id": one.id, "data": data}
        await hub.submit_json({**message, "user": "ann"} if one.staff else message)
    assert await hub.drain(120) == 0
    return heard.records


def facts(records: Sequence[AuditRecord]) -> Counter[Fact]:
    """The records as the model names them: events that follow by what emitted them, actions by rule and place."""
    names: dict[str, str] = {}
    places: dict[str, str] = {}
    count: Counter[tuple[str, str]] = Counter()
    for record in records:
        what = record.what
        if record.kind == "action.created":
            event = names.get(record.event, record.event)
            rule = str(what["rule"])
            place = f"{rule}/{count[event, rule]}"
            count[event, rule] += 1
            places[str(what["action"])] = place
            if what["verb"] == "emit":
                names[str(what["follows"])] = f"{event}>{place}"
                names[str(what["action"])] = f"{event}>{place}"
        elif record.kind == "event.accepted" and record.cause:
            names.setdefault(record.event, names.get(record.cause.removeprefix("action "), record.event))
    found: Counter[Fact] = Counter()
    for record in records:
        event, what = names.get(record.event, record.event), record.what
        fact: Fact = (event, record.kind)
        match record.kind:
            case "event.accepted":
                fact += (names.get(record.cause.removeprefix("action "), record.cause),)
            case "event.decided":
                fact += (",".join(map(str, what["matched"])), ",".join(map(str, what["shadow"])))  # type: ignore[arg-type]
            case "event.unrouted":
                fact += (what["considered"],)  # type: ignore[assignment]
            case "rule.evaluated":
                fact += (what["rule"], what["outcome"], what["shadow"])  # type: ignore[assignment]
            case "rule.resumed":
                fact += (what["rule"], what["answered"])  # type: ignore[assignment]
            case "action.created":
                fact += (places[str(what["action"])], what["target"])  # type: ignore[assignment]
            case kind if kind.startswith("action."):
                fact += (places[str(what["action"])], what["attempt"])  # type: ignore[assignment]
        found[fact] += 1
    return found


def check(seed: int, count: int) -> int:
    by = random.Random(seed)
    rules = model.rules(by)
    messages = list(model.workload(count, by))
    records = asyncio.run(run(rules, messages))
    told, wanted = facts(records), model.expected(rules, messages)
    assert (wanted - told, told - wanted) == (Counter(), Counter()), "missing, extra"
    assert [record.position for record in records] == list(range(1, len(records) + 1))
    causes_come_first(records)
    return len(records)


def causes_come_first(records: Sequence[AuditRecord]) -> None:
    """What led to a record was told before it; and every record that rules had a part in names their digest."""
    told = {""}
    for record in records:
        assert record.cause in told, (record.cause, record)
        if record.kind.startswith(("action.", "rule.", "reply.")) or record.kind == "event.decided":
            assert len(record.rules) == 64
        what = record.what
        match record.kind:
            case "event.accepted":
                told.add(f"event {record.event}")
            case "rule.evaluated":
                told.add(f"rule {what['rule']}")
            case "action.created":
                told.add(f"action {what['action']}")
            case "action.started":
                told.add(f"attempt {what['action']}/{what['attempt']}")


@pytest.mark.parametrize("seed", range(12))
def test_a_model_predicts_every_record(seed: int) -> None:
    assert check(seed, 100) > 100


@pytest.mark.parametrize("level", ["minimal", "decisions"])
def test_a_lower_level_keeps_exactly_its_kinds(level: Level) -> None:
    by = random.Random(5)
    rules = model.rules(by)
    messages = list(model.workload(60, by))
    whole = Counter(record.kind for record in asyncio.run(run(rules, messages)))
    records = asyncio.run(run(rules, messages, level))
    assert Counter(record.kind for record in records) == {
        kind: count for kind, count in whole.items() if keeps(level, kind)
    }
    assert [record.position for record in records] == list(range(1, len(records) + 1))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_model_predicts_every_record_of_ten_thousand_messages() -> None:
    assert sum(check(seed, 1000) for seed in range(100, 110)) > 20_000


def test_a_record_that_is_missing_or_doubled_would_be_found() -> None:
    by = random.Random(1)
    rules = model.rules(by)
    messages = list(model.workload(30, by))
    records = asyncio.run(run(rules, messages))
    wanted = model.expected(rules, messages)
    started = next(record for record in records if record.kind == "action.started")
    assert facts([one for one in records if one is not started]) != wanted
    assert facts([*records, started]) != wanted
