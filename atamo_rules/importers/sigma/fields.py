"""How the fields of Sigma's events are spelt in our rules: each is one literal key, whatever characters it has."""

from __future__ import annotations

from dataclasses import dataclass

from atamo_rules.importers.sigma.modifiers import Key
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.words import NAME

RESERVED = frozenset(
    "and or not is in has any every no else true false null event param user now count".split()
)
"""Words that no field is called by at the front of a path."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a rule; `taken` are names that mean something else in it."""

    taken: frozenset[str] = frozenset()

    def asked(self, key: Key) -> tree.Expr:
        """The left side of what is asked of a field; of keywords, any field."""
        return self.path(key.field, key.span) if key.field else tree.AnyField(span=key.span)

    def path(self, field: str, span: Span) -> tree.Path:
        """A field: bare where that is a name and means nothing else, else behind `event`."""
        bare = NAME.match(field) and field not in RESERVED and field not in self.taken
        steps = (field,) if bare else ("event", field)
        return tree.Path(tuple(tree.Step(step, span=span) for step in steps), span=span)
