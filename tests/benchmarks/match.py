"""Which rules match: the index beside rules by hand, beside bounds, and beside the engines that are installed.

`ATAMO_BENCH_MOST=100000` measures larger rulesets than the usual ten thousand; reading their text takes minutes.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from statistics import median
from time import perf_counter, process_time
from typing import Any

import atamo_rules as atamo
from tests.benchmarks import workloads
from tests.benchmarks.table import Table
from tests.benchmarks.workloads import Matching, Workload

MOST = int(os.environ.get("ATAMO_BENCH_MOST", "10000"))
SIZES = tuple(size for size in (10, 100, 1_000, 10_000, 100_000) if size <= MOST)


def run(*, small: bool) -> Table:
    """CPU microseconds for one event, and how many times that others take, from one interleaved run."""
    rows = []
    for kind in workloads.KINDS:
        for count in (24,) if small else SIZES if kind != "all" else SIZES[:3]:
            made = workloads.workload(kind, count, 40 if small else 4_000)
            rows.append((f"{kind} {count:,}", *_row(kind, made, small)))
    return Table(
        "match: one event through all the rules, a quarter of them on its type, one thread",
        ("rules", "matches", "us/event", "naive", "by hand", "oracle"),
        tuple(rows),
        (
            "naive: a compiled function for each rule, all called in turn; by hand: a dict on the one field that all",
            "rules name; oracle: knows the answer and confirms it. Their figures are how many times ours they take",
        ),
    )


def _row(kind: str, made: Workload, small: bool) -> tuple[str, ...]:
    matching = ours(made)
    answers = {id(body): matching(type, body) for type, body in made.events}
    naive = workloads.naive(made)
    for type, body in made.events[: 200 if len(made.rules) > 10_000 else len(made.events)]:
        if sorted(answers[id(body)]) != sorted(naive(type, body)):
            raise RuntimeError(f"{kind}: by hand, an event is decided otherwise: {body}")
    works = {"ours": matching, "naive": naive, "oracle": workloads.oracle(made, answers)}
    if kind == "keys":
        works["by hand"] = workloads.by_hand(made)
    found = measured(works, made, 1 if small else 5)
    taken = found["ours"]

    def times(name: str) -> str:
        return f"{found[name] / taken:.2f} x" if name in found else "-"

    matches = sum(map(len, answers.values())) / len(made.events)
    return (f"{matches:.2f}", f"{taken:.2f}", times("naive"), times("by hand"), times("oracle"))


def ours(made: Workload) -> Matching:
    """Atamo's matching, from the text of the rules."""
    ruleset = atamo.compile_rules(made.text)
    matcher = atamo.matcher(ruleset, warm=True)
    functions = {type: matcher.of(type) for type in ruleset.events}
    return lambda type, body: functions[type](body)


