"""A process that is stopped for longer than its attempts may take, as when a machine is paused, and goes on."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.dispatcher import Dispatcher
from tests.crash.test_kill import port_of, until_all_is_done
from tests.figures import STOPPED, STOPS
from tests.places import write

DEADLINE = 1.0
COUNT = 3
PROGRAM = """#!/bin/sh
echo "$ATAMO_ACTION_ID" >> began.txt
until [ -e go ]; do sleep 0.05; done
"""
RULES = f"""
event order.placed
  id: text

agent desk
  uses process
    program: "/bin/sh"
    arguments: ["desk.sh"]
    timeout: {DEADLINE:g}
  send note
    order: text

rule every_order
  on order.placed
  do
    send desk.note
      order: id
"""


def begun(folder: Path) -> list[str]:
    """The keys under which the program was begun, in order."""
    file = folder / "began.txt"
    return file.read_text("utf-8").split() if file.exists() else []


@pytest.mark.slow
@pytest.mark.timeout(STOPS.asked * (STOPPED.asked + 110))
@pytest.mark.parametrize("round", range(STOPS.asked))
def test_stopped_for_longer_than_a_lease_it_is_done_under_its_key(round: int, tmp_path: Path) -> None:
    """The attempts that were under way are over when it goes on, and are told so; each is made again, under its key.
    Stopped for more seconds than the deadline and the five beyond it that a lease of a program lasts."""
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES, "desk.sh": PROGRAM})
    serving = Dispatcher(str(folder), "--port", "0", "--no-reload", "--code", "/bin/sh")
    with serving as hub, hub.web as web:
        port_of(hub)
        for number in range(COUNT):
            event = {"type": "order.placed", "id": f"e{number}", "data": {"id": f"e{number}"}}
            assert web.post("/v1/events", json=event).status_code == 202
        hub.until(lambda: len(begun(folder)) >= COUNT)
        hub.process.send_signal(signal.SIGSTOP)
        first = len(begun(folder))
        time.sleep(STOPPED.asked)
        assert len(begun(folder)) == first, "who is stopped begins nothing"
        hub.process.send_signal(signal.SIGCONT)
        hub.until(lambda: len(begun(folder)) >= first + COUNT)
        (folder / "go").touch()
        until_all_is_done(folder, hub)
        assert hub.end(signal.SIGTERM) == 0
    assert len(set(begun(folder))) == COUNT, "one key for all attempts of an action"
    with closing(sqlite3.connect(folder / ".atamo/hub.db")) as connection:
        ended = connection.execute("select state, attempts from actions").fetchall()
        kinds = dict(connection.execute("select kind, count(*) from audit group by kind"))
    assert [state for state, _ in ended] == ["done"] * COUNT
    assert sum(attempts for _, attempts in ended) == len(begun(folder)) >= 2 * COUNT
    assert kinds["event.finished"] == kinds["action.done"] == COUNT
