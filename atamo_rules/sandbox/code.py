"""Code of users, kept warm behind walls: one event in, a list of JSON out, or a sentence that says what went wrong."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable

from atamo_rules.model.strict_json import JsonRefused, decode, encode
from atamo_rules.model.types import Json
from atamo_rules.sandbox.channel import Broken, Late, TooLong
from atamo_rules.sandbox.child import Child
from atamo_rules.sandbox.confinement import Confinement
from atamo_rules.sandbox.faults import CodeFailed, Fault, NoSandbox, told
from atamo_rules.sandbox.limits import CodeLimits

BESIDE = 64 << 10
"""Bytes that an answer may take beside its value."""
LONGEST_REST = 60.0
"""Seconds that code rests at most after it has failed again and again."""
MOST_OF_PROCESSOR = 0.9
"""Part of the processor time it is allowed after which a process is replaced, between two events."""


class SandboxedCode:
    """The text of a Python file with `def evaluate(event)`, in a process of its own.

    Nothing runs until `check` or the first event. Evaluations are one at a time, in the order they were asked for. What
    dies is started anew at the next event, at once for the first time, then after a rest that grows up to a minute;
    globals of the file live as long as its process. `allow_weaker` runs it where some walls cannot stand.
    """

    def __init__(
        self,
        source: str,
        *,
        name: str = "provider.py",
        limits: CodeLimits | None = None,
        allow_weaker: bool = False,
        passed: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source, self.name = source, name
        self.limits = limits or CodeLimits()
        self.allow_weaker = allow_weaker
        self.confinement: Confinement | None = None
        """Which walls stand around its process, once it was started."""
        self.printed = ""
        """What it printed while it was last loaded or asked; the beginning alone."""
        self._passed = passed
        self._child: Child | None = None
        self._left: list[Child] = []
        self._starting = threading.Lock()
        self._turn = asyncio.Lock()
        self._closed = False
        self._deaths = 0
        self._rests_until = 0.0

    def check(self) -> Confinement:
        """Start it and load the code; it stays warm. Blocks, no longer than its limits say. Raises CodeFailed where
        the code is not taken, and NoSandbox where it cannot be confined; nothing is then left of it."""
        self._start()
        assert self.confinement is not None
        return self.confinement

    async def evaluate(self, event: Json) -> list[Json]:
        """What the code gives for an event. Raises CodeFailed and NoSandbox."""
        async with self._turn:
            number, line = self._asked(event)
            if not self._stands():
                await asyncio.to_thread(self._start)
            child = self._held()
            try:
                raw = await child.channel.answered(line, self.limits.evaluation, self.limits.answer + BESIDE)
            except (Late, Broken) as error:
                self._child = None
                self._dies()
                fault = await asyncio.to_thread(self._died, child, error, self.limits.evaluation)
                raise CodeFailed(fault) from None
            except BaseException:  # nobody waits any more, and its answer would be taken for the next one
                self._drop()
                raise
            return self._given(raw, number)

    def evaluate_now(self, event: Json) -> list[Json]:
        """`evaluate`, blocking, for programs without a loop. Not to be called beside it."""
        number, line = self._asked(event)
        if not self._stands():
            self._start()
        child = self._held()
        try:
            raw = child.channel.ask(line, self.limits.evaluation, self.limits.answer + BESIDE)
        except (Late, Broken) as error:
            self._child = None
            self._dies()
            raise CodeFailed(self._died(child, error, self.limits.evaluation)) from None
        return self._given(raw, number)

    async def close(self) -> None:
        """End it, and come back when nothing of it is left. It is not started again."""
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """`close`, blocking."""
        self._closed = True
        with self._starting:
            self._drop()
            self._sweep()

    # --- the process ------------------------------------------------------------------------------------

    def _start(self) -> None:
        """Have a process that has loaded the code. Raises CodeFailed and NoSandbox."""
        with self._starting:
            if self._child is not None:
                return
            if self._closed:
                raise self._failed("died", "it was closed")
            rest = self._rests_until - self._passed()
            if rest > 0:
                raise self._failed("resting", f"it failed {self._deaths} times, and rests for {rest:.1f} s")
            if len(self.source.encode("utf-8", "replace")) > self.limits.source:
                raise self._failed("load", f"the file is larger than {self.limits.source} bytes")
            self._sweep()
            self._child = Child(self.limits)
            try:
                self._load(self._child)
            except BaseException as error:
                self._drop()
                self._sweep()
                if isinstance(error, CodeFailed):
                    self._dies()
                raise

    def _load(self, child: Child) -> None:
        end = time.monotonic() + self.limits.load
        most = self.limits.answer + BESIDE
        try:
            walls = decode(child.channel.ask(b"", self.limits.load, most))
        except (Late, Broken, JsonRefused):
            child.hang_up()
            child.gone()
            raise NoSandbox(f"the process of the sandbox did not begin: {child.how()}") from None
        assert isinstance(walls, dict)
        assert isinstance(walls["walls"], dict)
        self.confinement = Confinement({name: str(why) for name, why in walls["walls"].items()})
        if not self.confinement.whole and not self.allow_weaker:
            raise NoSandbox(self.confinement.refusal(), self.confinement)
        number = secrets.token_hex(8)
        line = encode({"id": number, "name": self.name, "source": self.source}).encode("utf-8", "replace")
        try:
            raw = child.channel.ask(line + b"\n", max(end - time.monotonic(), 0.01), most)
        except (Late, Broken) as error:
            raise CodeFailed(self._died(child, error, self.limits.load)) from None
        self._read(raw, number)

    def _stands(self) -> bool:
        """Whether there is a process that waits for an event. Raises CodeFailed where it has said something unasked."""
        if self._child is None:
            return False
        try:
            if self._child.channel.waits():
                return True
        except Broken as error:
            raise self._nonsense(str(error)) from None
        self._drop()
        self._dies()
        return False

    def _died(self, child: Child, error: Late | Broken, seconds: float) -> Fault:
        """Why nothing came, when the process is gone. Blocks for that."""
        line = None if isinstance(error, TooLong) else child.where(self.name)
        child.hang_up()
        child.gone()
        if isinstance(error, Late):
            return Fault("deadline", f"it did not end within {seconds:g} s, and was killed", self.name, line)
        if isinstance(error, TooLong):
            return Fault("answer", f"the answer is longer than {self.limits.answer} bytes", self.name)
        return (
            Fault("answer", str(error), self.name)
            if str(error)
            else Fault("died", child.how(), self.name, line)
        )

    def _dies(self) -> None:
        self._deaths += 1
        rest = min(0.25 * 2 ** min(self._deaths - 2, 16), LONGEST_REST) if self._deaths > 1 else 0.0
        self._rests_until = self._passed() + rest

    def _drop(self) -> None:
        """Have no process; the one there was is ending."""
        if self._child is not None:
            self._child.hang_up()
            self._left.append(self._child)
            self._child = None

    def _sweep(self) -> None:
        """Gather what is left of those that ended. Blocks until they are gone."""
        while self._left:
            self._left.pop().gone()

    def _held(self) -> Child:
        if self._child is None:
            raise self._failed("died", "it was closed")
        return self._child

    # --- what is said -----------------------------------------------------------------------------------

    def _asked(self, event: Json) -> tuple[str, bytes]:
        number, body = secrets.token_hex(8), encode(event).encode("utf-8", "replace")
        if len(body) > self.limits.event:
            raise self._failed("event", f"the event is larger than {self.limits.event} bytes")
        return number, b'{"id":"%s","event":%s}\n' % (number.encode(), body)

    def _given(self, raw: bytes, number: str) -> list[Json]:
        answer = self._read(raw, number)
        value, processor = answer.get("value"), answer.get("processor")
        if not isinstance(value, list):
            raise self._nonsense("it is no list")
        self._deaths = 0
        if isinstance(processor, bool | str | list | dict) or (processor or 0) > (
            self.limits.processor * MOST_OF_PROCESSOR
        ):
            self._drop()
        return value

    def _read(self, raw: bytes, number: str) -> dict[str, Json]:
        """An answer to this question. Raises CodeFailed."""
        try:
            answer = decode(raw)
        except JsonRefused as error:
            raise self._nonsense(str(error)) from None
        if not isinstance(answer, dict) or answer.get("id") != number:
            raise self._nonsense("it is not that of this question")
        said = answer.get("said")
        self.printed = said[:4096] if isinstance(said, str) else ""
        if "fault" in answer:
            fault = told(answer["fault"], self.name, said)
            if fault.kind == "memory":
                self._drop()
                self._dies()
            raise CodeFailed(fault)
        return answer

    def _nonsense(self, why: str) -> CodeFailed:
        """What came is no answer: a process that sends nonsense once is not listened to any more."""
        self._drop()
        self._dies()
        return self._failed("answer", f"the answer is not taken: {why}")

    def _failed(self, kind: str, message: str) -> CodeFailed:
        return CodeFailed(Fault(kind, message, self.name))
