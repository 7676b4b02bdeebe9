"""What clients and operators do to the hub of a world, and what happens to it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import structs

from atamo_rules.errors import Busy, EventRejected
from atamo_rules.hub.requests import asking
from atamo_rules.hub.requests.request import Mode
from atamo_rules.model.work import Hold, Selector, Work
from tests.simulation.rules import AGENTS, GENERATIONS, RULES, USERS

if TYPE_CHECKING:
    from tests.simulation.world import World

STEPS_OF_CLOCK = (-86_400.0, -3600.0, -1.0, 1.0, 3600.0, 86_400.0)
YEAR = 365 * 86_400.0
LONGEST_PATIENCE = 20.0
"""Seconds after which a client gives up a call; what came of it, it does not know."""

Deed: TypeAlias = Literal[
    "submit", "repeat", "conflict", "ask", "watch", "leave", "cancel", "pause", "resume", "redrive", "edit", "discard",
    "reload", "clock", "ahead", "disk",
]  # fmt: skip
WEIGHTS: dict[Deed, int] = {
    "submit": 40, "repeat": 6, "conflict": 2, "ask": 16, "watch": 10, "leave": 3, "cancel": 4, "pause": 5, "resume": 6,
    "redrive": 5, "edit": 3, "discard": 2, "reload": 4, "clock": 4, "ahead": 3, "disk": 4,
}  # fmt: skip


async def deed(world: World) -> None:
    """Something that is drawn. A call that fails for lack of room is made no more."""
    (what,) = world.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
    with suppress(Busy, EventRejected, TimeoutError):
        async with asyncio.timeout(LONGEST_PATIENCE):
            await _do(world, what)


async def _do(world: World, what: Deed) -> None:
    hub, chance = world.hub, world.chance
    old = f"e{chance.randint(1, max(1, world.number))}"
    match what:
        case "submit":
            world.number += 1
            await submit(world, f"e{world.number}")
        case "repeat":
            await submit(world, old)
        case "conflict":
            await submit(world, old, n=1000)
        case "ask":
            again = world.asked and chance.random() < 0.15
            if not again:
                world.asked += 1
            number = chance.randint(1, world.asked)
            id, name = f"q{number if again else world.asked}", chance.choice(list(USERS))
            deadline = chance.choice((2.0, 30.0))
            await hub.ask("price.quote", {"n": number % 8}, id=id, user=USERS[name], deadline=deadline)
        case "watch" | "leave":
            world.asked += 1
            id, mode = f"w{world.asked}", chance.choice(MODES)
            times = {"deadline": chance.choice((2.0, 30.0)), "keep_alive": chance.choice((3.0, 60.0))}
            how = asking.options(mode, **times)
            user, data = USERS[chance.choice(list(USERS))], {"n": chance.randint(0, 5)}
            if what == "leave":  # and nobody ever reads it
                await asking.opened(hub, "price.watch", data, id, user, how)
                return
            left = chance.randint(1, 40)
            async with aclosing(asking.frames(hub, "price.watch", data, id, user, how)) as frames:
                async for _ in frames:
                    left -= 1
                    if not left:
                        break
        case "cancel":
            await hub.cancel(
                chance.choice((Selector(agent=chance.choice(AGENTS)), Selector(event=old))), "op"
            )
        case "pause":
            await hub.pause(chance.choice(HOLDS), "op")
        case "resume":
            for hold in sorted(hub.holds.values(), key=str)[:1] or HOLDS[:1]:
                await hub.resume(hold, "op")
        case "redrive":
            await hub.redrive(Selector(agent=chance.choice(AGENTS)), 1_000_000, who="op")
        case "edit":
            await hub.redrive(Selector(agent=chance.choice(AGENTS)), 1_000_000, another, "op")
        case "discard":
            await hub.store.discard(Selector(agent=chance.choice(AGENTS)), 1_000_000, "op")
        case "reload":
            await world.reload(chance.randrange(GENERATIONS))
        case "clock":
            world.ledger.windows.saw(world.clock.now())
            world.clock.step(chance.choice(STEPS_OF_CLOCK))
        case "ahead":
            world.ledger.windows.saw(world.clock.now())
            world.clock.step(YEAR)
            try:
                await asyncio.sleep(world.chance.uniform(0.0, LONGEST_PATIENCE))
            finally:  # it is put right also where the process is gone
                world.ledger.windows.saw(world.clock.now())
                world.clock.step(-YEAR)
        case "disk":
            world.full = True
            await asyncio.sleep(chance.uniform(0.0, 5.0))
            world.full = False


MODES: tuple[Mode, ...] = ("feed", "load")


def another(work: Work) -> Work | None:
    """The work with another body; one in three stays as it is, and one in three stays dead."""
    n = work.action.body["n"]
    assert isinstance(n, int)
    if n % 3 == 0:
        return None
    body = {"n": n + 100} if n % 3 == 1 else work.action.body
    return structs.replace(work, action=structs.replace(work.action, body=body))


HOLDS = (
    *(Hold("agent", name) for name in AGENTS),
    *(Hold("rule", name) for name in RULES),
    Hold("organisation", "acme"),
    Hold("organisation", "birch"),
)


async def submit(world: World, id: str, n: int | None = None) -> None:
    """One message, whose content and user hang on its id alone; it is promised once the call is back."""
    number = int(id[1:])
    user = USERS[list(USERS)[number % len(USERS)]]
    data = {"n": number % 7 if n is None else n, "of": number % 2}
    taken, _ = await world.hub.submit_json({"type": "order.placed", "id": id, "data": data}, user=user)
    if taken.event is not None:
        world.ledger.promised.add(taken.key)
