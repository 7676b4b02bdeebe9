"""Seeded rules and events for matching, and the same rules as text, as plain Python, and as an index by hand.

Five kinds of workload: `keys` (a key and up to three more tests), `ranges` (bands and conjunctions of thresholds,
about two matches at every size), `texts` (beginnings, ends and parts), `open` (and, or and not without any key), and
`all` (every rule matches). Rules are spread over four event types of one shape; how many different keys, words and
bands there are grows with the rules, so that an event goes on matching a few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

TYPES = ("order", "parcel", "visit", "alert")
KINDS = ("keys", "ranges", "texts", "open", "all")
FIELDS = """
  account: text
  region: one of north, east, south, west
  stage: one of new, open, held, done
  urgent: boolean
  amount: number
  score: number
  weight: number
  labels: list of text
  link: text
  words: text?
"""
REGIONS, STAGES = ("north", "east", "south", "west"), ("new", "open", "held", "done")
LABELS = tuple(f"label-{n}" for n in range(24))
NUMBERS = {"amount": 1000.0, "score": 100.0, "weight": 40.0}
DESK = "agent desk\n  send note\n    line: text?\n"


@dataclass(frozen=True)
class Rule:
    """One rule: its text after `when`, and the same as a Python expression of the event's body `e`."""

    id: str
    type: str
    text: str
    python: str
    key: str = ""
    rest: str = ""
    """For a rule with a key: the account, and the expression of what else it asks."""


@dataclass(frozen=True)
class Workload:
    """Rules, and events as (type, body) fresh from a JSON reader."""

    rules: tuple[Rule, ...]
    events: tuple[tuple[str, dict[str, Any]], ...]

    @property
    def text(self) -> str:
        """All the rules, with their event types, as one rule file."""
        declared = "".join(f"\nevent {type}{FIELDS}" for type in TYPES)
        return f"{DESK}{declared}" + "".join(
            f"\nrule {one.id}\n  on {one.type}\n  when {one.text}\n  do\n    send desk.note\n"
            for one in self.rules
        )


