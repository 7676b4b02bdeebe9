"""The dispatcher is killed under load, again and again: nothing that was answered with 202 is lost, and what is done
twice is done under the same key."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.sqlite.schema import open_to_read
from tests.cli.dispatcher import Dispatcher, atamo
from tests.crash.load import Load
from tests.crash.power import command
from tests.figures import BURSTS, KILLS
from tests.places import write
from tests.waiting import until

RULES = """
event order.placed
  id: text
  total: money

agent desk
  uses file
    path: "out/desk.log"
  send note
    order: text
    total: money

rule big_order
  on order.placed
  when total > 100
  do
    send desk.note
      order: id
      total: total
"""


def start(folder: Path) -> Dispatcher:
    return Dispatcher(str(folder), "--port", "0", "--no-reload", "--drain", "20")


def port_of(hub: Dispatcher) -> int:
    return int(hub.said("listening on").rsplit(":", 1)[1])


def until_all_is_done(folder: Path, hub: Dispatcher) -> None:
    """Wait until nothing is open in the file: for as long as it takes, while it becomes less."""
    with sqlite3.connect(f"file:{folder / '.atamo/hub.db'}?mode=ro", uri=True) as reading:

        def count() -> int:
            found: int = reading.execute("select count(*) from actions where open = 1").fetchone()[0]
            return found

        left = count()
        while left:
            hub.until(lambda before=left: count() < before, 60)  # type: ignore[misc]
            time.sleep(0.1)  # to count what is open of a large backlog takes the hub's time, too
            left = count()


def effects(folder: Path) -> dict[str, set[str]]:
    """The keys under which each order was done; a killed process may leave half a line."""
    found: dict[str, set[str]] = {}
    for line in (folder / "out/desk.log").read_text("utf-8").splitlines():
        try:
            done = json.loads(line)
        except ValueError:
            continue
        found.setdefault(done["body"]["order"], set()).add(done["id"])
    return found


def check(folder: Path, load: Load) -> None:
    """Everything that was promised, done; nothing done under two keys; the audit whole and telling the same."""
    assert load.promised
    done = effects(folder)
    assert load.promised - done.keys() == set(), "these were lost"
    assert {order: keys for order, keys in done.items() if len(keys) > 1} == {}
    with sqlite3.connect(folder / ".atamo/hub.db") as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        kept = {id for (id,) in connection.execute("select id from events")}
        states = dict(connection.execute("select state, count(*) from actions group by state"))
        kinds: dict[str, set[str]] = {}
        last = 0
        for position, kind, event in connection.execute(
            "select position, kind, event from audit order by position"
        ):
            assert position == last + 1
            last = position
            kinds.setdefault(kind, set()).add(event)
    assert load.promised <= kept
    assert states == {"done": len(kept)}
    assert kinds["event.accepted"] == kinds["event.decided"] == kinds["event.finished"] == kept
    positions = [
        json.loads(line)["position"]
        for line in (folder / ".atamo/audit.jsonl").read_text("utf-8").splitlines()
    ]
    assert positions == list(range(1, last + 1)), "the auditor's file goes on where it was"


@pytest.mark.parametrize("rounds", [pytest.param(2, id="few"), KILLS.many(1200)])
def test_killed_under_load(rounds: int, tmp_path: Path) -> None:
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})
    chance, load = random.Random(rounds), Load()

    async def round(last: bool) -> None:
        with start(folder) as hub:
            port = await asyncio.to_thread(port_of, hub)
            sending = asyncio.create_task(load.run(port))
            await asyncio.sleep(chance.uniform(0.02, 0.6))
            if last:  # a process that is killed before it promised anything shows little
                await until(lambda: load.promised)
            hub.process.send_signal(signal.SIGKILL)
            await sending

    for number in range(rounds):
        asyncio.run(round(number == rounds - 1))
    with start(folder) as hub:
        port_of(hub)
        until_all_is_done(folder, hub)
        assert hub.end(signal.SIGTERM) == 0
    check(folder, load)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "rounds", [pytest.param(1, id="1"), pytest.param(20, id="20", marks=pytest.mark.slow)]
)
def test_ended_under_load(rounds: int, tmp_path: Path) -> None:
    """SIGTERM: what was answered is done or waits for the next start, and nothing is begun after the end."""
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})
    load = Load()

    async def round() -> None:
        with start(folder) as hub:
            port = await asyncio.to_thread(port_of, hub)
            sending = asyncio.create_task(load.run(port))
            await until(lambda: load.promised)
            await asyncio.sleep(0.2)
            assert await asyncio.to_thread(hub.end, signal.SIGTERM) == 0
            await sending
            assert not any("Traceback" in line for line in hub.err), hub.err

    for _ in range(rounds):
        asyncio.run(round())
    with start(folder) as hub:
        port_of(hub)
        until_all_is_done(folder, hub)
        assert hub.end(signal.SIGTERM) == 0
    check(folder, load)


@pytest.mark.parametrize(
    "rounds", [pytest.param(3, id="3"), pytest.param(40, id="40", marks=pytest.mark.slow)]
)
def test_what_is_too_large_for_a_row_is_whole_whenever_the_process_is_killed(
    rounds: int, tmp_path: Path
) -> None:
    file, chance, promised = tmp_path / "hub.db", random.Random(rounds), set[str]()
    for _ in range(rounds):
        with subprocess.Popen(
            command(file, 2000, "full", "through"), stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for line in islice(process.stdout, chance.randrange(1, 40)):
                promised.add(line.strip())
            process.kill()
            promised |= {line.strip() for line in process.stdout if line.endswith("\n")}
        with closing(open_to_read(file)) as connection:
            assert list(connection.blobs.wrong(connection)) == []
            done = {id for (id,) in connection.execute(_DONE)}
        assert {line.removeprefix("done ") for line in promised if line.startswith("done ")} <= done


_DONE = (
    "select events.id from events join actions on actions.event = events.key where actions.state = 'done' "
    "and actions.answer like '@%'"
)


@pytest.mark.parametrize("bursts", [pytest.param(1, id="few"), BURSTS.many()])
def test_the_same_event_many_times_at_once_across_a_kill_is_one(bursts: int, tmp_path: Path) -> None:
    """Each burst comes twice, to a process that is killed amid it and to the next."""
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})
    chance, load = random.Random(bursts), Load()

    async def burst(id: str) -> None:
        with start(folder) as hub:
            port = await asyncio.to_thread(port_of, hub)
            load.again.extend([id] * 100)
            sending = asyncio.create_task(load.run(port))
            await asyncio.sleep(chance.uniform(0.005, 0.3))
            hub.process.send_signal(signal.SIGKILL)
            await sending
            load.again.clear()

    for number in range(bursts):
        for _ in range(2):
            asyncio.run(burst(f"same{number}"))
    with start(folder) as hub, hub.web as web:
        for number in range(bursts):
            event = {
                "type": "order.placed",
                "id": f"same{number}",
                "data": {"id": f"same{number}", "total": 120},
            }
            assert web.post("/v1/events", json=event).status_code in (200, 202)
            load.promised.add(f"same{number}")
            answer = web.post("/v1/events", json={**event, "data": {"id": f"same{number}", "total": 7}})
            assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        until_all_is_done(folder, hub)
        assert hub.end(signal.SIGTERM) == 0
    assert {len(effects(folder)[f"same{number}"]) for number in range(bursts)} == {1}
    check(folder, load)


def test_a_second_hub_is_told_who_holds_the_folder_and_a_dead_one_holds_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})
    with start(folder) as hub:
        port_of(hub)
        second = atamo("run", str(folder), "--port", "0")
        assert second.returncode == 2
        assert f"`hub.db` is in use by another hub: process {hub.process.pid} on " in second.stderr
        elsewhere = atamo(
            "run", str(folder), "--stdin", "--store", f"sqlite:{tmp_path / 'b.db'}", "--audit", "none"
        )
        assert elsewhere.returncode == 0
        hub.process.send_signal(signal.SIGKILL)
        hub.wait()
    with start(folder) as hub:
        port_of(hub)
        assert hub.end(signal.SIGTERM) == 0


def test_stopped_and_continued_under_load(tmp_path: Path) -> None:
    """A paused machine: nothing is lost, and nothing is done under two keys."""
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})
    load = Load()

    async def story() -> None:
        with start(folder) as hub:
            port = await asyncio.to_thread(port_of, hub)
            sending = asyncio.create_task(load.run(port))
            for _ in range(3):
                await asyncio.sleep(0.1)
                hub.process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(0.1)
                hub.process.send_signal(signal.SIGCONT)
            await until(lambda: load.promised)
            assert await asyncio.to_thread(hub.end, signal.SIGTERM) == 0
            await sending

    asyncio.run(story())
    with start(folder) as hub:
        port_of(hub)
        until_all_is_done(folder, hub)
        assert hub.end(signal.SIGTERM) == 0
    check(folder, load)


def test_a_backup_under_load_holds_what_was_promised_before_it_and_can_be_gone_back_to(
    tmp_path: Path,
) -> None:
    folder = write(tmp_path / "p", {"rules/a.atamo": RULES})
    copy, again = tmp_path / "copy.db", write(tmp_path / "again", {"rules/a.atamo": RULES})
    load, before = Load(), set()

    async def story() -> None:
        with start(folder) as hub:
            port = await asyncio.to_thread(port_of, hub)
            sending = asyncio.create_task(load.run(port))
            await until(lambda: load.promised)
            await asyncio.sleep(0.3)
            before.update(load.promised)
            done = await asyncio.to_thread(atamo, "backup", str(folder), str(copy))
            assert (done.returncode, done.stderr) == (0, "")
            hub.process.send_signal(signal.SIGKILL)
            await sending

    asyncio.run(story())
    assert atamo("backup", str(folder), str(copy)).returncode == 2, "it writes over nothing"
    (again / ".atamo").mkdir()
    copy.rename(again / ".atamo/hub.db")
    with start(again) as hub, hub.web as web:
        until_all_is_done(again, hub)
        assert before
        assert {web.get(f"/v1/events/{id}").status_code for id in before} == {200}
        assert hub.end(signal.SIGTERM) == 0


def test_there_is_nothing_to_back_up_where_no_hub_was(tmp_path: Path) -> None:
    done = atamo("backup", str(tmp_path), str(tmp_path / "copy.db"))
    assert done.returncode == 2
    assert "no hub has kept anything there" in done.stderr
