"""Conditions as formulas: atoms about one value of the event each, joined by and and or, negated nowhere else.

Conditions are two-valued, whatever an event lacks, so negations can be pushed down to the atoms. What is about more
than one value, or about something else than the event's body, is an atom that nothing is known of but its name: it may
hold or not, and the same one holds or does not wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

from atamo_rules.engine import conditions, terms
from atamo_rules.engine.conditions import Holding
from atamo_rules.engine.frame import Frame, bare
from atamo_rules.engine.once import Once
from atamo_rules.engine.problem import Problem
from atamo_rules.functions.absent import ABSENT
from atamo_rules.model.meaning import (
    All,
    Any,
    Condition,
    Const,
    Constant,
    Empty,
    Exists,
    Get,
    Holds,
    IsNull,
    Not,
    Otherwise,
    Present,
    Term,
    Test,
)
from atamo_rules.model.rule import Rule
from atamo_rules.model.types import Anything, Json, ListOf, Type
from atamo_rules.proof.reads import constants, fields, single

Path: TypeAlias = "tuple[str, ...]"


@dataclass(frozen=True, slots=True)
class Atom:
    """A part of a condition that is not taken apart. `path` and `type` say which value of the event's body decides it
    alone; None where more does, or something else. `plain` says that it compares that value as it is."""

    key: str
    condition: Condition = field(compare=False, repr=False)
    holds: Holding = field(compare=False, repr=False)
    lets: Mapping[str, terms.Value] = field(compare=False, repr=False)
    path: Path | None = field(default=None, compare=False)
    type: Type | None = field(default=None, compare=False, repr=False)
    plain: bool = field(default=False, compare=False, repr=False)
    constants: tuple[object, ...] = field(default=(), compare=False, repr=False)
    """What it compares with, one by one."""


class Lit(NamedTuple):
    """An atom that holds, or does not."""

    atom: Atom
    positive: bool


class And(NamedTuple):
    """Every part."""

    parts: tuple[Formula, ...]


class Or(NamedTuple):
    """Some part."""

    parts: tuple[Formula, ...]


Formula: TypeAlias = "Lit | And | Or"

TRUE, FALSE = And(()), Or(())


def against(formula: Formula) -> Formula:
    """Not it."""
    match formula:
        case Lit():
            return Lit(formula.atom, not formula.positive)
        case And():
            return Or(tuple(map(against, formula.parts)))
        case Or():
            return And(tuple(map(against, formula.parts)))


def of_part(rule: Rule, part: Condition) -> Formula:
    """A part of a rule's condition."""
    return _formula(part, rule, dict(rule.lets), True)


of_rule: Once[Rule, Formula] = Once(lambda rule: of_part(rule, rule.condition))
"""A rule's condition, made once as long as the rule lives."""


def within(path: Path, value: object) -> dict[str, object]:
    """The smallest body with a value at a path."""
    if value is ABSENT:
        return {}
    for step in reversed(path):
        value = {step: value}
    assert isinstance(value, dict)
    return value


def true_of(formula: Formula, body: Json) -> bool:
    """Whether it holds for a body, by the engine. What could not be evaluated does not hold."""
    return _true(formula, bare(body))


def _true(formula: Formula, frame: Frame) -> bool:
    match formula:
        case Lit(atom, positive):
            if atom.lets:
                frame = Frame(frame.event, dict(frame.roots), atom.lets)
            try:
                return atom.holds(frame) is positive
            except Problem:
                return False
        case And():
            return all(_true(part, frame) for part in formula.parts)
        case Or():
            return any(_true(part, frame) for part in formula.parts)


def _formula(node: Condition, rule: Rule, lets: Mapping[str, Term], positive: bool) -> Formula:
    match node:
        case All() | Any():
            parts = tuple(_formula(part, rule, lets, positive) for part in node.parts)
            return And(parts) if isinstance(node, All) is positive else Or(parts)
        case Not():
            return _formula(node.part, rule, lets, not positive)
        case Constant():
            return TRUE if node.value is positive else FALSE
        case _:
            return Lit(_atom(node, rule, lets), positive)


def _atom(node: Condition, rule: Rule, lets: Mapping[str, Term]) -> Atom:
    plain = _inlined(node, lets)
    about = _subject(plain) or single(plain)
    key = repr(plain)
    if about is not None:
        path = fields(about)
        type = about.type if len(path) == len(about.steps) else ListOf(Anything())
        known = tuple(constants(plain))
        return Atom(key, plain, conditions.condition(plain), {}, path, type, _subject(plain) is about, known)
    if any(f"root={name!r}" in key for name in lets):  # one name may stand for another value in another rule
        key = f"{key} where {rule.lets!r}"
    if "Lookup(" in key:  # which table is asked is not in its text
        key = f"{key} at {id(node)}"
    if "Now()" in key:
        return Atom(key, node, _unknown, {})
    closures = {name: terms.term(term) for name, term in lets.items()}
    return Atom(key, node, conditions.condition(node), closures)


def _unknown(frame: Frame) -> bool:
    """What depends on the moment is shown by no body."""
    raise Problem("it depends on when the event comes")


def plain_atom(test: Test, path: Path, type: Type) -> Atom:
    """A comparison with a constant, asked of what stands at a path."""
    asked = replace(test, left=Get("event", path, type, span=test.span))
    return Atom(
        repr(asked), asked, conditions.condition(asked), {}, path, type, True, tuple(constants(asked))
    )


def _subject(node: Condition) -> Get | None:
    """The one value that a part compares as it is, or as what stands in for it where it is absent."""
    match node:
        case Test(left=Otherwise(value=Get() as get, fallback=Const()), right=Const()):
            found = get
        case Test(left=Get() as get, right=Const()):
            found = get
        case Present(term=Get() as get) | Holds(term=Get() as get) | Empty(term=Get() as get):
            found = get
        case IsNull() | Exists():
            found = node.term
        case _:
            return None
    path = fields(found)
    return found if found.root == "event" and path and len(path) == len(found.steps) else None


def _inlined(node: Condition, lets: Mapping[str, Term]) -> Condition:
    """A part about a `let` that is nothing but a path, as one about that path."""
    get = node.left if isinstance(node, Test) else getattr(node, "term", None)
    if not isinstance(get, Get):
        return node
    found = get
    for _ in range(len(lets)):
        term = lets.get(found.root)
        if not isinstance(term, Get):
            break
        found = Get(term.root, term.steps + found.steps, found.type, span=found.span)
    if found is get:
        return node
    match node:
        case Test():
            return replace(node, left=found)
        case Present() | Holds() | Empty() | IsNull() | Exists():
            return replace(node, term=found)
        case _:
            return node
