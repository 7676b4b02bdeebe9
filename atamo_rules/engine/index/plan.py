"""Where each rule is filed: under its most selective key, in the bit vectors, or in a loop, by what that costs.

Costs are nanoseconds of CPython on one core, so that only their ratios matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from operator import attrgetter

from atamo_rules.engine.index.buckets import CROWDED_TEXTS
from atamo_rules.engine.index.forms import PRESENT, Term, terms
from atamo_rules.engine.index.pausing import Pause, nothing, paused
from atamo_rules.engine.index.places import (
    ABSENT,
    ELEMENT,
    EVERYWHERE,
    PART,
    PREFIX,
    RANGE,
    SUFFIX,
    VALUE,
    Key,
    Place,
    Way,
)
from atamo_rules.engine.index.selectivity import SIDE, Statistics
from atamo_rules.engine.index.ways import ways
from atamo_rules.engine.shapes import Residual
from atamo_rules.model.meaning import Condition

ASK, LOOP, WRITTEN = 110.0, 130.0, 80.0
"""To ask a rule that was found, to ask a rule in a loop, and one that is written out."""
TEXTS = 4.0
"""How much dearer it is to ask rules on what is read as text."""
WRITTEN_OUT = 32
"""Rules that are written out at most."""
PROBE = {VALUE: 90.0, ELEMENT: 250.0, PREFIX: 150.0, SUFFIX: 150.0, PART: 800.0, RANGE: 280.0, ABSENT: 40.0}
"""To look up one index of a kind."""
JOINED, FEWER = 10.0, 0.7
"""How much dearer it is to join all the texts of an event and search them, and the part of it that is saved where few
rules are left that need it."""
NEEDLE = 35.0
"""To look for one of few parts of a text."""
SEVERAL = 250.0
"""To put what several lookups found in order, each once."""
BITS, FIELD, TERM = 600.0, 330.0, 0.45
"""To take the answers of bit vectors apart, to and one field, and for every term."""
SELECTIVE = (0.0, 0.002, 0.02, 0.15, 1.0)
"""Shares of events up to which keys are tried as worth filing under."""
FEW = 256
"""Rules of one place that may be worth moving to others."""
FEWEST = 8
"""Rules for which bit vectors are never worth while."""


@dataclass(slots=True, eq=False)
class Item:
    """One rule of an index while it is built: what is left to ask of it, and the ways to it."""

    id: str
    order: int
    parts: tuple[Condition, ...]
    ways: tuple[tuple[int, Way], ...] = ()
    framed: bool = False
    """Whether what is left to ask reads more than the body: then it is only found here, and asked by others."""
    closed: bool = True
    """Whether its condition may be asked in any order."""
    share: float = 1.0
    way: tuple[int, Way] | None = None
    keys: tuple[Key, ...] = ()
    terms: Sequence[Term] = ()
    rest: Residual | None = None
    """What is asked of it in the loops of rules that come and go; None until it is in one."""


def item(id: str, order: int, parts: Sequence[Condition], *, closed: bool = True) -> Item:
    """A rule whose conjuncts are `parts`."""
    kept = tuple(parts)
    return Item(id, order, kept, ways(kept) if closed else (), False, closed)


def threshold(one: Item) -> Key | None:
    """The only key of a rule that is one threshold and nothing else."""
    if len(one.parts) == 1 and len(one.ways) == 1:
        way = one.ways[0][1]
        if type(way) is Key and way.place.kind == RANGE and None in way.values:
            return way
    return None


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules of one index by tier. `cost` is what an event is expected to take, in nanoseconds."""

    filed: tuple[Item, ...]
    dense: tuple[Item, ...]
    scanned: tuple[Item, ...]
    cost: float


def plan(items: Sequence[Item], *, written: bool = False, pause: Pause = nothing) -> Plan:
    """The cheapest of the plans that file what is selective enough, for several bounds on that. `written` says that a
    few rules in a loop would be written out."""
    if len(items) <= 2:
        return Plan((), (), tuple(items), LOOP * len(items))

    statistics = Statistics([one.ways for one in items], pause)
    dear = TEXTS if statistics.spelled else 1.0

    def loop(count: int) -> float:
        return count * dear * (WRITTEN if written and count <= WRITTEN_OUT else LOOP)

    for one in paused(items, pause):
        _choose(one, statistics)
    pause()
    _gather(items, statistics, dear)
    pause()
    rising = sorted([one for one in items if one.way is not None], key=attrgetter("share"))
    best = Plan((), (), tuple(items), loop(len(items)))
    places: set[Place] = set()
    lookups = asked = 0.0
    done = tried = 0
    for bound in SELECTIVE:
        while done < len(rising) and rising[done].share <= bound:
            for key in rising[done].keys:
                if key.place not in places:
                    places.add(key.place)
                    lookups += _lookup(key.place, statistics)
            asked += ASK * dear * rising[done].share
            done += 1
        if done == tried and bound > SELECTIVE[0]:
            continue
        tried = done
        filing = lookups + asked + (SEVERAL if len(places) > 1 else 0.0)
        left = len(items) - done
        others = [one for one in items if one.way is None or one.share > bound]
        dense = [one for one in others if one.closed] if left > FEWEST else []
        bits = _dense(dense, dear, pause) + loop(left - len(dense)) if dense else loop(left)
        if bits >= loop(left):
            dense, bits = [], loop(left)
        if filing + bits < best.cost:
            apart = {id(one) for one in dense}
            filed = tuple(one for one in items if one.way is not None and one.share <= bound)
            scanned = tuple(one for one in others if id(one) not in apart)
            best = Plan(filed, tuple(dense), scanned, filing + bits)
    return best


