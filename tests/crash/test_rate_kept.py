"""A process whose agent has a rate, against a real server: it keeps to it, also over a kill, and loses nothing."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

from tests.agents.servers import web
from tests.cli.dispatcher import Dispatcher
from tests.crash.test_kill import until_all_is_done
from tests.places import write

RULES = """
event order.placed
  n: whole

agent desk
  uses http
    url: "http://127.0.0.1:PORT/notes"
    private: true
    limits: { at_once: 4, rate: "1 per second", burst: 6 }
  send note
    n: whole

rule noted
  on order.placed
  do
    send desk.note
      n: n
"""
COUNT = 5
KILLS = 1


def test_killed_it_goes_on_at_its_rate_and_does_not_begin_with_a_burst(tmp_path: Path) -> None:
    with web() as server:
        folder = write(tmp_path / "p", {"rules/a.atamo": RULES.replace("PORT", str(server.port))})
        begin = time.monotonic()

        def kept_to(processes: int) -> None:
            """However slow this machine is: one token at each start, and one for every second since the first."""
            count = len(server.asked)
            assert count <= processes + (time.monotonic() - begin)

        for processes in range(1, KILLS + 1):
            with Dispatcher(str(folder), "--port", "0", "--no-reload") as hub, hub.web as client:
                before = len(server.asked)
                for n in range(COUNT if processes == 1 else 0):
                    body = {"type": "order.placed", "id": f"e{n}", "data": {"n": n}}
                    assert client.post("/v1/events", json=body).status_code == 202
                hub.until(lambda was=before: len(server.asked) > was)
                hub.process.send_signal(signal.SIGKILL)
                hub.wait()
            kept_to(processes)
        with Dispatcher(str(folder), "--port", "0", "--no-reload", "--drain", "20") as hub:
            hub.said("listening on")
            until_all_is_done(folder, hub)
            kept_to(KILLS + 1)
            assert hub.end(signal.SIGTERM) == 0
        done = [json.loads(one.body)["n"] for one in server.asked]
    assert set(done) == set(range(COUNT)), "nothing is lost"
    assert len(done) <= COUNT + KILLS, "what was called as it was killed is called again, and nothing else"
