"""A hub in a thread of its own, called from any other thread as if it were an ordinary object.

with Portal("rules", agents={"prices": FunctionAgent(quote=look_up)}) as hub:
    print(hub.ask("price.quote", {"sku": "A-1"}).first)
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from atamo_rules.builtin.configuration.folder import FolderProvider
from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.errors import EventRejected
from atamo_rules.hub.alerts import Alarm
from atamo_rules.hub.controller import DRAIN, Controller
from atamo_rules.hub.hub import Hub
from atamo_rules.hub.ports import Agent, Auditor, ConfigurationProvider, Evaluator, EvaluatorProvider
from atamo_rules.hub.requests.asking import Answers
from atamo_rules.hub.store import Store
from atamo_rules.hub.telemetry.thresholds import Threshold
from atamo_rules.model.audit import AuditRecord
from atamo_rules.model.frame import Frame
from atamo_rules.model.people import User
from atamo_rules.model.types import Json

Result = TypeVar("Result")
Call = Callable[[Callable[[], None]], object]
"""Has a function called in the program's own thread, such as `root.after_idle` of Tk."""

NOT_RUNNING = "the portal is not running"
OWN_THREAD = "this is the hub's own thread, which would wait for itself: await the hub, or use another thread"
OTHER_PROCESS = "the portal runs in the process that this one was forked from: start one of its own here"


def _here(act: Callable[[], None]) -> None:
    act()


