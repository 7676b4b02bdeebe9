"""Ctrl-C ends whatever goes on and on with 130, without a traceback, once it has begun."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from atamo_rules.cli.serve import _signals
from tests.cli.dispatcher import ATAMO, Dispatcher, atamo, environment, heed_interrupts
from tests.places import write

RULES = """\
event thing
  n: whole

agent desk
  uses log
  send note
    n: whole

rule a
  on thing
  when n > 1
  do
    send desk.note
      n: n
"""
EVENT = b'{"type": "thing", "data": {"n": 2}}\n'


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = write(tmp_path_factory.mktemp("interrupted"), {"rules/a.atamo": RULES})
    with Dispatcher(".", "--port", "0", cwd=folder) as hub:
        url = hub.said("listening on").split()[-1]
        assert atamo("send", "thing", '{"n": 2}', "--wait", "--url", url, cwd=folder).returncode == 0
        yield folder, url


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "rules", "--watch"),
        ("simulate", "rules", "--events", "-"),
        ("top", "--url", "{url}"),
        ("top", "--format", "json", "--url", "{url}"),
        ("audit", "search", "--follow", "--url", "{url}"),
        ("audit", "search", "--follow", "--format", "jsonl", "--url", "{url}"),
    ],
    ids=" ".join,
)
def test_ctrl_c_is_130(place: tuple[Path, str], words: tuple[str, ...]) -> None:
    folder, url = place
    child = subprocess.Popen(
        [*ATAMO, *(word.format(url=url) for word in words)],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment(), "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(EVENT)
    child.stdin.flush()
    assert child.stdout.readline(), "it has begun"
    child.send_signal(signal.SIGINT)
    said = child.stderr.read() if child.stderr is not None else b""
    assert child.wait(30) == 130, said
    assert b"Traceback" not in said
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None:
            stream.close()


def test_who_waits_no_longer_has_the_id(place: tuple[Path, str]) -> None:
    folder, url = place
    assert atamo("pause", "agent", "desk", "--url", url).returncode == 0
    command = [*ATAMO, "send", "thing", '{"n": 2}', "--id", "held", "--wait", "--url", url]
    child = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, env=environment(), preexec_fn=heed_interrupts
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "accepted held\n"
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 130
    finally:
        child.kill()
        child.stdout.close()
        atamo("resume", "agent", "desk", "--url", url)


def test_a_signal_is_heard_where_threads_have_filled_the_pipe_that_wakes_the_loop() -> None:
    """As thousands of readers do who are answered at once: the loop hears of signals by the same pipe."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    async def story() -> list[int]:
        finish = asyncio.Event()
        with _signals(finish) as heard:
            with contextlib.suppress(BlockingIOError):
                while True:
                    asyncio.get_running_loop()._csock.send(b"\0")  # type: ignore[attr-defined]
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(finish.wait(), 10)
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, "a second one ends the process"
            return heard

    try:
        assert asyncio.run(story()) == [signal.SIGTERM]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
