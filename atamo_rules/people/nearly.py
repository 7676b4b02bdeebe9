"""Names in rules that the people files have nearly.

A rule for a group that is misspelt never fires, and one that leaves a group out leaves out nobody.

For whoever has the project's files alone: of rules that others submit nothing may be said that tells who there is.
People may also come by HTTP, by the sign-in of an issuer, or from nowhere but their events. So a name that is not known
is no mistake; one that differs from a known one by a letter or two is asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from difflib import get_close_matches

from atamo_rules.model.people import Directory, Who
from atamo_rules.model.rule import Plan, Ruleset
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic

_LIKE = 0.8
_NO_DIGITS = str.maketrans("", "", "0123456789")


def nearly(ruleset: Ruleset, people: Directory) -> Iterator[Diagnostic]:
    """Every name that a rule says and that looks like one of the people files; once for each rule or action."""
    known = {
        "user": set(people.users),
        "group": people.groups.union(*(user.groups for user in people.users.values())),
        "organisation": set(people.organisations),
    }
    for rule in ruleset.rules:
        scope = rule.scope
        for who in dict.fromkeys((*scope.include, *scope.exclude, *((scope.owner,) if scope.owner else ()))):
            if near := meant(who, known[who.kind]):
                said = f"no people file has `{who}`, which `{rule.id}` names"
                yield codes.NEARLY_KNOWN.at(rule.span, said, help=near)
        for plan in _plans(rule.plans):
            who_acts = plan.acting_as
            if who_acts is not None and (near := meant(who_acts, known[who_acts.kind])):
                said = f"no people file has `{who_acts}`, as whom this is done"
                yield codes.NEARLY_KNOWN.at(plan.span, said, help=near)


def meant(who: Who, known: Set[str]) -> str:
    """A known name that may be meant; nothing where it is known, or only counts on: `team-2` is not `team-1`."""
    if who.name in known:
        return ""
    others = [one for one in known if one.translate(_NO_DIGITS) != who.name.translate(_NO_DIGITS)]
    near = get_close_matches(who.name, sorted(others), n=1, cutoff=_LIKE)
    return f"did you mean `{who.kind} {near[0]}`?" if near else ""


def _plans(plans: tuple[Plan, ...]) -> Iterator[Plan]:
    for plan in plans:
        yield plan
        yield from _plans(plan.on_timeout)
