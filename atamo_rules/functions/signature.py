"""What a built-in function is: its name, its typed parameters, its result, and examples that run as tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from atamo_rules.model.types import Json, Type

LONGEST_TEXT = 1_048_576
"""Characters any function may give back; a longer result is absent."""
MOST_ITEMS = 100_000
"""Elements any function may give back."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `kinds` are among text, number, whole, boolean, moment, date, duration, list, record, any."""

    name: str
    kinds: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A pure function of values. `call` gets runtime values (text str, number int or Decimal, moment aware
    datetime, date, duration timedelta, list, record dict) and gives one, or ABSENT.

    `examples` are pairs of an expression of the language and its value as JSON.
    """

    name: str
    about: str
    parameters: tuple[Parameter, ...]
    result: Type | Callable[[tuple[Type, ...]], Type]
    call: Callable[..., Any]
    examples: tuple[tuple[str, Json], ...]


def takes(*names: str, optional: str = "") -> tuple[Parameter, ...]:
    """Parameters from short forms such as `text:text`, `items:list`; `optional` is one more, in the same form."""
    made = [Parameter(name, tuple(kinds.split("|"))) for name, _, kinds in (n.partition(":") for n in names)]
    if optional:
        name, _, kinds = optional.partition(":")
        made.append(Parameter(name, tuple(kinds.split("|")), optional=True))
    return tuple(made)
