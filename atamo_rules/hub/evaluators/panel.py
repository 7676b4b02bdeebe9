"""The evaluators beside the rules, asked side by side about one event before its decision is kept.

Whatever one of them does, raise, hang, answer nonsense, concerns it alone: it is told, the others go on. They do not
stop each other, and no rule's `stop` stops them: they are asked at once, and none knows what another says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from atamo_rules.hub.agents.breaker import Breaker, BreakerPolicy
from atamo_rules.hub.alerts import Alert
from atamo_rules.hub.deciding import decided
from atamo_rules.hub.evaluators.messages import Refused, actions_of
from atamo_rules.hub.evaluators.owned import sees
from atamo_rules.model.contribution import ActionMessage, Contribution
from atamo_rules.model.decision import Action
from atamo_rules.model.event import Event
from atamo_rules.model.types import Json
from atamo_rules.model.work import Decided

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.hub import Hub
    from atamo_rules.hub.ports import Evaluator

LONGEST = 30.0
"""Seconds that an evaluation may take, whatever its provider says: its event waits for it."""
MOST = 100
"""Messages that a provider may have for one event."""
MOST_LEFT = 64
"""Evaluations that may run on after they were given up; then their provider is not asked before one has ended."""
LONGEST_WHY = 500
QUIET = 60.0
"""Seconds between two alerts about one provider."""
POLICY = BreakerPolicy(failures=5)


@dataclass(slots=True, eq=False)
class Standing:
    """How one state of a provider does. `failures` are the evaluations that came to nothing or had something that was
    not taken, `why` is what went wrong last, `alerted` when that was said last."""

    breaker: Breaker
    running: int = 0
    failures: int = 0
    why: str = ""
    alerted: float | None = None


class Broken(Exception):
    """An evaluation came to nothing; it says why."""


class Panel:
    """The evaluators of one hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.standing: dict[tuple[str, str], Standing] = {}
        self.left: dict[str, set[asyncio.Task[Any]]] = {}
        """Evaluations that were given up and have not ended, by provider."""

    def document(self) -> list[Json]:
        """How each provider beside the rules that is asked now stands, in the order they stand in."""
        return [_document(one, self._standing(one)) for one in self.hub.current.evaluators]

    async def decide(self, event: Event, generation: Generation, at: datetime) -> Decided:
        """What the rules of a generation and the providers beside them want done about a request, and slots taken for
        what may begin at once."""
        return decided(self.hub, event, generation, at, beside=await self.ask(event, generation))

    async def ask(self, event: Event, generation: Generation) -> tuple[Contribution, ...]:
        """What each evaluator of a generation wants done about an event, in the order they stand in; the generation's
        agents are there until the event has been entered under it. Never raises."""
        if not generation.evaluators:
            return ()
        with self.hub.retiring.held(generation, linger=True):
            seeing = (evaluator for evaluator in generation.evaluators if sees(evaluator, event))
            asked = (self._one(evaluator, event, generation) for evaluator in seeing)
            return tuple(await asyncio.gather(*asked))

    async def _one(self, evaluator: Evaluator, event: Event, generation: Generation) -> Contribution:
        provider, digest = f"{evaluator.name} {evaluator.version}", evaluator.digest
        standing = self._standing(evaluator)
        passed = self.hub.clock.passed
        if standing.breaker.room(passed(), standing.running) == 0:
            why = f"it is left alone for a while: {standing.why}"
            return Contribution(provider, digest, why=why[:LONGEST_WHY])
        standing.running += 1
        try:
            messages = await self._messages(evaluator, event)
        except Broken as broken:
            standing.breaker.failure(passed())
            self._tell(evaluator, standing, str(broken))
            return Contribution(provider, digest, why=str(broken))
        finally:
            standing.running -= 1
        standing.breaker.success()
        made = _taken(messages, provider, digest, event, generation)
        if made.problems:
            self._tell(evaluator, standing, made.problems[0])
        return made

    def _standing(self, evaluator: Evaluator) -> Standing:
        """How an evaluator does; what was known of its provider's state before is forgotten."""
        key = evaluator.name, evaluator.digest
        found = self.standing.get(key)
        if found is None:
            self.standing = {one: known for one, known in self.standing.items() if one[0] != evaluator.name}
            found = self.standing[key] = Standing(Breaker(POLICY))
        return found

    async def _messages(self, evaluator: Evaluator, event: Event) -> Sequence[ActionMessage]:
        """What an evaluator answers in its time. One that does not even end when it is told to is left to itself.
        Raises Broken."""
        left = self.left.setdefault(evaluator.name, set())
        if len(left) >= MOST_LEFT:
            raise Broken(f"{MOST_LEFT} evaluations before it were given up and are still running")
        seen = replace(event, body=_copy(event.body), salt="")
        seconds = min(evaluator.timeout, LONGEST)
        task = asyncio.get_running_loop().create_task(_contained(evaluator, seen))
        try:
            await asyncio.wait({task}, timeout=seconds)
        finally:
            if not task.done():
                task.cancel()
                left.add(task)
                task.add_done_callback(left.discard)
        if not task.done():
            raise Broken(f"it did not answer within {seconds:g} seconds")
        answer = task.result()
        if isinstance(answer, Broken):
            raise answer
        if isinstance(answer, str | bytes) or not isinstance(answer, Sequence):
            raise Broken(f"it gave a {type(answer).__name__} in place of a list of action messages")
        if len(answer) > MOST:
            raise Broken(f"it gave {len(answer)} action messages, and {MOST} are the most")
        return answer

    def _tell(self, evaluator: Evaluator, standing: Standing, why: str) -> None:
        """Raise an alert, now and then; every event's own record tells it anyway."""
        standing.failures += 1
        standing.why, now = why, self.hub.clock.passed()
        if standing.alerted is None or now - standing.alerted >= QUIET:
            standing.alerted = now
            self.hub.alarm(Alert("provider", f"the provider `{evaluator.name}` failed: {why}"))


def _document(evaluator: Evaluator, standing: Standing) -> Json:
    made: dict[str, Json] = {
        "name": evaluator.name,
        "version": evaluator.version,
        "digest": evaluator.digest,
        "state": "left alone" if standing.breaker.open else "asked",
        "running": standing.running,
        "failures": standing.failures,
    }
    return {**made, "why": standing.why} if standing.why else made


async def _contained(evaluator: Evaluator, event: Event) -> Any:
    """What an evaluator gives. What it raises is a value, so that it cannot end the loop it runs in."""
    try:
        return await evaluator.evaluate(event)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return Broken("CancelledError")
    except (Exception, SystemExit) as error:  # somebody's code
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Broken(said[:LONGEST_WHY])


def _taken(
    messages: Sequence[ActionMessage], provider: str, digest: str, event: Event, generation: Generation
) -> Contribution:
    actions: list[Action] = []
    problems: list[str] = []
    for position, message in enumerate(messages):
        try:
            actions += actions_of(message, position, provider, event, generation)
        except Refused as refused:
            problems.append(f"message {position + 1} was not taken: {refused}"[:LONGEST_WHY])
        except Exception as error:  # a body of somebody's own making
            problems.append(f"message {position + 1} cannot be read: {type(error).__name__}")
    return Contribution(provider, digest, tuple(actions), tuple(problems))


def _copy(value: Json) -> Json:
    """A value of its own: what an evaluator does to it is seen by nobody else."""
    if isinstance(value, dict):
        return {key: _copy(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_copy(one) for one in value]
    return value
