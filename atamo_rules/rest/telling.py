"""What a hub tells over HTTP: the audit, the story of one event, why a rule did or did not fire, how it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.functions.printing import jsonable
from atamo_rules.hub.audit.search import Found, Query, search
from atamo_rules.hub.erasing import erasure_of
from atamo_rules.hub.history.replay import decision_facts, timed_rules
from atamo_rules.hub.history.trace import document, erased_document, record_json, why
from atamo_rules.hub.hub import Hub
from atamo_rules.model.audit import FAMILIES, KINDS, AuditRecord
from atamo_rules.model.authority import Resource
from atamo_rules.model.decision import Decision
from atamo_rules.model.event import Event
from atamo_rules.model.rule import Rule, Ruleset
from atamo_rules.people.decide import everywhere
from atamo_rules.people.roles import LOCAL
from atamo_rules.rest import meant
from atamo_rules.rest.access import Access, principal
from atamo_rules.rest.bodies import prefer_wait
from atamo_rules.rest.erasing import erased_problem
from atamo_rules.rest.meant import ANOTHERS, of_event
from atamo_rules.rest.operating import hold_json
from atamo_rules.rest.pages import next_link
from atamo_rules.rest.parameters import moment, text, whole, yes
from atamo_rules.rest.problem import Problem, json_response
from atamo_rules.rest.sse import LOOK
from atamo_rules.rest.told import Told
from atamo_rules.rest.visible import Looked, Page

FEW, MOST = 100, 1000
"""Records of one page: unless said otherwise, and at most."""
LONGEST = 1 << 53
"""The largest position that is asked for."""


class Telling:
    """The handlers, over whichever hub is running."""

    def __init__(self, hub: Callable[[], Hub], access: Access) -> None:
        self.hub = hub
        self.access = access
        self.looked = Looked()

    async def audit(self, request: Request) -> Response:
        """Records after a position that fit, oldest first; `Prefer: wait=N` waits for the first."""
        rule = meant.rule_named(self.access, request, text(request, "rule"))
        query, told = _query(request, rule), self.access.told(request)
        after = told.into(whole(request, "after", 0, LONGEST))
        limit = whole(request, "limit", FEW, MOST) or 1
        hub, seconds = self.hub(), prefer_wait(request)
        if query.event:
            query = replace(query, event=await meant.key_of(self.access, request, query.event) or query.event)
        found = await self._seen(request, query, after, limit)
        while seconds and found.end and not found.items:
            begun = hub.clock.passed()
            await hub.tally.news(found.looked, min(seconds, LOOK))
            seconds -= hub.clock.passed() - begun
            await self.access.again(request, "audit.read")
            found = await self._seen(request, query, found.cursor, limit)
            if seconds <= 0:
                break
        records = [told.record(record_json(record)) for record in found.items]
        cursor = told.out(found.cursor)
        link = {} if found.end else next_link(request, cursor)
        return json_response({"records": records, "cursor": cursor, "end": found.end}, headers=link)

    async def _seen(self, request: Request, query: Query, after: int, limit: int) -> Page[AuditRecord]:
        """A page of what somebody may see."""
        hub, who = self.hub(), principal(request)
        if everywhere(who, "audit.read"):
            found = await self._page(hub, query, after, limit)
            return Page(found.records, found.cursor, found.end, found.cursor)

        async def see(record: AuditRecord) -> AuditRecord | None:
            return record if await meant.sees_record(self.access, request, record) else None

        whose = ("audit", who.user, who.grants, who.limits, query)
        return await self.looked.page(
            whose, lambda at, most: self._page(hub, query, at, most), see, after, limit
        )

    async def _page(self, hub: Hub, query: Query, after: int, limit: int) -> Found:
        return await search(lambda at, most: hub.store.audit(at, most, query.event), query, after, limit)

    async def checkpoint(self, request: Request) -> Response:
        """The newest checkpoint, as the note that witnesses keep: whoever takes it is a witness too. It says how many
        records there are, so it is for those who may see all of them."""
        await self.access.require(request, "audit.read", Resource("audit"))
        notary = self.hub().notary
        if notary is None or notary.latest is None:
            raise Problem(404, "no-checkpoint", "there is no checkpoint yet", remedy="ask again in a minute")
        return Response(notary.latest.written, media_type="text/plain; charset=utf-8")

    async def trace(self, request: Request) -> Response:
        """The whole story of one event; of one that was erased, its steps."""
        hub, key = self.hub(), await meant.message(self.access, request)
        told = await hub.store.told(key) if key is not None else None
        names = self.access.told(request)
        if key is not None and told is not None and told["state"] == "erased":
            return json_response(_named_anew(names, await self._erased(request, key, told)))
        event = await self._there(key)
        assert told is not None, "an event that is kept is told"
        found = await self._page(hub, Query(event=event.key), 0, 10 * MOST)
        then = await self._rules_of(names, str(told.get("digest") or ""))
        made = document(event, told, found.records, hub.current.ruleset, then)
        if principal(request) != LOCAL:
            rules = (then or hub.current.ruleset).rules
            known = {rule.id for rule in rules if meant.sees_rule(self.access, request, rule)}
            made["rules"] = [
                one for one in made["rules"] if one["outcome"] != "out of scope" or one["rule"] in known
            ]
            made["records"] = [one for one in made["records"] if one["kind"] not in ANOTHERS]
        return json_response(_named_anew(names, made))

    async def _rules_of(self, names: Told, digest: str) -> Ruleset | None:
        """The rules of a digest; in place of those that are no longer kept those of now, where they are the same to
        whoever asks."""
        hub = self.hub()
        rules = await hub.rules_of(digest)
        if rules is None and names.digest(digest) == names.digest(hub.current.digest) != "":
            return hub.current.ruleset
        return rules

    def _known(self, request: Request, ruleset: Ruleset, event: Event) -> dict[str, Rule]:
        """The rules that whoever asks may be told of, by their ids."""
        return {
            rule.id: rule
            for rule in ruleset.rules
            if rule.scope.admits(event.user) or meant.sees_rule(self.access, request, rule)
        }

    async def why(self, request: Request) -> Response:
        """One rule's condition on one event, with every value, under the rules that decided it; those of now where
        they did not have it, are no longer kept, or `now` is asked for."""
        hub, event = await self._event(request)
        name = text(request, "rule")
        own = meant.own_name(request, name)
        told = await hub.store.told(event.key)
        digest = str(told.get("digest") or "") if told is not None else ""
        ruleset = hub.current.ruleset
        by_id = self._known(request, ruleset, event)
        if not yes(request, "now"):
            then = await self._rules_of(self.access.told(request), digest)
            if then is not None and {own, name} & (before := self._known(request, then, event)).keys():
                ruleset, by_id = then, before
        name = own if own in by_id else name
        if name not in by_id:
            from difflib import get_close_matches

            near = get_close_matches(name, by_id, n=1)
            hint = f"did you mean `{near[0]}`?" if near else "GET /v1/rules lists them"
            raise Problem(404, "unknown-rule", f"there is no rule `{name[:80]}`", remedy=hint)
        moved = await self._page(hub, Query(kind="window.moved", event=event.key), 0, MOST)
        found, names = why(event, by_id[name], moved.records), self.access.told(request)
        return json_response(
            {
                "event": event.key,
                "type": event.type,
                "decided_under": names.digest(digest) or None,
                "rules_now": names.digest(hub.current.digest),
                "under": names.digest(ruleset.digest),
                **found,
            }
        )

    async def decided(self, request: Request) -> Response:
        """Events with what was decided of them when they came in, oldest first: what `atamo replay` decides again."""
        hub = self.hub()
        query = Query(kind="event.decided", since=moment(request, "since"), until=moment(request, "until"))
        limit, wanted = whole(request, "limit", FEW, MOST) or 1, text(request, "type")
        who, told = principal(request), self.access.told(request)
        timed: dict[str, tuple[Rule, ...]] = {}

        async def see(record: AuditRecord) -> dict[str, Any] | None:
            event = await hub.store.event(record.event)
            decision = await hub.store.decision(record.event)
            if event is None or decision is None or wanted not in ("", event.type):
                return None
            if not self.access.sees(request, "audit.read", of_event(event)):
                return None
            if decision.digest not in timed:
                rules = await self._rules_of(told, decision.digest)
                timed[decision.digest] = timed_rules(rules) if rules is not None else ()
            apart = [rule.id for rule in timed[decision.digest] if rule.scope.admits(event.user)]
            made = _decided(event, decision)
            made["decision"]["digest"] = told.digest(decision.digest)
            return {**made, "timed": apart}

        found = await self.looked.page(
            ("decided", who.user, who.grants, who.limits, query, wanted),
            lambda at, most: self._page(hub, query, at, most), see,
            told.into(whole(request, "after", 0, LONGEST)), limit,
        )  # fmt: skip
        cursor = told.out(found.cursor)
        link = {} if found.end else next_link(request, cursor)
        return json_response({"events": list(found.items), "cursor": cursor, "end": found.end}, headers=link)

    async def _erased(self, request: Request, key: str, told: Mapping[str, Any]) -> dict[str, Any]:
        """What is left to tell of an event that was erased."""
        hub = self.hub()
        found = await self._page(hub, Query(event=key), 0, 10 * MOST)
        records = [one for one in found.records if principal(request) == LOCAL or one.kind not in ANOTHERS]
        return erased_document(key, told, records, hub.current.digest)

    async def status(self, request: Request) -> Response:
        """How the hub stands: what is open, what it did since it started, agent by agent."""
        await self.access.require(request, "hub.read", Resource("hub"))
        hub = self.hub()
        depth = await hub.store.depth()
        return json_response(
            {
                "digest": hub.current.digest,
                "rules": len(hub.current.ruleset.rules),
                "accepting": hub.accepting,
                "uptime": round(hub.clock.passed() - hub.since, 3),
                "open": asdict(depth),
                "paused": [hold_json(hold) for hold in await hub.store.paused()],
                "limited": [one for lane in hub.lanes.values() if (one := lane.limited())],
                "sources": hub.ways.document(),
                "providers": hub.panel.document(),
                **hub.tally.document(),
            }
        )

    async def _event(self, request: Request) -> tuple[Hub, Event]:
        return self.hub(), await self._there(await meant.message(self.access, request))

    async def _there(self, key: str | None) -> Event:
        """An event that is kept. Raises Problem."""
        hub = self.hub()
        event = await hub.store.event(key) if key is not None else None
        if event is None:
            erased = await erasure_of(hub, key) if key is not None else None
            if erased is not None:
                raise erased_problem(erased)
            raise Problem(
                404,
                "unknown-id",
                "nothing is kept under this id",
                remedy="search for it: atamo audit search --text",
            )
        return event


def _named_anew(names: Told, made: dict[str, Any]) -> dict[str, Any]:
    """The story of an event, in the numbers and names of whoever is told it."""
    event = made["event"]
    if "digest" in event:
        made["event"] = {**event, "digest": names.digest(str(event["digest"]))}
    made["decided_under"], made["rules_now"] = map(names.digest, (made["decided_under"], made["rules_now"]))
    made["records"] = [names.record(one) for one in made["records"]]
    return made


def _decided(event: Event, decision: Decision) -> dict[str, Any]:
    user = event.user
    return {
        "key": event.key,
        "id": event.id,
        "type": event.type,
        "source": event.source,
        "time": jsonable(event.at),
        "user": user.name if user is not None else None,
        "groups": sorted(user.groups) if user is not None else [],
        "organisation": user.organisation if user is not None else "",
        "data": event.body,
        "decision": decision_facts(decision),
    }


def _query(request: Request, rule: str) -> Query:
    kind = text(request, "kind")
    if "kind" in request.query_params and kind not in FAMILIES and kind not in KINDS:
        from difflib import get_close_matches

        near = get_close_matches(kind, KINDS, n=1)
        hint = f"did you mean `{near[0]}`?" if near else "a family of kinds ends with a dot: `action.`"
        raise Problem(400, "parameter", f"there is no kind of record `{kind[:80]}`", remedy=hint)
    return Query(
        text(request, "event"),
        kind,
        text(request, "who"),
        rule,
        text(request, "agent"),
        text(request, "text"),
        moment(request, "since"),
        moment(request, "until"),
    )
