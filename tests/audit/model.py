"""A workload drawn by chance, and a model that says which records it must leave: no more, no less.

The model shares nothing with the hub. It is told the rules and what agents will answer as plain data, and works out by
hand what is decided, tried and told.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome

ATTEMPTS = 3
"""Attempts of an action."""
HOPS = 16
FIELDS = ("a", "b", "c")

Fact = tuple[str | int | bool, ...]
"""What is compared of a record: its event, its kind, and what tells it from others of that kind."""


@dataclass(frozen=True)
class Step:
    """One thing a rule does: `send` or `ask` an agent, `emit` the next type of event, or `reply`."""

    verb: str
    agent: str = ""


@dataclass(frozen=True)
class Ruled:
    """A rule `when a > 3 and b > 5 …`, for everybody or for staff."""

    id: str
    type: int
    bounds: tuple[tuple[str, int], ...]
    steps: tuple[Step, ...]
    status: str = "live"
    staff: bool = False
    stop: bool = False
    order: int = 100

    def text(self) -> str:
        lines = [f"rule {self.id}", f"  on kind{self.type}"]
        lines += ["  for group staff"] if self.staff else []
        lines += [f"  status {self.status}"] if self.status != "live" else []
        lines += [f"  order {self.order}"]
        lines += [f"  when {' and '.join(f'{name} > {bound}' for name, bound in self.bounds)}"]
        lines += ["  do"] if self.steps else []
        for number, step in enumerate(self.steps):
            match step.verb:
                case "send":
                    lines += [f"    send {step.agent}.go", "      a: a"]
                case "ask":
                    lines += [f"    ask {step.agent}.look within 20 seconds as q{number}", "      a: a"]
                case "emit":
                    lines += [f"    emit kind{self.type + 1}", "      a: a", "      b: b", "      c: c"]
                case "reply":
                    lines += ["    reply", "      n: a"]
        lines += ["  stop"] if self.stop else []
        return "\n".join(lines) + "\n"


TYPES = 3
AGENTS = ("good", "slow", "bad", "shy")


def outcome(agent: str, action: Action, attempt: int) -> Outcome:
    """What an agent says of an attempt: always the same for the same attempt."""
    match agent:
        case "good":
            return Done({"n": 1})
        case "slow":
            return Again("busy") if attempt < 2 else Done({"n": 1})
        case "bad":
            return Failed("never")
        case _:
            return Again("down")


def rules(by: random.Random) -> list[Ruled]:
    """Rules on every type; only the last emits nothing, so that every chain ends."""
    made = []
    for type in range(TYPES):
        for number in range(by.randint(1, 5)):
            verbs = ["send", "send", "ask", "emit"] if type < TYPES - 1 else ["send", "send", "ask"]
            steps = tuple(
                Step(verb, by.choice(AGENTS) if verb in ("send", "ask") else "")
                for verb in (by.choice(verbs) for _ in range(by.randint(1, 3)))
            )
            names = by.sample(FIELDS, by.randint(1, 3))
            made.append(
                Ruled(
                    f"r{type}{number}", type, tuple((name, by.randrange(10)) for name in names), steps,
                    by.choice(["live", "live", "live", "live", "shadow", "draft"]), by.random() < 0.2,
                    by.random() < 0.1, by.choice([50, 100]),
                )
            )  # fmt: skip
    return made


def text(made: list[Ruled]) -> str:
    """The rules as their authors would write them."""
    out = ""
    for type in range(TYPES):
        out += f"event kind{type}\n  a: whole\n  b: whole\n  c: whole\n\n"
    for agent in AGENTS:
        out += f"agent {agent}\n  send go\n    a: whole\n  ask look\n    a: whole\n    answer\n      n: whole\n\n"
    return out + "\n".join(rule.text() for rule in made)


@dataclass(frozen=True)
class Sent:
    """An event of the workload. `again` says that it was sent before, with the same content or another."""

    id: str
    type: int
    values: dict[str, int]
    staff: bool
    again: str = ""
    broken: bool = False


def workload(count: int, by: random.Random) -> Iterator[Sent]:
    """So many messages: most of them new, some known, some that no door takes."""
    sent: list[Sent] = []
    for number in range(count):
        if sent and by.random() < 0.05:
            old = by.choice(sent)
            if by.random() < 0.5:
                yield Sent(old.id, old.type, old.values, old.staff, "same")
            else:
                yield Sent(old.id, old.type, {**old.values, "a": old.values["a"] + 100}, old.staff, "other")
            continue
        one = Sent(
            f"e{number}", by.randrange(TYPES), {name: by.randrange(10) for name in FIELDS}, by.random() < 0.3,
            broken=by.random() < 0.05,
        )  # fmt: skip
        if not one.broken:
            sent.append(one)
        yield one


def expected(made: list[Ruled], messages: list[Sent]) -> Counter[Fact]:
    """Every record that must be there, by what is compared of it; events that follow are named by what emitted them."""
    found: Counter[Fact] = Counter()
    for one in messages:
        if one.broken:
            found[one.id, "event.refused"] += 1
        elif one.again == "same":
            found[one.id, "event.duplicate"] += 1
        elif one.again == "other":
            found[one.id, "event.refused"] += 1
        else:
            _event(found, made, one.id, one.type, one.values, one.staff, "")
    return found


def _event(
    found: Counter[Fact],
    made: list[Ruled],
    key: str,
    type: int,
    values: dict[str, int],
    staff: bool,
    cause: str,
) -> None:
    found[key, "event.accepted", cause] += 1
    matched: list[str] = []
    shadow: list[str] = []
    tried = [r for r in sorted(made, key=lambda r: (r.order, r.id)) if r.type == type and r.status != "draft"]
    near: list[str] = []
    fired: list[Ruled] = []
    considered = 0
    for rule in tried:
        if rule.staff and not staff:
            continue
        considered += 1
        lacking = sum(values[name] <= bound for name, bound in rule.bounds)
        if lacking:
            if lacking <= 2 and lacking < len(rule.bounds):
                near.append(rule.id)
            continue
        fired.append(rule)
        (shadow if rule.status == "shadow" else matched).append(rule.id)
        if rule.stop and rule.status == "live":
            break
    found[key, "event.decided", ",".join(matched), ",".join(shadow)] += 1
    for rule in fired:
        found[key, "rule.evaluated", rule.id, "matched", rule.status == "shadow"] += 1
    for id in near:
        found[key, "rule.evaluated", id, "nearly", False] += 1
    if not fired:
        found[key, "event.unrouted", considered] += 1
    for rule in fired:
        if rule.status == "live":
            _steps(found, made, key, rule, list(rule.steps), values, staff)
    found[key, "event.finished"] += 1


def _steps(
    found: Counter[Fact],
    made: list[Ruled],
    key: str,
    rule: Ruled,
    steps: list[Step],
    values: dict[str, int],
    staff: bool,
) -> None:
    """A rule's steps up to an `ask`; after it, the rest when it was answered."""
    while steps:
        number, step = len(rule.steps) - len(steps), steps.pop(0)
        where = f"{rule.id}/{number}"
        target = {"send": f"{step.agent}.go", "ask": f"{step.agent}.look", "emit": f"kind{rule.type + 1}"}[
            step.verb
        ]
        found[key, "action.created", where, target] += 1
        if step.verb == "emit":
            _event(found, made, f"{key}>{where}", rule.type + 1, values, staff, f"{key}>{where}")
            continue
        done = _attempts(found, key, where, step.agent)
        if step.verb == "ask":
            found[key, "rule.resumed", rule.id, done] += 1
            if not done:
                return


def _attempts(found: Counter[Fact], key: str, where: str, agent: str) -> bool:
    for attempt in range(1, ATTEMPTS + 1):
        found[key, "action.started", where, attempt] += 1
        if agent == "good" or (agent == "slow" and attempt == 2):
            found[key, "action.done", where, attempt] += 1
            return True
        if agent == "bad" or attempt == ATTEMPTS:
            found[key, "action.failed", where, attempt] += 1
            return False
        found[key, "action.retry", where, attempt] += 1
    raise AssertionError
