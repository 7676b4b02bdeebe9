"""Work that is begun before it is waited for: what is there at once needs no timer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")


class Begun(Generic[Made]):
    """Takes the first step of some work, in the task that is going to wait for the rest of it. `over` says whether that
    was all; waiting for it, once, gives what it made."""

    def __init__(self, work: Awaitable[Made]) -> None:
        self.steps = work.__await__()
        self.over = False
        try:
            self.waited = self.steps.send(None)
        except StopIteration as end:
            self.over, self.made = True, end.value

    def _take(self, step: Callable[[], Any]) -> None:
        try:
            self.waited = step()
        except StopIteration as end:
            self.over, self.made = True, end.value

    def __await__(self) -> Generator[Any, Any, Made]:
        while not self.over:
            try:
                yield self.waited
            except BaseException as error:  # a cancellation above all, which is for the work to hear of
                self._take(lambda error=error: self.steps.throw(error))  # type: ignore[misc]
            else:
                self._take(lambda: self.steps.send(None))
        made: Made = self.made
        return made
