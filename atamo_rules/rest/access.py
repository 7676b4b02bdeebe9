"""Who sends an HTTP request, and whether they may: asked once for the route, and again for each thing it names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address, ip_network

from starlette.requests import Request
from starlette.responses import Response

from atamo_rules.engine.once import Once
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.intake import Admit
from atamo_rules.model.authority import Deny, Principal, Resource, Verb, belonging
from atamo_rules.model.people import User
from atamo_rules.model.types import EventType
from atamo_rules.people.decide import anywhere, decide, inside
from atamo_rules.people.roles import LOCAL, is_local
from atamo_rules.rest.parameters import header
from atamo_rules.rest.problem import Problem
from atamo_rules.rest.rates import Buckets, Rate
from atamo_rules.rest.told import HUBS, Told

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

    async def again(self, request: Request, verb: Verb) -> None:
        """Ask anew who somebody is who has been waiting for a while, and whether they may still do this to anything at
        all: keys end meanwhile, and people leave. Raises Problem, 401 or 403."""
        who = request.scope[WHO] = await self._known(request)
        if not anywhere(who, verb):
            self.denied(who, verb, "route", "no more")
            raise forbidden(verb)

    def told(self, request: Request) -> Told:
        """How whoever asks is told what the hub counts."""
        who, hub = principal(request), self.hub()
        return HUBS if inside(who) else Told(hub, who.user.organisation)


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
