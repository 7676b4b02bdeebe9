"""What conditions, values and templates mean: names resolved, types checked, nothing left to look up.

Terms give values, conditions give true or false. Everything here is total: a term may be *absent*, a test on an
absent or differently typed value is false, and nothing raises. The author's place stays on every node, so that a
decision can be explained in the author's own words. The compiler makes these values; the engine turns them into
closures; a naive evaluator in the tests walks them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from atamo_rules.model.types import Json, Type
from atamo_rules.source.span import Span
from atamo_rules.source.swift import swift

if TYPE_CHECKING:
    from atamo_rules.model.table import Table


class Each(Enum):
    """A step of a path that enters arrays: any element may satisfy the test.

    EACH enters the one array that must be there. THROUGH enters an array, and those in it, where there are any, and
    takes anything else as it is. LEAVES does the same and leaves objects out: texts, numbers, booleans and nulls.
    """

    EACH = "each"
    THROUGH = "through"
    LEAVES = "leaves"

    def __repr__(self) -> str:
        return self.name


EACH: Final = Each.EACH
THROUGH: Final = Each.THROUGH
LEAVES: Final = Each.LEAVES

Step: TypeAlias = "str | int | Each"
Scalar: TypeAlias = "str | int | Decimal | bool | datetime | date | timedelta | None"

KINDS = ("text", "number", "boolean", "moment", "date", "duration", "json")
"""How a test compares. `json` is for values of type anything: equal type and equal value, order only among
numbers and among texts. A boolean never equals a number; int and Decimal compare exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A node that stands for something the author wrote at `span`."""

    span: Span = field(compare=False, repr=False)


# --- terms ----------------------------------------------------------------------------------------------


@swift
@dataclass(frozen=True, slots=True)
class Const(Meant):
    """A value known now. In moment, date and duration tests it is already a datetime, date or timedelta."""

    value: Scalar | Json | tuple[Scalar, ...] = field(hash=False)


@swift
@dataclass(frozen=True, slots=True)
class Get(Meant):
    """The value at a path under a root: `event`, `user`, `loop`, or a name bound by `let`, `as`, `for` or `any`.

    `type` is the declared type of what is there (of one element, where a step enters an array).
    """

    root: str
    steps: tuple[Step, ...]
    type: Type = field(compare=False, repr=False)

    @property
    def many(self) -> bool:
        """Whether it may lead to several values: a test on it asks each of them."""
        for step in self.steps:  # noqa: SIM110  asked of every test of every rule
            if isinstance(step, Each):
                return True
        return False

    @property
    def listed(self) -> bool:
        """Whether it stands for a list where one value is wanted; THROUGH alone may well lead to one value."""
        return EACH in self.steps or LEAVES in self.steps


@swift
@dataclass(frozen=True, slots=True)
class Spelled(Meant):
    """What stands at a path, read as text: texts as they are, numbers and truth values as they are printed, and of a
    list each of its elements. Null and objects have no text.

    `numbers` asks for the numbers that those texts write instead, leaving out what writes none; `everywhere` for what
    stands at any depth below the path. A test holds when one of them satisfies it; as a value it is the one there is,
    absent when there is none, a list when there are several.
    """

    get: Get
    numbers: bool = False
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Now(Meant):
    """The event's time: decisions repeat."""


@dataclass(frozen=True, slots=True)
class Apply(Meant):
    """A built-in function, by its name in `functions.registry`. Absent arguments make it absent."""

    function: str
    arguments: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Arith(Meant):
    """`+ - * /` on numbers; moment ± duration; moment - moment; duration ± duration; duration * number."""

    operator: str
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Otherwise(Meant):
    """The value, or the fallback where the value is absent (missing, null, or of another type than declared)."""

    value: Term
    fallback: Term


@dataclass(frozen=True, slots=True)
class Tally(Meant):
    """How many elements of `collection` satisfy `condition`, in which the element is bound to `variable`."""

    variable: str
    collection: Term
    condition: Condition


@dataclass(frozen=True, slots=True)
class Verdict(Meant):
    """A condition used as a boolean value."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Lookup(Meant):
    """A decision table's answer for the event: a record, absent, or (collect rows) a list of records."""

    table: Table = field(repr=False)


