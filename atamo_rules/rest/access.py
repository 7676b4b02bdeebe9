"""Who sends an HTTP request, and whether they may: asked once for the route, and again for each thing it names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.engine.decide import has_rule
from atamo_rules.engine.once import Once
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.intake import Admit
from atamo_rules.hub.proposals.proposal import resource_of
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.authority import Deny, Principal, Resource, Verb, belonging
from atamo_rules.model.event import Event, realm_of
from atamo_rules.model.people import Directory, User
from atamo_rules.model.rule import Rule
from atamo_rules.model.types import EventType
from atamo_rules.people.decide import anywhere, decide, everywhere, inside
from atamo_rules.people.roles import LOCAL, is_local
from atamo_rules.rest.parameters import header
from atamo_rules.rest.problem import Problem
from atamo_rules.rest.rates import Buckets, Rate
from atamo_rules.rest.told import HUBS, Told
from atamo_rules.source.span import space_named

Handler = Callable[[Request], Awaitable[Response]]
_told: Once[Principal, dict[tuple[str, bool], str]] = Once(lambda who: {})
"""Of each principal what `unsent` says of messages of their own, by type and whether it is a request."""
Authenticate = Callable[[Request], Awaitable[Principal | None]]
"""Who sends a request by some other means than a key; None when it is nobody that this knows."""

WHO = "atamo.principal"
"""Where it is kept in a request's scope who sends it."""
OWN_KEYS = (
    "sign in by the issuer, or with a key that was made where the hub runs "
    "(`atamo key create NAME --folder PROJECT`), or that you made with such a one"
)
"""How somebody comes by a key that nobody else may have."""
ANOTHERS = frozenset({"event.refused", "event.duplicate"})
"""Records that name an event, and tell of a message that somebody else may have sent under its name."""


