"""A Sigma correlation as rules of ours: a count, a count of values, a sequence, or a rule for each order of events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from atamo_rules.importers.sigma.correlation import COUNTS, Correlation
from atamo_rules.importers.sigma.document import Document
from atamo_rules.importers.sigma.fields import Fields
from atamo_rules.importers.sigma.logsource import LogSource, log_source, told_by_fields
from atamo_rules.importers.sigma.metadata import metadata
from atamo_rules.importers.sigma.rule import detected
from atamo_rules.importers.sigma.shared import Home, Shared, agent, alert, placeholders, where
from atamo_rules.importers.sigma.trouble import Malformed, Unsayable
from atamo_rules.importers.sigma.values import joined
from atamo_rules.source import codes
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax import tree

MOST = 3
"""Rules whose events may come in any order: there are six orders of three, and thirteen where one event may be of
several."""


@dataclass(frozen=True, slots=True)
class Member:
    """A rule that a correlation is about. `keys` are the fields by which its events are grouped."""

    document: Document
    source: LogSource
    event: str
    keys: tuple[str, ...]


Groups = tuple[tuple[Member, ...], ...]
"""Events in their order; each is what all rules of its group detect."""


def correlated(
    made: Correlation, name: str, documents: Sequence[Document], home: Home
) -> tuple[tuple[decl.Rule, ...], tuple[Shared, ...]]:
    """The rules, and the declarations they need around them; `documents` are those of `made.rules`. Several rules are
    called `name (1 of 2)` and so on. Raises Malformed and Unsayable."""
    members = tuple(_member(made, at, document, home) for at, document in enumerate(documents))
    rules: tuple[decl.Rule, ...]
    if made.type in COUNTS:
        rules = (_counted(made, name, members, home),)
    elif made.type == "temporal_ordered":
        rules = (_followed(made, name, tuple((one,) for one in members), home),)
    else:
        rules = _in_any_order(made, name, members, home)
    around = [one for member in members for one in where(member.source, home)[1]]
    return rules, (*around, *(one for rule in rules for one in placeholders(rule)), agent(made.document.span))


def _member(made: Correlation, at: int, document: Document, home: Home) -> Member:
    source = log_source(document)
    names = (made.rules[at], document.text("name"), document.text("id"))
    keys: list[str] = []
    for key in made.keys:
        fields = made.aliases.get(key)
        if fields is None:
            keys.append(key)
            continue
        field = next((fields[name] for name in names if name in fields), None)
        if field is None:
            message = f"`{key}` does not say what it is called in `{made.rules[at]}`"
            raise Malformed(codes.YAML_SHAPE, made.document.entries["correlation"].span, message)
        keys.append(field)
    return Member(document, source, home.event_type or source.name, tuple(keys))


# --- counts ---------------------------------------------------------------------------------------------


def _counted(made: Correlation, name: str, members: Sequence[Member], home: Home) -> decl.Rule:
    """One rule on one type of event, which is what any of the members detects."""
    span = made.document.span
    if len({one.event for one in members}) > 1:
        raise Unsayable(
            "it counts events of several log sources, each with an event type of its own; "
            "`--event-type` has all on one",
            span,
        )
    if len({one.keys for one in members}) > 1:
        raise Unsayable("it counts events together whose keys are different fields", span)
    fields = Fields()
    parts = [
        joined((*where(one.source, home)[0], detected(one.document, fields)), every=True, span=span)
        for one in members
    ]
    condition = joined(list(dict.fromkeys(parts)), every=False, span=span)
    on = decl.On(tree.Name(members[0].event, span=span), span=span)
    by = tuple(fields.path(key, span) for key in members[0].keys)
    of = (fields.path(made.field, span),) if made.field else ()
    if made.least == 1:
        return _rule(made, name, on, (condition, *(_present(path) for path in (*by, *of))))
    least = tree.Literal(made.least, span=span)
    trigger: decl.Trigger = decl.Times(on, least, made.within, by, span=span)
    if of:
        trigger = decl.Different(on, least, of, made.within, by, span=span)
    return _rule(made, name, trigger, (condition,))


# --- events that belong together ------------------------------------------------------------------------


def _in_any_order(
    made: Correlation, name: str, members: Sequence[Member], home: Home
) -> tuple[decl.Rule, ...]:
    """A rule for each order in which the events may come."""
    own = tuple(one for at, one in enumerate(members) if made.rules.index(made.rules[at]) == at)
    if len(own) > MOST:
        reason = (
            f"it joins {len(own)} rules in any order, and there is a rule for each order of {MOST} at most"
        )
        raise Unsayable(reason, made.document.span)
    orders = tuple(_orders(own))
    return tuple(
        _followed(made, f"{name} ({at} of {len(orders)})" if len(orders) > 1 else name, groups, home)
        for at, groups in enumerate(orders, 1)
    )


def _orders(members: tuple[Member, ...]) -> Iterator[Groups]:
    """Every order of members; those of one type of event may also be detected in one event."""
    if not members:
        yield ()
    for size in range(1, len(members) + 1):
        for chosen in combinations(range(len(members)), size):
            first = tuple(members[at] for at in chosen)
            rest = tuple(one for at, one in enumerate(members) if at not in chosen)
            if len({one.event for one in first}) == 1:
                yield from ((first, *later) for later in _orders(rest))


def _followed(made: Correlation, name: str, groups: Groups, home: Home) -> decl.Rule:
    """A rule on one event after another, called `e1`, `e2` and so on; on one event alone, where there is one group."""
    span = made.document.span
    last = len(groups) - 1
    conditions: list[tree.Expr] = []
    ons: list[decl.On] = []
    for at, group in enumerate(groups):
        alias = f"e{at + 1}" if last else ""
        fields = Fields(root=alias, whole=at == last)
        ons.append(
            decl.On(
                tree.Name(group[0].event, span=span),
                alias=tree.Name(alias, span=span) if alias else None,
                span=span,
            )
        )
        for one in group:
            if home.event_type is not None and home.by_fields:
                conditions += told_by_fields(one.source, alias or "event")
            conditions.append(detected(one.document, fields))
    steps = [
        (Fields(root=f"e{at + 1}" if last else ""), one) for at, group in enumerate(groups) for one in group
    ]
    by: list[tree.Path] = []
    for at in range(len(made.keys)):
        names = {one.keys[at] for _, one in steps}
        if len(names) == 1:
            by.append(Fields().path(names.pop(), span))
            continue
        paths = list(dict.fromkeys(fields.path(one.keys[at], span) for fields, one in steps))
        conditions.append(_present(paths[0]))
        conditions += (tree.Compare("is", left, right, span=span) for left, right in pairwise(paths))
    if not last:
        return _rule(made, name, ons[0], (*conditions, *(_present(path) for path in by)))
    return _rule(made, name, decl.Then(tuple(ons), made.within, tuple(by), span=span), conditions)


def _present(path: tree.Path) -> tree.Expr:
    """What a key must be to be counted under."""
    return tree.State("is present", path, span=path.span)


def _rule(made: Correlation, name: str, trigger: decl.Trigger, conditions: Sequence[tree.Expr]) -> decl.Rule:
    document, span = made.document, made.document.span
    title = document.text("title")
    return decl.Rule(
        tree.Name(name, span=span),
        trigger,
        tree.Literal(title, span=span) if title else None,
        metadata=metadata(document),
        condition=joined(list(dict.fromkeys(conditions)), every=True, span=span),
        actions=(alert(document, name),),
        span=span,
    )
