"""How the fields of Sigma's events are spelt in our rules: each is one literal key, whatever characters it has."""

from __future__ import annotations

from dataclasses import dataclass

from atamo_rules.importers.sigma.modifiers import Key
from atamo_rules.importers.sigma.trouble import Unsayable
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree
from atamo_rules.syntax.words import NAME

RESERVED = frozenset(
    "and or not is in has any every no else true false null event param user now count".split()
)
"""Words that no field is called by at the front of a path."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of an event. `taken` are names that mean something else in the rule; `root` is what the event is
    called where it is one of several, and `whole` says that it is the one whose every field can be asked."""

    taken: frozenset[str] = frozenset()
    root: str = ""
    whole: bool = True

    def asked(self, key: Key) -> tree.Expr:
        """The left side of what is asked of a field; of keywords, any field. Raises Unsayable."""
        if key.field:
            return self.path(key.field, key.span)
        if not self.whole:
            raise Unsayable("keywords are asked of the last of several events only", key.span)
        return tree.AnyField(span=key.span)

    def path(self, field: str, span: Span) -> tree.Path:
        """A field: bare where that is a name and means nothing else, else behind `event`; behind `root`."""
        if self.root:
            return tree.Path(tuple(tree.Step(step, span=span) for step in (self.root, field)), span=span)
        bare = NAME.match(field) and field not in RESERVED and field not in self.taken
        steps = (field,) if bare else ("event", field)
        return tree.Path(tuple(tree.Step(step, span=span) for step in steps), span=span)