class Access:
    """The door of a hub's HTTP interface. `others` are asked before the keys: a host's own sign-in, say. `rate` is how
    often each key may ask; without one as often as it likes."""

    def __init__(
        self, hub: Callable[[], Hub], others: tuple[Authenticate, ...] = (), rate: Rate | None = None
    ) -> None:
        self.hub = hub
        self.others = others
        self.buckets = Buckets(rate) if rate is not None else None

    def guarded(self, verb: Verb | None, handler: Handler) -> Handler:
        """A handler that is reached by those alone who may do this to anything at all; without a verb by everybody."""

        if verb is None:
            return handler

        async def guard(request: Request) -> Response:
            who = request.scope[WHO] = await self._known(request)
            if self.buckets is None:
                return await allowed(request, who)
            return await self._rated(request, who, allowed)

        def allowed(request: Request, who: Principal) -> Awaitable[Response]:
            if not anywhere(who, verb):
                self.denied(who, verb, "route", f"no grant of {who.name} gives {verb}")
                raise forbidden(verb)
            return handler(request)

        return guard

    async def _rated(
        self,
        request: Request,
        principal: Principal,
        handler: Callable[[Request, Principal], Awaitable[Response]],
    ) -> Response:
        """What a handler answers, if the key has not asked too often; with how it stands. Without keys every address
        counts for itself. Raises Problem, 429."""
        assert self.buckets is not None
        key = principal.key if not is_local(principal) else network(address_of(request))
        standing = self.buckets.take(key, self.hub().clock.passed())
        told = {"RateLimit-Policy": self.buckets.rate.policy, "RateLimit": standing.header}
        if not standing.may:
            raise Problem(
                429, "rate", "this key asks too often", f"{self.buckets.rate.policy}, and nothing is left",
                f"ask again in {standing.seconds} seconds",
                headers=(("Retry-After", str(standing.seconds)), *told.items()),
            )  # fmt: skip
        try:
            response = await handler(request, principal)
        except Problem as problem:
            response = problem.response()
        response.headers.update(told)
        return response

    async def _known(self, request: Request) -> Principal:
        hub = self.hub()
        keyring = hub.keyring
        for other in self.others:
            if (found := await other(request)) is not None:
                return found
        if not keyring.loaded:  # nobody may come in because the keys were not read yet
            await hub.start()
        if keyring.open and not self.others:  # a hub that has another sign-in is open to nobody
            return LOCAL
        scheme, _, text = header(request, b"authorization").partition(" ")
        key = text.strip() if scheme.lower() == "bearer" else ""
        asked = bool(key) and not keyring.open
        principal = await keyring.principal(key, hub.current.intake.people) if asked else None
        if principal is not None and not hub.leaving.left(principal.user.name):
            return principal
        address = address_of(request)
        wait = keyring.failures.add(network(address), hub.clock.passed()) if key else 0.0
        if wait:
            after = (("Retry-After", str(max(1, round(wait)))),)
            raise Problem(429, "too-many", "too many wrong keys came from this address", headers=after)
        if key:
            await hub.note("access.denied", reason="the key is not known, or no longer", address=address)
        raise Problem(
            401, "unauthenticated", "say who you are", remedy="send `Authorization: Bearer KEY`",
            headers=(("WWW-Authenticate", "Bearer"),),
        )  # fmt: skip

    # --- one thing --------------------------------------------------------------------------------------

    def sees(self, request: Request, verb: Verb, resource: Resource) -> bool:
        """Whether somebody may; what a list leaves out is in no audit."""
        return not isinstance(decide(principal(request), verb, resource), Deny)

    async def may(self, request: Request, verb: Verb, resource: Resource) -> bool:
        """Whether somebody may do something to one thing; a no is audited."""
        who = principal(request)
        decided = decide(who, verb, resource)
        if isinstance(decided, Deny):
            self.denied(who, verb, resource.kind, decided.reason)
            return False
        return True

    async def require(self, request: Request, verb: Verb, resource: Resource) -> None:
        """Raises Problem, 403, for what everybody may know is there."""
        if not await self.may(request, verb, resource):
            raise forbidden(verb)

    def denied(self, who: Principal, verb: Verb, kind: str, reason: str) -> None:
        """Have a no audited, beside the answer: its time must not tell what is there from what is not."""
        hub = self.hub()
        hub.spawn(hub.note("access.denied", who=who.name, verb=verb, of=kind, reason=reason, key=who.key))

    # --- messages ---------------------------------------------------------------------------------------

    async def message(self, request: Request, verb: Verb = "message.read") -> str | None:
        """The key in the hub of the message that a path names; None when there is none, or none for this principal:
        nobody can tell these apart. An id finds one's own message first."""
        return await self.named(request, str(request.path_params["id"]), verb)

    async def named(self, request: Request, name: str, verb: Verb) -> str | None:
        """As `message`, for a message that is named elsewhere than in the path."""
        hub, who = self.hub(), principal(request)
        key = await self.key(request, name)
        event = await hub.store.event(key or name)  # of none too: the time it takes must not tell which it is
        if event is None:
            left = await hub.store.told(key or name)
            if key is None or everywhere(who, verb):
                return key
            if left is None or left["state"] != "erased":
                return None
            return key if await self.may(request, verb, of_erased(left)) else None
        if await self.may(request, verb, of_event(event)):
            return event.key
        await hub.store.told("")  # as of none
        return None

    async def again(self, request: Request, verb: Verb) -> None:
        """Ask anew who somebody is who has been waiting for a while, and whether they may still do this to anything at
        all: keys end meanwhile, and people leave. Raises Problem, 401 or 403."""
        who = request.scope[WHO] = await self._known(request)
        if not anywhere(who, verb):
            self.denied(who, verb, "route", "no more")
            raise forbidden(verb)

    async def key(self, request: Request, name: str) -> str | None:
        """The key of the message that somebody means by a key or an id: their own of that id first, then one of their
        organisation; what others call theirs changes nothing of it."""
        hub, user = self.hub(), principal(request).user
        if not user.organisation:
            return await hub.store.find(name)
        own = Event(name, "", {}, hub.clock.now(), realm=realm_of(user)).key
        return await hub.store.find(own) or await hub.store.find(name, user.organisation)

    async def still(self, request: Request, verb: Verb = "message.read") -> bool:
        """Whether whoever follows a message may go on; not while the hub takes no messages. Raises Problem where their
        key does not open it any more, or they may not see this one."""
        if not self.hub().accepting:
            return False
        await self.again(request, verb)
        if await self.message(request, verb) is None and not everywhere(principal(request), verb):
            raise Problem(
                404, "unknown-id", "nothing is kept under this id", remedy="it is yours to see no more"
            )
        return True

    async def record(self, request: Request, record: AuditRecord) -> bool:
        """Whether somebody may see a record: those of messages as the messages, all others as the hub's own."""
        if everywhere(principal(request), "audit.read"):
            return True
        if not record.event or record.kind in ANOTHERS:
            return self.sees(request, "audit.read", Resource("audit"))
        store = self.hub().store
        event = await store.event(record.event)
        if event is not None:
            return self.sees(request, "audit.read", of_event(event))
        left = await store.told(record.event)
        return (
            left is not None
            and left["state"] == "erased"
            and self.sees(request, "audit.read", of_erased(left))
        )

    def told(self, request: Request) -> Told:
        """How whoever asks is told what the hub counts."""
        who, hub = principal(request), self.hub()
        return HUBS if inside(who) else Told(hub, who.user.organisation)

    def rule(self, request: Request, rule: Rule) -> bool:
        """Whether somebody may see a rule."""
        return self.sees(request, "rules.read", of_rule(rule, self.hub().current.intake.people))

    def own_name(self, request: Request, name: str) -> str:
        """A rule of somebody's own organisation by the name that was written there."""
        organisation = principal(request).user.organisation
        return f"{space_named(organisation)}/{name}" if organisation else name

    def rule_named(self, request: Request, name: str) -> str:
        """The id of the rule that somebody means by a name: one of their organisation's own goes before all others."""
        own = self.own_name(request, name)
        held = (generation.ruleset for generation in self.hub().retiring.all)
        return own if name and any(has_rule(ruleset, own) for ruleset in held) else name