@swift
@dataclass(frozen=True, slots=True)
class MakeRecord(Meant):
    """An object. An entry (key, term, optional) whose term is absent is left out if optional, else a failure."""

    entries: tuple[tuple[str, Term, bool], ...]


@dataclass(frozen=True, slots=True)
class MakeList(Meant):
    """An array of its items."""

    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Filled(Meant):
    """A template: its parts rendered and joined into one text."""

    parts: tuple[Part, ...]


Term: TypeAlias = (
    "Const | Get | Spelled | Now | Apply | Arith | Otherwise | Tally | Verdict | Lookup"
    " | MakeRecord | MakeList | Filled"
)


# --- parts of templates ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Output(Meant):
    """`{{ term }}`. Texts as they are, numbers exactly, booleans as true/false, the rest as compact JSON."""

    term: Term


@dataclass(frozen=True, slots=True)
class Branch(Meant):
    """`{% if %}…{% elif %}…{% else %}…{% endif %}`."""

    cases: tuple[tuple[Condition, tuple[Part, ...]], ...]
    otherwise: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Loop(Meant):
    """`{% for x in xs %}…{% else %}…{% endfor %}`; inside, `loop` is {index, index0, first, last, length}."""

    variable: str
    collection: Term
    parts: tuple[Part, ...]
    otherwise: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Bind(Meant):
    """`{% set x = term %}`: the name holds to the end of the enclosing block."""

    variable: str
    term: Term


Part: TypeAlias = "str | Output | Branch | Loop | Bind"


# --- conditions -----------------------------------------------------------------------------------------

OPERATORS = (
    "eq",
    "lt",
    "le",
    "gt",
    "ge",
    "in",
    "contains",
    "prefix",
    "suffix",
    "regex",
    "glob",
    "cidr",
    "type",
)


@swift
@dataclass(frozen=True, slots=True)
class Test(Meant):
    """`left operator right`: true where some value of left and some value of right satisfy it.

    `in` has a Const tuple, or a list-typed term, on the right. `contains` on a list asks for an equal element,
    on a text for a part. `regex` has a Const pattern (RE2 syntax, searched), `glob` a Const with * ? (whole
    text), `cidr` a Const network (text), `type` a Const name of a kind of JSON value (`text`, `number`, `boolean`,
    `list`, `object`) on the right. `many`: the right is a Const tuple of which "any" or "all" must satisfy.
    Negations are Not(Test).
    """

    operator: str
    left: Term
    right: Term
    kind: str = "json"
    ignore_case: bool = False
    many: str = ""


@swift
@dataclass(frozen=True, slots=True)
class Present(Meant):
    """The term is there and not null. For a path with EACH: some element is."""

    term: Term


@dataclass(frozen=True, slots=True)
class IsNull(Meant):
    """The path leads to a null."""

    term: Get


@dataclass(frozen=True, slots=True)
class Exists(Meant):
    """The path leads to something, be it null."""

    term: Get


@dataclass(frozen=True, slots=True)
class Empty(Meant):
    """A text, list or object is there and has length 0."""

    term: Term


@dataclass(frozen=True, slots=True)
class Holds(Meant):
    """A boolean value used as a condition: it is there and is true."""

    term: Term


@dataclass(frozen=True, slots=True)
class Among(Meant):
    """Quantified over elements: `quantifier` is any, every or no; the element is bound to `variable`."""

    quantifier: str
    variable: str
    collection: Term
    condition: Condition


@swift
@dataclass(frozen=True, slots=True)
class All(Meant):
    """Every part holds; evaluated left to right, stopping at the first that does not."""

    parts: tuple[Condition, ...]


@swift
@dataclass(frozen=True, slots=True)
class Any(Meant):
    """Some part holds; evaluated left to right, stopping at the first that does."""

    parts: tuple[Condition, ...]


@swift
@dataclass(frozen=True, slots=True)
class Not(Meant):
    """Not: the part does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Constant(Meant):
    """A condition whose value is known."""

    value: bool


Condition: TypeAlias = "Test | Present | IsNull | Exists | Empty | Holds | Among | All | Any | Not | Constant"
