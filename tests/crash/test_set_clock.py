"""The wall clock of a whole process is set while it works: by days and years, forwards and backwards."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash.test_kill import port_of, start, until_all_is_done
from tests.places import write

LIBRARY = next((str(path) for path in sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), "")
WAIT = 2
"""Seconds that an action waits before it is begun, of a clock that only rises."""
STEPS = ("+1d", "-1d", "+10y", "-1")
MANY = 6
RULES = f"""
event order.placed
  id: text

agent desk
  uses file
    path: "out/desk.log"
  send note
    order: text

agent later
  uses file
    path: "out/later.log"
  send note
    order: text

rule every_order
  on order.placed
  do
    send desk.note
      order: id
    track later.note after {WAIT} seconds as job
      order: id
"""


def noted(folder: Path, name: str) -> list[str]:
    """The orders of which an agent wrote a line, in order."""
    file = folder / "out" / f"{name}.log"
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return [json.loads(line)["body"]["order"] for line in lines if line.endswith("}")]


@pytest.mark.slow
@pytest.mark.skipif(not LIBRARY, reason="libfaketime is not installed")
def test_steps_of_the_wall_clock_lose_nothing_and_begin_nothing_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})
    monkeypatch.setenv("LD_PRELOAD", LIBRARY)
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(clock))
    monkeypatch.setenv("FAKETIME_CACHE_DURATION", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    sent: list[str] = []
    with start(folder) as hub, hub.web as web:
        port_of(hub)
        for number, step in enumerate(STEPS):
            begun = time.monotonic()
            ids = [f"e{number}.{n}" for n in range(MANY)]
            for at, id in enumerate(ids):
                event = {"type": "order.placed", "id": id, "data": {"id": id}}
                assert web.post("/v1/events", json=event).status_code == 202
                if at == MANY // 2:
                    clock.write_text(step)
            sent += ids
            hub.until(lambda first=ids[0]: first in noted(folder, "later"))
            assert time.monotonic() - begun >= WAIT, "it was begun early"
            hub.until(lambda last=set(ids): last <= set(noted(folder, "later")), 30)
        until_all_is_done(folder, hub)
        assert hub.end(signal.SIGTERM) == 0
        assert not any("Traceback" in line for line in hub.err), hub.err
    for name in ("desk", "later"):
        assert sorted(noted(folder, name)) == sorted(sent), "each once"
    with closing(sqlite3.connect(folder / ".atamo/hub.db")) as connection:
        assert {state for (state,) in connection.execute("select state from actions")} == {"done"}
        audit = connection.execute("select position, at from audit order by position").fetchall()
    assert [position for position, _ in audit] == list(range(1, len(audit) + 1))
    years = {int(at[:4]) for _, at in audit}
    assert max(years) - min(years) >= 10, "its clock was set"
    assert [at for _, at in audit] != sorted(at for _, at in audit)