@contextmanager
def settled() -> Iterator[None]:
    """With everything that was made before out of the collector's way, as `atamo run` has it."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def measured(works: dict[str, Matching], made: Workload, rounds: int) -> dict[str, float]:
    """CPU microseconds an event: the median over rounds in which each has its turn. What is slow gets fewer events."""
    with settled():
        shares = {name: _share(work, made) for name, work in works.items()}
        found: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(rounds):
            for name, work in works.items():
                events = made.events[: shares[name]]
                begun = process_time()
                for type, body in events:
                    work(type, body)
                found[name].append((process_time() - begun) / len(events) * 1e6)
    return {name: median(taken) for name, taken in found.items()}


def _share(work: Matching, made: Workload) -> int:
    """How many of the events are done in about half a second; all of them once, so that caches are filled."""
    begun = perf_counter()
    for done, (type, body) in enumerate(made.events, 1):
        work(type, body)
        if perf_counter() - begun > 0.5:
            return max(4, done // 2)
    return len(made.events)


# --- making and changing --------------------------------------------------------------------------------


def making(*, small: bool) -> Table:
    """From checked rules to an index: time and memory for each rule, and for one that comes and goes."""
    rows = []
    for kind in workloads.KINDS[:4]:
        for count in (24,) if small else SIZES[2:]:
            rows.append(
                (f"{kind} {count:,}", *_making(workloads.workload(kind, count, 40 if small else 2_000)))
            )
    return Table(
        "match making: checked rules to an index, CPU microseconds and bytes for each rule",
        ("rules", "us/rule", "us to warm", "bytes/rule", "us to add", "us to remove", "us/event, 200 added"),
        tuple(rows),
        (
            "to warm: the functions of all rules, otherwise made when they are first found; bytes: held once warm",
        ),
    )


def _making(made: Workload) -> tuple[str, ...]:
    import tracemalloc

    ruleset = atamo.compile_rules(made.text)
    gc.collect()
    begun = process_time()
    matcher = atamo.matcher(ruleset)
    taken = (process_time() - begun) / len(ruleset.rules) * 1e6
    begun = process_time()
    matcher.warm()
    warmed = (process_time() - begun) / len(ruleset.rules) * 1e6
    extra = [replace(one, id=f"more_{one.id}") for one in ruleset.rules[:: max(1, len(ruleset.rules) // 200)]]
    changed = matcher
    begun = process_time()
    for one in extra:
        changed = changed.with_rule(one)
    added = (process_time() - begun) / len(extra) * 1e6
    begun = process_time()
    left = changed
    for one in extra:
        left = left.without(one.id)
    removed = (process_time() - begun) / len(extra) * 1e6
    works: dict[str, Matching] = {"changed": changed.match}
    after = measured(works, made, 3)["changed"]
    del matcher, changed, left
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    matcher = atamo.matcher(ruleset, warm=True)
    held = (tracemalloc.get_traced_memory()[0] - before) / len(ruleset.rules)
    tracemalloc.stop()
    del matcher
    return (f"{taken:.1f}", f"{warmed:.1f}", f"{held:.0f}", f"{added:.0f}", f"{removed:.0f}", f"{after:.2f}")


# --- a crowded key --------------------------------------------------------------------------------------


def crowded(*, small: bool) -> Table:
    """One account that a twentieth of the rules are about, and a fifth of the events are of."""
    count = 400 if small else MOST
    made = workloads.workload("keys", count, 100 if small else 4_000)
    hot = "acc-hot"
    rules = tuple(
        replace(one, text=one.text.replace(one.key, hot), python=one.python.replace(one.key, hot), key=hot)
        if number // len(workloads.TYPES) % 20 == 0
        else one
        for number, one in enumerate(made.rules)
    )
    events = tuple((type, {**body, "account": hot}) for type, body in made.events[::5])
    made = Workload(rules, events)
    works = {"ours": ours(made), "flat bucket": workloads.by_hand(made)}
    matches = sum(len(works["ours"](type, body)) for type, body in events) / len(events)
    found = measured(works, made, 1 if small else 5)
    return Table(
        f"match crowded: {count:,} rules, a twentieth of them about the account of these events",
        ("", "us/event", "to ours"),
        tuple((name, f"{taken:.1f}", f"{taken / found['ours']:.2f} x") for name, taken in found.items()),
        (f"{matches:.0f} matches an event; flat bucket: a dict by hand, every rule of the account asked",),
    )


# --- peers ----------------------------------------------------------------------------------------------


def peers(*, small: bool) -> Table:
    """Engines that are installed, on the keys workload: each rule compiled once, all on the event's type asked."""
    count = 24 if small else 1_000
    made = workloads.workload("keys", count, 20 if small else 400)
    answers = [sorted(workloads.naive(made)(type, body)) for type, body in made.events]
    works = {"atamo": ours(made)}
    missing = []
    for name, (module, prepare) in PEERS.items():
        if find_spec(module) is None:
            missing.append(name)
            continue
        works[name] = prepare(made)
    for name, work in works.items():
        for (type, body), expected in zip(made.events[:50], answers, strict=False):
            if sorted(work(type, body)) != expected:
                raise RuntimeError(f"{name} decides otherwise: {body}")
    found = measured(works, made, 1 if small else 5)
    return Table(
        f"match peers: {count:,} rules with a key, one event",
        ("engine", "us/event", "to ours"),
        tuple((name, f"{taken:,.1f}", f"{taken / found['atamo']:,.0f} x") for name, taken in found.items()),
        (f"not installed here: {', '.join(missing)}",) if missing else (),
    )