def sender(who: Principal) -> Admit:
    """What the intake asks before it takes a message: why this principal may not send such a one, or nothing."""
    told = _told(who)

    def refusal(user: User | None, type: str, known: EventType | None) -> str:
        if user is not who.user or known is None:  # of what clients name there is no end
            return unsent(who, user, type, known)
        about = (type, known.request)
        found = told.get(about)
        if found is None:
            found = told[about] = unsent(who, user, type, known)
        return found

    return refusal


def unsent(who: Principal, user: User | None, type: str, known: EventType | None) -> str:
    """Why a principal may not send a message of a user and of a type, or nothing."""
    verb: Verb = "request.send" if known is not None and known.request else "event.send"
    own = user is None or user.name == who.name
    if not own and isinstance(decide(who, "act.as", belonging("user", user, type)), Deny):
        return "you may not send in the name of this user"
    if isinstance(decide(who, verb, belonging("event", user or who.user, type)), Deny):
        return "you may not send messages of this type"
    return ""


def client_of(who: Principal, request: Request) -> str:
    """Who posts, for the audit: the key shown, where there is one, and the address."""
    address = address_of(request)
    return f"key {who.key} {address}".rstrip() if who.key else address


def address_of(request: Request) -> str:
    """The address a request came from; empty where there is none, as on a socket of the file system."""
    client = request.scope.get("client")
    return str(client[0]) if client else ""


def network(address: str) -> str:
    """Whose address it is: of IPv6 the first 64 bits, which are what one household or server is given (RFC 6177)."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


def principal(request: Request) -> Principal:
    """Who sends a request, once the door has asked."""
    found: Principal = request.scope[WHO]
    return found


def of_event(event: Event) -> Resource:
    """A message, as something that is asked about."""
    return belonging("message", event.user, event.type)


def of_erased(left: Mapping[str, Any]) -> Resource:
    """What is left of a message that was erased (`Store.told`): it is whose the message was."""
    if left["user"] is None:
        return Resource("message", type=left["type"])
    groups = frozenset(left["groups"])
    return Resource("message", left["organisation"], left["user"], groups, left["type"])


def of_rule(rule: Rule, people: Directory) -> Resource:
    """A rule, as something that is asked about: its owner's, or of those it is for, or everybody's. That of a user or a
    group is of the organisation that these are in."""
    of = [rule.scope.owner] if rule.scope.owner is not None else list(rule.scope.include)
    if not of:
        return Resource("rule", common=True)
    return replace(resource_of(of[0], people), kind="rule") if len(of) == 1 else Resource("rule")


def borrowed(what: str, who: Principal) -> Problem:
    """What somebody is told whose key others may have, where it must be sure who they are."""
    made_by = ", ".join(f"`{one}`" for one in who.made_by)
    return Problem(
        403, "forbidden", "you may not do this", f"{what}, and the key that was shown was made by {made_by}",
        OWN_KEYS,
    )  # fmt: skip


def forbidden(verb: Verb) -> Problem:
    """What somebody is told who may not."""
    return Problem(
        403, "forbidden", "you may not do this", f"it takes `{verb}`", "ask whoever keeps the people files"
    )
