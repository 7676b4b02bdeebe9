"""The wall clock of a whole process is set while it works: by days and years, forwards and backwards."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

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


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that says by how much the wall clock of the processes of a test is set; they look each second."""
    if not LIBRARY:
        pytest.skip("libfaketime is not installed")
    clock = tmp_path / "clock"
    clock.write_text("+0")
    monkeypatch.setenv("LD_PRELOAD", LIBRARY)
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(clock))
    monkeypatch.setenv("FAKETIME_CACHE_DURATION", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    return clock


@pytest.mark.slow
def test_steps_of_the_wall_clock_lose_nothing_and_begin_nothing_early(tmp_path: Path, clock: Path) -> None:
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})
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


@pytest.mark.slow
@pytest.mark.parametrize("meanwhile", [False, True], ids=["it runs", "it begins"])
def test_nothing_is_forgotten_while_the_clock_is_a_year_ahead(
    meanwhile: bool, tmp_path: Path, clock: Path
) -> None:
    """Erasing an order has the hub keep house at once."""
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})

    def put(web: Any, id: str) -> int:
        status: int = web.post(
            "/v1/events", json={"type": "order.placed", "id": id, "data": {"id": id}}
        ).status_code
        return status

    def is_ahead(web: Any) -> bool:
        put(web, f"later{next(numbers)}")
        with closing(sqlite3.connect(folder / ".atamo/hub.db")) as connection:
            first, last = connection.execute("select min(at), max(at) from audit").fetchone()
        return int(last[:4]) > int(first[:4])

    def nothing_is_forgotten(web: Any) -> None:
        assert web.post("/v1/erasures", json={"event": orders.pop()}).json()["erased"] == 1
        assert {web.get(f"/v1/events/{id}").json().get("state") for id in orders} == {"finished"}

    orders, numbers = [f"e{number}" for number in range(6)], iter(range(10_000))
    with start(folder) as hub, hub.web as web:
        assert {put(web, id) for id in orders} == {202}
        until_all_is_done(folder, hub)
        if not meanwhile:
            clock.write_text("+1y")
            hub.until(lambda: is_ahead(web))
            nothing_is_forgotten(web)
        assert hub.end(signal.SIGTERM) == 0
    if meanwhile:
        clock.write_text("+1y")
        with start(folder) as hub, hub.web as web:
            nothing_is_forgotten(web)
            assert is_ahead(web)
            assert hub.end(signal.SIGTERM) == 0