def _by_type(made: Workload, compile: Callable[[str], Callable[[Any], Any]]) -> Matching:
    by_type: dict[str, list[tuple[str, Any]]] = {type: [] for type in workloads.TYPES}
    for one in made.rules:
        by_type[one.type].append((one.id, compile(one.text)))
    return lambda type, body: [id for id, holds in by_type[type] if holds(body)]


def _rule_engine(made: Workload) -> Matching:
    import rule_engine  # type: ignore[import-not-found]

    def compile(text: str) -> Callable[[Any], Any]:
        return rule_engine.Rule(_infix(text, "and", "or", "==", "in")).matches  # type: ignore[no-any-return]

    return _by_type(made, compile)


def _cel_python(made: Workload) -> Matching:
    import celpy  # type: ignore[import-not-found]

    environment = celpy.Environment()

    def compile(text: str) -> Callable[[Any], Any]:
        program = environment.program(environment.compile(_infix(text, "&&", "||", "==", "in")))
        return lambda activation: bool(program.evaluate(activation))

    inner = _by_type(made, compile)
    return lambda type, body: inner(type, celpy.json_to_cel(body))


def _json_logic(made: Workload) -> Matching:
    from json_logic import jsonLogic  # type: ignore[import-not-found]

    def compile(text: str) -> Callable[[Any], Any]:
        tree = {"and": [_logic(part) for part in text.split(" and ")]}
        return lambda body: jsonLogic(tree, body)

    return _by_type(made, compile)


PEERS: dict[str, tuple[str, Callable[[Workload], Matching]]] = {
    "rule-engine": ("rule_engine", _rule_engine),
    "cel-python": ("celpy", _cel_python),
    "json-logic": ("json_logic", _json_logic),
}
"""By the name on the package index: the module, and what makes it ready."""


def _parts(text: str) -> list[tuple[str, str, Any]]:
    """The tests of a rule of the keys workload: (path, operator, value)."""
    found: list[tuple[str, str, Any]] = []
    for part in text.split(" and "):
        for operator in (" contains any of ", " is one of ", " is ", " <= ", " > "):
            if operator in part:
                path, value = part.split(operator)
                found.append((path, operator.strip(), _value(value)))
                break
    return found


def _value(text: str) -> Any:
    if text.startswith("["):
        return [_value(item) for item in text[1:-1].split(", ")]
    try:
        return json.loads(text)
    except ValueError:
        return text


def _infix(text: str, both: str, either: str, equal: str, among: str) -> str:
    said = []
    for path, operator, value in _parts(text):
        match operator:
            case "contains any of":
                said.append(
                    "(" + f" {either} ".join(f"{json.dumps(one)} {among} {path}" for one in value) + ")"
                )
            case "is one of":
                said.append(f"{path} {among} {json.dumps(value)}")
            case "is":
                said.append(f"{path} {equal} {json.dumps(value)}")
            case _:
                said.append(f"{path} {operator} {value:f}")
    return f" {both} ".join(said)


def _logic(part: str) -> dict[str, Any]:
    ((path, operator, value),) = _parts(part)
    field = {"var": path}
    match operator:
        case "contains any of":
            return {"or": [{"in": [one, field]} for one in value]}
        case "is one of":
            return {"in": [field, value]}
        case "is":
            return {"==": [field, value]}
    return {operator: [field, value]}
