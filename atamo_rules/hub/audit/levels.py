"""What each kind of record is about, and the least level of the audit that keeps it."""

from __future__ import annotations

from collections.abc import Mapping

from atamo_rules.model.audit import LEVELS, Kind, Level

MEANING: Mapping[Kind, tuple[Level, str]] = {
    "hub.started": ("minimal", "the hub began to take events"),
    "hub.stopped": ("minimal", "it took no more; how many actions were left open"),
    "hub.recovered": ("minimal", "what a process before had left open, and is gone on with"),
    "hub.degraded": ("minimal", "a part of the hub goes on with what it knew before, and why"),
    "rules.activated": ("minimal", "another generation of the rules is in force"),
    "rules.rejected": ("minimal", "a change of the rules was not taken, and why"),
    "rules.submitted": ("minimal", "somebody proposed rules, for whose events, against which rules"),
    "rules.verified": ("minimal", "a proposal was checked, and can be approved"),
    "rules.refused": ("minimal", "a proposal was found wrong, or somebody rejected it, and why"),
    "rules.approved": ("minimal", "somebody approved a proposal: its rules are in force"),
    "rules.withdrawn": ("minimal", "a proposal was taken back before it was decided"),
    "rules.rolled_back": ("minimal", "what a proposal brought was taken back"),
    "agent.registered": (
        "minimal",
        "the program that holds the hub gave an agent, perhaps in place of another",
    ),
    "agent.removed": ("minimal", "it took an agent of its own back"),
    "source.opened": ("minimal", "an event provider began to bring events in"),
    "source.broken": ("minimal", "an event provider raised; it is started again after a while"),
    "provider.activated": (
        "minimal",
        "a state of a provider beside the rules is in force: its version, and the digest of the state",
    ),
    "provider.rejected": ("minimal", "a change of a provider beside the rules was not taken, and why"),
    "provider.broken": (
        "minimal",
        "what tells the states of a provider raised; it is started again after a while",
    ),
    "provider.failed": (
        "decisions",
        "a provider had nothing for an event, or some that could not be taken, and why",
    ),
    "event.accepted": ("minimal", "an event was kept"),
    "event.duplicate": ("minimal", "an event came again, with the same content"),
    "event.refused": ("minimal", "an event was not kept, and why"),
    "event.quarantined": ("minimal", "an event that breaks its type was kept, and no rule sees it"),
    "event.decided": ("minimal", "what the rules made of an event: how many were tried, which matched"),
    "event.unrouted": ("decisions", "no rule matched"),
    "event.hops": ("minimal", "a chain of events from events was cut off"),
    "event.finished": ("minimal", "nothing more follows from an event"),
    "event.erased": (
        "minimal",
        "what an event said was erased: by whom, why, and which records are hollow since",
    ),
    "rule.evaluated": (
        "full",
        "a rule that matched, failed, or nearly matched, and the sub-conditions that decided",
    ),
    "rule.resumed": ("decisions", "a rule goes on after its `ask`, with an answer or without"),
    "window.moved": (
        "full",
        "what an event did to a window or a throttle of a rule, such as `3 of 5 within 10 minutes`",
    ),
    "window.reset": (
        "minimal",
        "a rule was changed or taken away, and what its windows held with it; how many keys",
    ),
    "window.evicted": ("minimal", "windows made room for newer ones: their rule had too many keys"),
    "action.created": ("decisions", "a rule wants something done: what, by which agent, as whom"),
    "action.started": ("full", "an attempt begins; it is counted before it runs"),
    "action.done": ("minimal", "an attempt succeeded, and with it the action"),
    "action.retry": ("decisions", "an attempt failed, and when it will be tried again"),
    "action.failed": ("minimal", "an action was given up: it is a dead letter, unless a rule waits for it"),
    "action.timeout": ("minimal", "an `ask` was not answered in time"),
    "action.lost": ("decisions", "an attempt ended with its process; it counts"),
    "action.late": ("decisions", "an attempt ended after somebody else had taken the action"),
    "action.joined": ("full", "an action shares the call of another that asks the same"),
    "action.cancelled": ("minimal", "somebody had an action ended"),
    "action.expired": ("minimal", "an action's time was over before it was done"),
    "action.redriven": ("minimal", "a dead letter is done again; by whom, and whether with another body"),
    "action.discarded": ("minimal", "a dead letter was taken away for good, and by whom"),
    "work.paused": ("minimal", "an agent, a rule or an organisation is held"),
    "work.resumed": ("minimal", "and goes on"),
    "breaker.opened": ("minimal", "an agent failed so often that it is left alone for a while"),
    "breaker.closed": ("minimal", "it answered again"),
    "reply.sent": ("decisions", "an answer was kept for whoever asked"),
    "reply.late": ("decisions", "an answer came after the request was complete"),
    "reply.delivered": (
        "decisions",
        "the answers of a request were handed back by the source that brought it",
    ),
    "reply.undelivered": ("minimal", "they were not, and will not be: why"),
    "reply.dropped": ("decisions", "answers were let go: their time was over"),
    "request.opened": ("decisions", "a request waits for answers, and whose"),
    "request.partial": ("full", "some of them have come"),
    "request.completed": ("minimal", "all that it waited for have come"),
    "request.degraded": ("minimal", "it is over, and some that it waited for failed"),
    "request.failed": ("minimal", "it is over, and all that it waited for failed"),
    "request.expired": ("minimal", "its time was over"),
    "request.cancelled": ("minimal", "whoever asked wants no more"),
    "feed.joined": ("full", "a reader joined a feed"),
    "feed.closed": ("decisions", "a feed ended"),
    "cache.hit": ("full", "an answer was there already"),
    "cache.stale": ("full", "an old answer was given, and a new one is asked for"),
    "cache.negative": ("full", "the same call failed a moment ago: it was not made again"),
    "alert.raised": ("minimal", "something passed a threshold"),
    "access.denied": ("minimal", "somebody was not allowed to"),
    "key.created": (
        "minimal",
        "a key was made: for whom, by whom, who else may have it, and what it gives of itself",
    ),
    "key.revoked": ("minimal", "a key opens nothing any more"),
    "people.changed": (
        "minimal",
        "somebody made or changed an organisation, a group, a user or a service account",
    ),
    "people.removed": ("minimal", "somebody took one away"),
    "secret.set": (
        "minimal",
        "somebody's token for an agent was kept: its name and version, never the token",
    ),
    "secret.used": ("minimal", "an agent was handed somebody's token: whose, for which host and action"),
    "secret.missing": (
        "minimal",
        "there was no token for an action: whose, for which host; nobody was called",
    ),
    "secret.rotated": (
        "minimal",
        "a token was sealed under another key, or bought anew from its token server",
    ),
    "secret.removed": ("minimal", "a token was forgotten"),
    "consent.given": ("minimal", "somebody agreed that rules of an owner act as them with an agent"),
    "consent.withdrawn": ("minimal", "and does so no longer"),
    "audit.checkpoint": ("minimal", "the tree's size and root, and which witnesses keep them"),
    "audit.gap": ("minimal", "the log is not what a witness saw, or records do not add up"),
    "audit.level": ("minimal", "from here on another level is kept"),
}
"""By kind."""


def keeps(level: Level, kind: Kind) -> bool:
    """Whether a level keeps records of a kind."""
    return _RANK[MEANING[kind][0]] <= _RANK[level]


_RANK = {level: rank for rank, level in enumerate(LEVELS)}
