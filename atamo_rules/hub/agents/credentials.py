"""What an agent is given when it acts as somebody: by consent, at the moment of the call, and audited before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from atamo_rules.engine.decide import rule_of
from atamo_rules.errors import NoCredential, NotAllowed
from atamo_rules.hub import records
from atamo_rules.hub.evaluators.messages import rule_name
from atamo_rules.hub.people.consents import Consents as Consents
from atamo_rules.hub.ports import KeepingVault
from atamo_rules.model.people import Who
from atamo_rules.model.secret import Need, Secret
from atamo_rules.model.types import Json
from atamo_rules.people.consent import refusal, wall

if TYPE_CHECKING:
    from atamo_rules.hub.hub import Hub
    from atamo_rules.model.work import Work


async def load(hub: Hub) -> None:
    """Take what is kept of people, keys, consents and tokens, before anybody comes in and anything is done."""
    await hub.members.load()
    await hub.numbering.load(hub.current)
    await hub.keyring.load()
    await hub.leaving.load()
    await hub.consents.load()
    if isinstance(hub.vault, KeepingVault):
        await hub.vault.begin(hub.store, hub.clock)


async def credential(hub: Hub, work: Work, host: str, need: Need = "optional") -> Secret | None:
    """What whoever an action is done as has for its agent at a host: their own, else that of a group they are in now.
    None when there is nothing. Raises NotAllowed, audited, when there is and this rule may not use it there; and
    NoCredential, audited, when there is nothing and it is needed."""
    vault, subject = hub.vault, work.whose
    if vault is None or subject is None:
        if need == "required":
            why = "this hub has no vault" if vault is None else "it is done as nobody"
            await _missing(
                hub, work, subject, host, f"there is no credential for `{work.action.agent}` at {host}: {why}"
            )
        return None
    action, people = work.action, hub.current.intake.people
    known = people.users.get(subject.name) if subject.kind == "user" else None
    tenant = known.organisation if known is not None else work.organisation
    if (no := wall(tenant, work.organisation)) is not None:
        await _refused(hub, work, subject, host, no.reason)
    if hub.leaving.gone(subject):
        await _refused(hub, work, subject, host, f"{subject} is here no more")
    owner = owner_of(hub, work.event, work.rules, action.rule)
    groups = [Who("group", name) for name in sorted(known.groups)] if known is not None else []
    refused = ""
    for whose in (subject, *groups):
        why = refusal(owner, whose, tenant, action.agent, host, people, hub.consents.given.values())
        if why and isinstance(vault, KeepingVault):
            # Nothing is opened, or bought from a token server, for a rule that may not have it.
            if vault.holds(str(whose), action.agent, tenant):
                refused = refused or why
            continue
        try:
            secret = await vault.credential(str(whose), action.agent, host, organisation=tenant)
        except NotAllowed as error:
            refused = refused or str(error)
            continue
        if secret is None or why:
            refused = refused or (why if secret is not None else "")
            continue
        what = {"secret": secret.name, "version": secret.version, "of": str(whose), "host": host}
        await hub.write([records.of_action("secret.used", hub.clock.now(), work, **what)])
        return secret
    if refused:
        await _refused(hub, work, subject, host, refused)
    if need != "optional":
        why = f"there is no credential of {subject} for `{action.agent}` at {host}"
        await _missing(hub, work, subject, host, why)
    return None


def owner_of(hub: Hub, event: str, rules: str, rule: str) -> Who | None:
    """Whose rule, or whose provider, an event's action comes from; None of one that has no owner, or is there no
    more."""
    under = hub.retiring.under(event, rules)
    try:
        return rule_of(under.ruleset, rule).scope.owner
    except KeyError:
        said = (getattr(one, "owner", None) for one in under.evaluators if rule_name(one.name) == rule)
        return next(said, None)


async def _refused(hub: Hub, work: Work, whose: Who, host: str, why: str) -> NoReturn:
    what = {"of": "secret", "verb": "secret.use", "reason": why, "whose": str(whose), "host": host}
    await hub.write([records.of_action("access.denied", hub.clock.now(), work, **what)])
    raise NotAllowed(why)


async def _missing(hub: Hub, work: Work, whose: Who | None, host: str, why: str) -> NoReturn:
    what: dict[str, Json] = {"of": str(whose) if whose is not None else "nobody", "host": host}
    await hub.write([records.of_action("secret.missing", hub.clock.now(), work, **what)])
    raise NoCredential(why)
