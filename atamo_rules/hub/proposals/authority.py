"""Who may submit, see and decide a proposal: four eyes above one's own level, never a machine for itself."""

from __future__ import annotations

from atamo_rules.hub.proposals.proposal import Proposal, level_of, resource_of
from atamo_rules.model.authority import Allow, Principal
from atamo_rules.model.people import Directory, Who
from atamo_rules.people.decide import decide
from atamo_rules.people.roles import LOCAL

SAME = "it takes somebody else than its author to approve it"
ALONE = "rules of a user's own come in force by that user alone"
SERVICE = "a service does not approve what it submitted"
UNREAD = "code takes somebody else than its author to approve it"
EYES = (SAME, ALONE, SERVICE, UNREAD)
"""How a reason begins that whoever is refused is told: no grant would change it, and it tells of nobody's grants."""


def may_submit(who: Principal, level: Who | None, people: Directory) -> str:
    """Why somebody may not submit rules of a level; "" when they may."""
    resource = resource_of(level, people)
    decided = decide(who, "rules.change", resource)
    return "" if isinstance(decided, Allow) else decided.reason


def may_see(who: Principal, proposal: Proposal, people: Directory) -> bool:
    """Whether somebody may read a proposal: its author, and those who may read, or decide on, the rules of its level.
    Nobody sees into another organisation."""
    if who == LOCAL:
        return True
    if who.user.organisation and who.user.organisation != proposal.tenant:
        return False
    if proposal.is_by(who.user):
        return True
    resource = resource_of(level_of(proposal.level), people)
    return any(isinstance(decide(who, verb, resource), Allow) for verb in ("rules.approve", "rules.change"))


def may_decide(who: Principal, proposal: Proposal, people: Directory) -> str:
    """Why somebody may not approve a proposal, or take it back once it is in force; "" when they may. Rules
    of one's own events are one's own to approve; all others take somebody else, whose grant says so. A service approves
    nothing that it submitted, and nobody code of their own: few can read it well enough to see what it does not say.
    Whoever made a key for somebody else may be them: they count as both. Where nobody is asked who they are, there are
    no two pairs of eyes."""
    if who == LOCAL:
        return ""
    level = level_of(proposal.level)
    resource = resource_of(level, people)
    own = who.name == proposal.author
    if level is not None and level.kind == "user" and not _themselves(level.name, who, proposal):
        # They would act as this user, with what this user has for agents.
        lent = " and with no key that others made" if level.name in (who.name, proposal.author) else ""
        return f"{ALONE}{lent}"
    if own and who.name in people.services:
        return SERVICE
    if own and proposal.brings_code:
        return UNREAD
    if own and not who.made_by and proposal.level == f"user {who.name}":
        decided = decide(who, "rules.change", resource)
        return "" if isinstance(decided, Allow) else decided.reason
    decided = decide(who, "rules.approve", resource)
    if not isinstance(decided, Allow):
        return decided.reason
    if own:
        return SAME
    both = sorted(who.persons & proposal.persons)
    return f"{SAME}: `{both[0]}` may be both, by keys that they made" if both else ""


def _themselves(name: str, who: Principal, proposal: Proposal) -> bool:
    """Whether a user surely wrote a proposal or decides on it: by a key that nobody else may have."""
    return (who.name == name and not who.made_by) or (proposal.author == name and not proposal.made_by)