def workload(kind: str, count: int, events: int = 4_000, seed: int = 1) -> Workload:
    """The workload of a kind with so many rules."""
    make = _Making(Random(f"{kind}/{count}/{seed}"), max(4, count // 4))
    rules = tuple(make.rule(kind, f"r{n}", TYPES[n % 4]) for n in range(count))
    return Workload(rules, tuple((make.random.choice(TYPES), make.body()) for _ in range(events)))


class _Making:
    def __init__(self, random: Random, each: int) -> None:
        self.random = random
        self.each = each
        self.accounts = [f"acc-{n:x}" for n in range(max(2, each // 5))]
        self.folders = [f"/{self._word()}/{n:x}/" for n in range(max(6, each // 3))]
        self.endings = [f".{self._word()[:4]}{n:x}" for n in range(max(5, each // 6))]
        self.vocabulary = [self._word() + format(n, "x") for n in range(max(12, each))]

    def _word(self) -> str:
        return "".join(self.random.choice("bdfgklmnprstvz") + self.random.choice("aeiou") for _ in range(3))

    def body(self) -> dict[str, Any]:
        r = self.random
        made: dict[str, Any] = {
            "account": r.choice(self.accounts) if r.random() < 0.8 else f"other-{r.randrange(99)}",
            "region": r.choice(REGIONS),
            "stage": r.choice(STAGES),
            "urgent": r.random() < 0.3,
            **{name: round(r.random() * most, 3) for name, most in NUMBERS.items()},
            "labels": r.sample(LABELS, r.randrange(4)),
            "link": r.choice(self.folders) + r.choice(self.vocabulary) + r.choice(self.endings),
        }
        if r.random() < 0.9:
            made["words"] = " ".join(r.choice(self.vocabulary) for _ in range(r.randint(5, 9)))
        return made

    def rule(self, kind: str, id: str, type: str) -> Rule:
        r = self.random
        if kind == "keys":
            account = r.choice(self.accounts)
            parts = [self._broad() for _ in range(r.randint(1, 3))]
            text = " and ".join([f'account is "{account}"', *(text for text, _ in parts)])
            rest = " and ".join(python for _, python in parts)
            return Rule(id, type, text, f"e['account'] == {account!r} and {rest}", account, rest)
        parts = {"ranges": self._ranges, "texts": self._texts, "open": self._open, "all": self._all}[kind]()
        return Rule(id, type, " and ".join(t for t, _ in parts), " and ".join(p for _, p in parts))

    def _broad(self) -> tuple[str, str]:
        """A test that holds of a quarter to three quarters of the events."""
        r = self.random
        match r.randrange(4):
            case 0:
                value = r.choice(REGIONS)
                return f"region is {value}", f"e['region'] == {value!r}"
            case 1:
                one, two = r.sample(STAGES, 2)
                return f"stage is one of [{one}, {two}]", f"e['stage'] in {{{one!r}, {two!r}}}"
            case 2:
                some = r.sample(LABELS, 6)
                listed = ", ".join(f'"{label}"' for label in some)
                return f"labels contains any of [{listed}]", f"not {set(some)}.isdisjoint(e['labels'])"
        return self._bound(r.uniform(0.3, 0.9))

    def _bound(self, share: float) -> tuple[str, str]:
        """A bound that holds of a share of the events."""
        r = self.random
        name = r.choice(tuple(NUMBERS))
        if r.random() < 0.5:
            cut = round(NUMBERS[name] * (1 - share), 3)
            return f"{name} > {cut}", f"e[{name!r}] > {cut}"
        cut = round(NUMBERS[name] * share, 3)
        return f"{name} <= {cut}", f"e[{name!r}] <= {cut}"

    def _ranges(self) -> list[tuple[str, str]]:
        r, share = self.random, min(0.5, 2 / self.each)
        kind = r.random()
        if kind < 0.4:
            name = r.choice(tuple(NUMBERS))
            low = round(NUMBERS[name] * r.uniform(0, 1 - share), 3)
            high = round(low + NUMBERS[name] * share * 2, 3)
            band = (f"{name} is between {low} and {high}", f"{low} <= e[{name!r}] <= {high}")
            return [band, self._bound(0.5)]
        if kind < 0.7:
            return [self._bound(share)]
        return [self._bound(share ** (1 / 3)) for _ in range(3)]

    def _texts(self) -> list[tuple[str, str]]:
        r = self.random
        kind = r.random()
        if kind < 0.35:
            found = r.choice(self.folders)
            return [(f'link starts with "{found}"', f"e['link'].startswith({found!r})")]
        if kind < 0.6:
            found = r.choice(self.endings)
            return [(f'link ends with "{found}"', f"e['link'].endswith({found!r})"), self._bound(0.5)]
        found = r.choice(self.vocabulary)
        part = (
            f'(words is present and words contains "{found}")',
            f"('words' in e and {found!r} in e['words'])",
        )
        return [part] if kind < 0.9 else [part, self._broad()]

    def _open(self) -> list[tuple[str, str]]:
        r = self.random
        one, two, three = self._bound(0.04), self._bound(0.04), self._broad()
        if r.random() < 0.5:
            last = self._bound(0.6)
            return [
                (f"({one[0]} or {two[0]})", f"({one[1]} or {two[1]})"),
                (f"not ({three[0]})", f"not ({three[1]})"),
                last,
            ]
        return [
            ("not (words is present)", "'words' not in e"),
            self._bound(0.3),
            (f"not ({three[0]})", f"not ({three[1]})"),
        ]

    def _all(self) -> list[tuple[str, str]]:
        one, two = self.random.sample(tuple(NUMBERS), 2)
        return [
            (f"{one} >= -1000000", f"e[{one!r}] >= -1000000"),
            (f"{two} < 100000000", f"e[{two!r}] < 100000000"),
        ]


# --- limits ---------------------------------------------------------------------------------------------

Matching = Callable[[str, dict[str, Any]], list[str]]


def naive(made: Workload) -> Matching:
    """One compiled function for each rule, all of a type's called in turn."""
    functions = _functions((one.id, one.python) for one in made.rules)
    by_type: dict[str, list[tuple[str, Any]]] = {type: [] for type in TYPES}
    for one in made.rules:
        by_type[one.type].append((one.id, functions[one.id]))
    return lambda type, body: [id for id, holds in by_type[type] if holds(body)]


def by_hand(made: Workload) -> Matching:
    """What a programmer writes who knows that every rule has its account: a dict of lists."""
    functions = _functions((one.id, one.rest) for one in made.rules)
    index: dict[str, dict[str, list[tuple[str, Any]]]] = {type: {} for type in TYPES}
    for one in made.rules:
        index[one.type].setdefault(one.key, []).append((one.id, functions[one.id]))
    return lambda type, body: [id for id, holds in index[type].get(body["account"], ()) if holds(body)]


def oracle(made: Workload, answers: dict[int, list[str]]) -> Matching:
    """No engine but a bound: it knows which rules match, and only asks those."""
    wanted = {id for ids in answers.values() for id in ids}
    functions = _functions((one.id, one.python) for one in made.rules if one.id in wanted)
    known = {event: [(id, functions[id]) for id in ids] for event, ids in answers.items()}
    return lambda type, body: [id for id, holds in known[id(body)] if holds(body)]


def _functions(pairs: Any, chunk: int = 2_000) -> dict[str, Any]:
    space: dict[str, Any] = {}
    listed = list(pairs)
    for at in range(0, len(listed), chunk):
        text = "\n".join(f"def {name}(e):\n return {python}" for name, python in listed[at : at + chunk])
        exec(compile(text, "<rules>", "exec"), space)
    return space
