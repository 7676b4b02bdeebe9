"""The events of one type, and what can hold for them: an event that shows it, or that there is none."""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple

from atamo_rules.engine.examples import example
from atamo_rules.functions.absent import ABSENT
from atamo_rules.model.schema_check import validator
from atamo_rules.model.types import EventType, Json, Record
from atamo_rules.proof.formula import Formula, Path, true_of
from atamo_rules.proof.search import Effort, Search


class Verdict(Enum):
    """Whether something can be."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


class Answer(NamedTuple):
    """Whether a formula can hold; where it can, the body of an event for which it does, as the engine says, too, and
    what of it matters."""

    verdict: Verdict
    body: Json = None
    given: Json = None


class Space:
    """The events of one type. What its door refuses is not among them."""

    def __init__(self, event: EventType, *, more: bool = False, effort: Effort | None = None) -> None:
        self.event = event
        self.search = Search(event, more=more, effort=effort)

    def can(self, formula: Formula) -> Answer:
        """Whether a formula can hold for an event. NO is proved; YES is shown by an event that the schema lets in and
        the engine was asked about; OPEN is everything else."""
        model = self.search.model(formula)
        if model is None:
            return Answer(Verdict.OPEN if self.search.open else Verdict.NO)
        given = self._given(model)
        body = example(self.event.type, given) if isinstance(self.event.type, Record) else given
        if true_of(formula, body) and self._let_in(body):
            return Answer(Verdict.YES, body, given)
        return Answer(Verdict.OPEN)

    def _given(self, model: dict[Path, Any]) -> Json:
        given: dict[str, Any] = {}
        for path, value in sorted(model.items()):
            if value is ABSENT:
                continue
            here = given
            for step in path[:-1]:
                inner = here.setdefault(step, {})
                if not isinstance(inner, dict):
                    return given
                here = inner
            here.setdefault(path[-1], value)
        return given

    def _let_in(self, body: Json) -> bool:
        return self._check is None or bool(self._check.is_valid(body))

    @cached_property
    def _check(self) -> Any:
        schema: Any = self.event.schema
        return None if schema is None else validator(schema, formats=not self.event.foreign)