class Portal:
    """A controller and its hub. `rules` is a folder, or any configuration provider. `call` brings what `listen` hears
    into the program's own thread; without it the hub's thread calls. Stateless unless it is given another store.

    Starting raises what a Controller raises: RulesetRejected, UnknownName, StoreUnavailable.
    """

    def __init__(
        self,
        rules: str | Path | ConfigurationProvider,
        *,
        store: Store | None = None,
        agents: Mapping[str, Agent] | None = None,
        auditors: Sequence[Auditor] = (),
        thresholds: Sequence[Threshold] = (),
        alarm: Alarm | None = None,
        providers: Sequence[Evaluator | EvaluatorProvider] = (),
        call: Call = _here,
    ) -> None:
        provider = FolderProvider(Path(rules)) if isinstance(rules, str | Path) else rules
        self._controller = Controller(
            provider,
            store or MemoryStore(),
            auditors,
            alarm=alarm,
            agents=agents,
            thresholds=thresholds,
            providers=providers,
        )
        self._call = call
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._process = 0
        self._gate = threading.Lock()
        """Held by whoever begins something in the loop, or says that nothing more is begun there."""
        self._ending: Future[int] | None = None
        self._listening: set[asyncio.Task[None]] = set()

    # --- life -------------------------------------------------------------------------------------------

    def start(self) -> Portal:
        """Start the thread and the hub in it; comes back when messages are taken."""
        if self._thread is not None:
            raise RuntimeError("this portal was started already")
        self._loop, self._process = asyncio.new_event_loop(), os.getpid()
        self._thread = threading.Thread(target=self._loop.run_forever, name="atamo-hub", daemon=True)
        self._thread.start()
        try:
            self.run(self._controller.start())
        except BaseException:
            self._end()
            raise
        return self

    def stop(self, seconds: float = DRAIN) -> int:
        """Take nothing more, finish what is under way for so many seconds; gives how many actions were left. Whoever
        stops it meanwhile waits for the same end; in a process that was forked off there is nothing to stop. Raises
        RuntimeError in the hub's own thread."""
        if os.getpid() != self._process:
            return 0
        with self._gate:
            if self._loop is None and self._ending is None:
                return 0
            if threading.current_thread() is self._thread:
                raise RuntimeError(OWN_THREAD)
            first = self._ending is None
            ending = self._ending = self._ending or Future()
        if not first:
            return ending.result()
        left = 0
        try:
            left = self.run(self._stop(seconds))
        finally:
            self._end()
            ending.set_result(left)
        return left

    async def _stop(self, seconds: float) -> int:
        for task in list(self._listening):
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        return await self._controller.stop(seconds)

    def _end(self) -> None:
        with self._gate:  # from here on nothing is begun that nobody would see to its end
            (loop, self._loop), thread = (self._loop, None), self._thread
        assert loop is not None
        assert thread is not None
        asyncio.run_coroutine_threadsafe(_finished(loop), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def __enter__(self) -> Portal:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def register(self, name: str, agent: Agent) -> None:
        """Have an agent of this program do what is asked of `name` from here on; see `Controller.register`."""
        self.run(self._controller.register(name, agent))

    def remove(self, name: str) -> None:
        """Take an agent of this program back; see `Controller.remove`. Raises UnknownName."""
        self.run(self._controller.remove(name))

    # --- through ----------------------------------------------------------------------------------------

    @property
    def hub(self) -> Hub:
        """The hub itself. It is the other thread's: use it inside `run` only."""
        if self._loop is None:
            raise RuntimeError(NOT_RUNNING)
        return self._controller.hub

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Have a coroutine run beside the hub, and wait for its result. Where that is interrupted, as by Ctrl-C, the
        coroutine is cancelled."""
        future = self._begin(work)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _begin(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        why = OTHER_PROCESS if self._process not in (0, os.getpid()) else ""
        if not why and threading.current_thread() is self._thread:
            why = OWN_THREAD
        if not why:
            with self._gate:
                if self._loop is not None:
                    return asyncio.run_coroutine_threadsafe(work, self._loop)
            why = NOT_RUNNING
        work.close()
        raise RuntimeError(why)

    def submit(
        self, type: str, data: Json = None, *, id: str = "", user: User | None = None, alerts: bool = False
    ) -> str:
        """Hand in an event; gives the name it has in the hub. With `alerts`, what is given up of it is told by `told`
        and `watch`, beside the controller. Raises EventRejected with the reasons."""
        return self.run(self._submit(type, data, id, user, alerts))

    async def _submit(self, type: str, data: Json, id: str, user: User | None, alerts: bool) -> str:
        value: dict[str, Json] = {"type": type, "data": data if data is not None else {}, "alerts": alerts}
        if id:
            value["id"] = id
        await self.hub.room()
        taken, _ = await self.hub.submit_json(value, user=user)
        if taken.event is None:
            raise EventRejected(taken.refused)
        return taken.event.key

    def ask(
        self, type: str, data: Json = None, *, id: str = "", user: User | None = None, **how: Any
    ) -> Answers:
        """All answers of a request, once they are there. `how` as in `Hub.request`."""
        return self.run(self.hub.ask(type, data, id=id, user=user, **how))

    def request(
        self, type: str, data: Json = None, *, id: str = "", user: User | None = None, **how: Any
    ) -> Iterator[Frame]:
        """The frames of a request as they come; leaving the loop cancels."""
        return self._each(self.hub.request(type, data, id=id, user=user, **how))

    def listen(
        self,
        each: Callable[[Frame], None],
        type: str,
        data: Json = None,
        *,
        id: str = "",
        user: User | None = None,
        **how: Any,
    ) -> Callable[[], None]:
        """Have `each` called with every frame as it comes, in the program's own thread, and go on at once. Gives what
        ends it. A request that is refused is an `error` frame with the reason."""
        frames = self.hub.request(type, data, id=id, user=user, **how)

        async def hear() -> None:
            try:
                async for frame in frames:
                    self._call(lambda frame=frame: each(frame))  # type: ignore[misc]
            except EventRejected as rejected:
                refused = Frame(id, "error", str(rejected))
                self._call(lambda: each(refused))
            finally:
                await frames.aclose()

        return self._beside(hear())

    def watch(self, each: Callable[[AuditRecord], None], id: str) -> Callable[[], None]:
        """Have `each` called with every step of an event as it is taken, to its end, in the program's own thread, and
        go on at once. Gives what ends it."""
        records = self.hub.followers.follow(id)

        async def hear() -> None:
            async for record in records:
                if record is not None:
                    self._call(lambda record=record: each(record))  # type: ignore[misc]

        return self._beside(hear())

    def _beside(self, work: Coroutine[Any, Any, None]) -> Callable[[], None]:
        """Have something run in the hub's thread until it ends, or is ended by what this gives."""
        task = self.run(_spawned(work, self._listening))
        loop = task.get_loop()

        def end() -> None:
            with suppress(RuntimeError):  # it has ended with the portal
                loop.call_soon_threadsafe(task.cancel)

        return end

    def told(self, id: str) -> Mapping[str, Json] | None:
        """All that is kept of an event; None for one that is not known."""
        return self.run(self.hub.store.told(id))

    def wait(self, id: str, seconds: float) -> None:
        """Come back when everything that follows from an event is over, at the latest after `seconds`."""
        self.run(self.hub.wait(id, seconds))

    def follow(self, id: str) -> Iterator[AuditRecord]:
        """The steps of an event as they are taken, to its end."""
        return (record for record in self._each(self.hub.followers.follow(id)) if record is not None)

    def cancel(self, id: str) -> None:
        """End a request that nobody wants any more."""
        self.run(self.hub.requests.cancel(id))

    def _each(self, items: AsyncIterator[Result]) -> Iterator[Result]:
        """An asynchronous iterator of the hub's thread, item by item in this one."""
        try:
            while True:
                found = self.run(_next(items))
                if not found:
                    return
                yield found[0]
        finally:
            closing = getattr(items, "aclose", None)
            if closing is not None and threading.current_thread() is self._thread:
                self._listening.add(
                    task := asyncio.ensure_future(closing())
                )  # thrown away there, and not waited for
                task.add_done_callback(self._listening.discard)
            elif closing is not None:
                with suppress(RuntimeError):  # it has ended with the portal
                    self.run(closing())


async def _finished(loop: asyncio.AbstractEventLoop) -> None:
    """Whoever still waits for the hub, in whichever thread, waits no longer."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await loop.shutdown_asyncgens()


async def _next(items: AsyncIterator[Result]) -> tuple[Result] | tuple[()]:
    """The next item, alone in a tuple; an empty tuple at the end."""
    async for item in items:
        return (item,)
    return ()


async def _spawned(work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task
