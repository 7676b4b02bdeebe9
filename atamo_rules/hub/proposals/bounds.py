"""What submitted rules may not do, whoever approves them: reach beyond their level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from atamo_rules.hub.evaluators.owned import owner_in
from atamo_rules.hub.people.numbering import homes
from atamo_rules.hub.proposals.proposal import CODE, space_of
from atamo_rules.model.people import Directory, Who
from atamo_rules.model.rule import Plan, Rule, Ruleset
from atamo_rules.source.span import Source, space_named
from atamo_rules.syntax import declarations as decl
from atamo_rules.syntax.read import read

OWN = (decl.Pack, decl.Use, decl.Param, decl.ListDecl, decl.Define, decl.Rule, decl.Test)
"""What a level below the hub's may declare. Event types and agents are everybody's."""


def foreign(level: Who | None, files: Mapping[str, str | None]) -> Iterator[str]:
    """A sentence for each declaration in the files that is not this level's to make, and each file of code that is not
    owned by it."""
    if level is None:
        return
    for name, text in files.items():
        if text is None:
            continue
        if name.endswith(CODE):
            if owner_in(text) != level:
                yield f"{name}: it is not owned by {level}: write `# owner: {level}` as its first line"
            continue
        for item in read(Source(name, text))[0].declarations:
            if not isinstance(item, OWN):
                what = type(item).__name__.removesuffix("Decl").lower()
                yield f"{item.span}: {what} declarations are the hub's: only rules of the level `hub` make them"


def declares(level: Who | None, files: Mapping[str, str | None]) -> bool:
    """Whether the rule files declare what is everybody's. They are not compiled with the rules of others then: what
    becomes of those would be told by it."""
    return any(foreign(level, {name: text for name, text in files.items() if not name.endswith(CODE)}))


def beyond(level: Who | None, files: Mapping[str, str | None], ruleset: Ruleset) -> Iterator[str]:
    """A sentence for each way in which a rule of these files reaches beyond its level."""
    if level is None:
        return
    for rule in ruleset.rules:
        if rule.span.source.name in files:
            yield from _of(level, rule)


def touches(level: Who | None, files: Mapping[str, str | None], then: Ruleset, now: Ruleset) -> bool:
    """Whether rules of others mean something else by these files: they declare a name that stands there for a word, a
    function, or what was declared for all. Those of an organisation's people may rest on what it declares."""
    if level is None:
        return False
    places = {name.rpartition("/")[0] for name in files}
    own = {space_of(name) for name in files} - {""} if level.kind == "organisation" else set[str]()
    before = {rule.id: rule.digest for rule in then.rules}
    return then.tables != now.tables or any(
        before.get(rule.id, rule.digest) != rule.digest
        and rule.space not in own
        and rule.span.source.name.rpartition("/")[0] not in places
        for rule in now.rules
    )


def _of(level: Who, rule: Rule) -> Iterator[str]:
    if rule.scope.owner != level:
        yield f'{rule.span}: `{rule.id}` is not owned by {level}: write `owner "{level}"` below it or its pack'
    if rule.stop and level.kind != "organisation":
        yield f"{rule.span}: `{rule.id}` stops: rules of a {level.kind} cannot end an event for the rules of others"
    for plan in _every(rule.plans):
        if plan.acting_as is not None and plan.acting_as != level:
            mine = f"rules of {level} act as the event's user or as {level}"
            yield f"{plan.span}: `{rule.id}` acts as {plan.acting_as}: {mine}"


def met_by(rule: Rule, space: str, people: Directory) -> bool:
    """Whether a test that an organisation submitted is run on a rule: on its own, and on those that are everybody's."""
    if rule.space:
        return rule.space == space
    of = [rule.scope.owner] if rule.scope.owner is not None else rule.scope.include
    return not of or any({space_named(home) for home in homes(one, people)} == {space} for one in of)


def _every(plans: tuple[Plan, ...]) -> Iterator[Plan]:
    for plan in plans:
        yield plan
        yield from _every(plan.on_timeout)
