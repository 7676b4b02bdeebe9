"""A portal that ends, from whichever thread and process, while others still call: everybody is told, nobody waits for
ever."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any

import pytest

from tests.embed.test_portal import Shop

JOIN = 20.0
"""Seconds after which a thread is taken to wait for ever."""


def beside(act: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Something in a thread of its own, and what came of it."""
    came: list[Any] = []

    def body() -> None:
        try:
            came.append(act())
        except BaseException as error:
            came.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    return thread, came


def test_the_hub_s_own_thread_cannot_stop_it_and_is_told_so() -> None:
    hub = Shop().portal().start()
    came: list[str] = []
    over = threading.Event()

    def each(frame: Any) -> None:
        try:
            hub.stop()
        except RuntimeError as error:
            came.append(str(error))
        over.set()

    hub.listen(each, "price.quote", {"sku": "a"})
    assert over.wait(JOIN)
    thread, left = beside(hub.stop)
    thread.join(JOIN)
    assert left == [0]
    assert came[0].startswith("this is the hub's own thread")


def test_several_who_stop_it_wait_for_one_end() -> None:
    shop = Shop()
    hub = shop.portal().start()
    shop.gate.clear()
    hub.listen(lambda frame: None, "price.quote", {"sku": "a"})
    stopping = [beside(hub.stop) for _ in range(4)]
    shop.gate.set()
    for thread, _ in stopping:
        thread.join(JOIN)
    assert [came for _, came in stopping] == [[0]] * 4
    assert hub.stop() == 0


def test_calls_that_come_while_it_ends_are_answered_or_refused() -> None:
    hub = Shop().portal().start()
    begun = threading.Semaphore(0)

    def ask_on() -> None:
        while True:
            hub.told("e1")
            begun.release()

    callers = [beside(ask_on) for _ in range(8)]
    for _ in range(40):
        begun.acquire()
    hub.stop()
    for thread, came in callers:
        thread.join(JOIN)
        assert [type(error) for error in came] in ([RuntimeError], [CancelledError]), came


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_process_that_was_forked_off_is_told_that_the_portal_is_not_its_own() -> None:
    with Shop().portal() as hub:
        back, there = os.pipe()
        child = os.fork()
        if not child:  # pragma: no cover
            signal.alarm(int(JOIN))
            try:
                hub.submit("order.placed", {"sku": "x"})
            except RuntimeError as error:
                os.write(there, str(error).encode())
            os.write(there, f"; {hub.stop()} left".encode())
            os._exit(0)
        os.close(there)
        assert os.waitpid(child, 0)[1] == 0
        said = os.read(back, 1000).decode()
        os.close(back)
        assert said == (
            "the portal runs in the process that this one was forked from: start one of its own here; 0 left"
        )
        assert hub.told("nothing") is None, "it still runs in its own process"


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C raises, also where whoever started the tests has it ignored, as a shell does for what runs behind it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="no signal is sent to a thread there")
def test_a_call_that_is_interrupted_is_given_up_in_the_hub_too() -> None:
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals come to another thread")
    shop = Shop()
    with interruptible(), shop.portal() as hub:
        shop.gate.clear()

        def interrupt() -> None:
            while not shop.threads:  # the agent is asked
                shop.ended.wait(0.01)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

        thread, _ = beside(interrupt)
        with pytest.raises(KeyboardInterrupt):
            hub.ask("price.quote", {"sku": "a"}, id="q1", deadline=60)
        thread.join(JOIN)
        ended = hub.run(_ended(hub, "q1"))
        assert ended == {"state": "cancelled", "why": "nobody waits for it any more"}
        shop.gate.set()


async def _ended(portal: Any, name: str) -> Any:
    """How a request ended, once it has."""
    last = None
    async for frame in portal.hub.requests.stream(name):
        last = frame or last
    return last.body if last is not None else None