def _lookup(place: Place, statistics: Statistics) -> float:
    """What it costs to look an event up at a place."""
    if place.read == EVERYWHERE:
        return JOINED * PROBE[PART]
    if place.kind == PART:
        return min(PROBE[PART], 60.0 + NEEDLE * statistics.counts[place])
    return PROBE[place.kind]


def _choose(one: Item, statistics: Statistics) -> None:
    """The way to a rule that the fewest events take."""
    one.share, one.way = 1.0, None
    for found in one.ways:
        share = statistics.share(found[1])
        if one.way is None or share < one.share:
            one.share, one.way = share, found
    if one.way is not None:
        way = one.way[1]
        one.keys = (way,) if type(way) is Key else tuple(dict.fromkeys(statistics.best(way)))
        if threshold(one) is not None:
            one.share = 0.0  # answered by a slice, and never asked


def _gather(items: Sequence[Item], statistics: Statistics, dear: float) -> None:
    """Move the rules of places that hold few to places that hold others, where asking them more often costs less than
    one lookup more for every event."""
    by_place: dict[Place, list[Item]] = {}
    for one in items:
        keys = one.keys
        for place in (keys[0].place,) if len(keys) == 1 else dict.fromkeys([key.place for key in keys]):
            by_place.setdefault(place, []).append(one)
    for place in sorted(by_place, key=lambda place: len(by_place[place])):
        here = by_place[place]
        if len(here) > FEW or len(by_place) < 2:
            break
        moves = [_elsewhere(one, place, by_place, statistics) for one in here]
        if None in moves and place.read != EVERYWHERE:
            continue
        costs = sum(move[0] - one.share for one, move in zip(here, moves, strict=True) if move)
        saved = _lookup(place, statistics) * (FEWER if None in moves else 1.0)
        if min(ASK * dear * costs, _inside(moves, statistics, place, dear)) < saved:
            by_place[place] = [one for one, move in zip(here, moves, strict=True) if move is None]
            for one, move in zip(here, moves, strict=True):
                if move is None:
                    continue
                one.share, one.way, one.keys = move[0], (move[1], move[2]), (move[2],)
                by_place.setdefault(move[2].place, []).append(one)


def _inside(
    moves: Sequence[tuple[float, int, Key] | None], statistics: Statistics, place: Place, dear: float
) -> float:
    """What a lookup of the place costs in the indexes of the overfull buckets that rules move to. Only buckets of dear
    rules matter, which are overfull soon."""
    shares: dict[Key, float] = {}
    counts: dict[Key, int] = {}
    for move in moves:
        if move is not None:
            key = move[2]
            shares[key] = move[0]
            counts[key] = counts.get(key, 0) + 1
    if dear == 1.0:
        return inf
    looked_up = _lookup(place, statistics)
    return sum(
        share * (looked_up if counts[key] > CROWDED_TEXTS else ASK * dear * counts[key])
        for key, share in shares.items()
    )


def _elsewhere(
    one: Item, place: Place, used: Mapping[Place, object], statistics: Statistics
) -> tuple[float, int, Key] | None:
    """The next best single key of a rule at a place in use, or of an absence, which is looked at in no time."""
    if any(key.place != place for key in one.keys) or threshold(one) is not None:
        return None
    found = [
        (statistics.share(way), number, way)
        for number, way in one.ways
        if isinstance(way, Key) and way.place != place and (way.place in used or way.place.kind == ABSENT)
    ]
    return min(found, key=lambda option: option[0], default=None)


def _dense(items: Sequence[Item], dear: float, pause: Pause) -> float:
    """The cost of bit vectors, asked of a sample. A term of which they know nothing is asked every time; one of which
    they know no more than what is there, or is not something, half the time."""
    step = len(items) // 64 + 1
    asks: set[tuple[object, ...]] = set()
    count, blind = 0, 0.0
    for one in paused(items[::step], pause):
        if not one.terms:
            one.terms = terms(one.parts)
        for term in one.terms:
            count += step
            if not term.whole and all(ask.negated or ask.kind == PRESENT for ask in term.asks):
                blind += step * (SIDE if term.asks else 1.0)
            asks.update(ask[:2] for ask in term.asks)
    return BITS + FIELD * len(asks) + TERM * count + LOOP * dear * blind
