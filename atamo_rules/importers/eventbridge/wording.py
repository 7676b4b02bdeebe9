"""What a field is asked, in the words of the language."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from atamo_rules.importers.eventbridge.folding import folds_alike, spelled_out
from atamo_rules.importers.eventbridge.pattern import (
    Alike,
    Ask,
    Between,
    Ends,
    Equal,
    Glob,
    Matches,
    Network,
    Plain,
    Starts,
    There,
    Unlike,
)
from atamo_rules.importers.eventbridge.wildcard import glob_text
from atamo_rules.importers.nodes import Nodes, Scalar
from atamo_rules.source.span import Span
from atamo_rules.syntax import tree

VALUE = "value"
"""What a value is called while several things are asked of it."""


class Words(Nodes):
    """Writes what is asked at one place of a foreign file. `dialect` decides what ignoring case means."""

    def __init__(self, span: Span, dialect: str) -> None:
        super().__init__(span)
        self.dialect = dialect

    def field(self, path: tree.Path, asks: Iterable[Ask]) -> tree.Expr:
        """That one of the values at a path is as one of these asks."""
        groups: dict[tuple[object, ...], list[Ask]] = {}
        for ask in asks:
            groups.setdefault(self._alike(ask), []).append(ask)
        return self.any_of([self._group(path, group) for group in groups.values()])

    def _alike(self, ask: Ask) -> tuple[object, ...]:
        """What two asks must have in common to go into one comparison with a list."""
        match ask:
            case Equal(None) | Between() | There() | Unlike() | Matches():
                return (ask,)
            case Alike():
                return (Alike, ask.part, folds_alike(ask.text, self.dialect))
        return (type(ask),)

    def _group(self, path: tree.Path, group: list[Ask]) -> tree.Expr:
        match group[0]:
            case Equal(None):
                return self.state(self.leaves(path), "is null")
            case There(there):
                return self.state(self.leaves(path), "exists" if there else "does not exist")
            case Unlike(others):
                value = self.path(VALUE)
                return self.quantified("any", VALUE, self.leaves(path), self._none(value, others))
            case Between(bounds):
                return self._between(path, bounds)
            case Matches(pattern):
                return self.compare(path, "matches", tree.Regex(pattern, span=self.span))
            case Network():
                return self._listed(
                    path, "is in network", [one.network for one in group if isinstance(one, Network)]
                )
        return self._plain(
            path, [one for one in group if isinstance(one, Equal | Alike | Starts | Ends | Glob)]
        )

    def _none(self, value: tree.Path, others: tuple[Plain, ...]) -> tree.Expr:
        """That a value is none of these, all of one kind."""
        spelled = [
            one for one in others if isinstance(one, Alike) and not folds_alike(one.text, self.dialect)
        ]
        plain = [one for one in others if one not in spelled]
        parts = [self._plain(value, plain, negated=True)] if plain else []
        parts += [self.compare(value, "does not match", self._spelled(one)) for one in spelled]
        return parts[0] if len(parts) == 1 else tree.AllOf(tuple(parts), span=self.span)

    def _plain(self, path: tree.Path, group: list[Plain], *, negated: bool = False) -> tree.Expr:
        """One comparison for asks of one kind."""
        first = group[0]
        match first:
            case Equal():
                values = [one.value for one in group if isinstance(one, Equal)]
                return self._one_of(path, values, negated=negated)
            case Starts():
                texts = [one.text for one in group if isinstance(one, Starts)]
                return self._listed(path, "does not start with" if negated else "starts with", texts)
            case Ends():
                texts = [one.text for one in group if isinstance(one, Ends)]
                return self._listed(path, "does not end with" if negated else "ends with", texts)
            case Glob():
                texts = [glob_text(one) for one in group if isinstance(one, Glob)]
                return self._listed(path, "is not like" if negated else "is like", texts)
            case Alike():
                folded = [one for one in group if isinstance(one, Alike)]
                if not folds_alike(first.text, self.dialect):
                    return self.any_of([self.compare(path, "matches", self._spelled(one)) for one in folded])
                texts = [one.text for one in folded]
                if first.part == "whole":
                    return self._one_of(path, texts, negated=negated, folded=True)
                operator = "starts with" if first.part == "start" else "ends with"
                return self._listed(path, operator, texts, folded=True)

    def _spelled(self, ask: Alike) -> tree.Regex:
        begin, end = ("" if ask.part == "end" else "^"), ("" if ask.part == "start" else "$")
        return tree.Regex(f"{begin}{spelled_out(ask.text, self.dialect)}{end}", span=self.span)

    def _between(self, path: tree.Path, bounds: tuple[tuple[str, int | Decimal], ...]) -> tree.Expr:
        if len(bounds) == 1:
            return self.compare(path, bounds[0][0], self.literal(bounds[0][1]))
        (above, low), (below, high) = bounds
        if (above, below) == (">=", "<="):
            both = tree.ListValue((self.literal(low), self.literal(high)), span=self.span)
            return self.compare(path, "is between", both)
        value = self.path(VALUE)
        parts = tuple(self.compare(value, name, self.literal(bound)) for name, bound in bounds)
        return self.quantified("any", VALUE, path, tree.AllOf(parts, span=self.span))

    def _one_of(
        self, path: tree.Path, values: Iterable[Scalar], *, negated: bool, folded: bool = False
    ) -> tree.Expr:
        once = dict.fromkeys((type(value), value) for value in values)  # `1` and `true` are two values
        literals = tuple(self.literal(value) for _, value in once)
        word = "is not" if negated else "is"
        if len(literals) == 1:
            return self.compare(path, word, literals[0], folded=folded)
        return self.compare(path, f"{word} one of", tree.ListValue(literals, span=self.span), folded=folded)

    def _listed(self, path: tree.Path, operator: str, texts: list[str], *, folded: bool = False) -> tree.Expr:
        literals = tuple(self.literal(text) for text in dict.fromkeys(texts))
        if len(literals) == 1:
            return self.compare(path, operator, literals[0], folded=folded)
        every = tree.ListValue(literals, span=self.span)
        return self.compare(path, operator, every, many="any", folded=folded)
