"""Messages that crash the program that works on them: each is given up, and the hub lives."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

from atamo_rules.builtin.agents.functions import FunctionAgent
from atamo_rules.builtin.agents.process import ProcessAgent
from atamo_rules.model.work import Selector
from tests.hub.stage import stage

COUNT = 50
"""Row N5 of the faults."""
SCRIPT = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
TEXT = """
event thing.seen
  n: whole

agent killer
  send do
    n: whole

agent good
  send do
    n: whole

rule all
  on thing.seen
  do
    send killer.do
      n: n
    send good.do
      n: n
"""


def test_fifty_that_crash_are_given_up_and_what_stands_beside_them_is_done(tmp_path: Path) -> None:
    """A crash is no failure that passes: the attempt is counted, and the next message finds the hub as it was."""
    (tmp_path / "killer.py").write_text(SCRIPT)
    settings = {
        "program": sys.executable, "arguments": ["-I", "-S", "killer.py"], "input": "none", "timeout": 60
    }  # fmt: skip
    agents = {
        "killer": ProcessAgent("killer", settings, str(tmp_path)),
        "good": FunctionAgent(do=lambda n: {"n": n}),
    }

    async def story() -> tuple[Counter[tuple[str, str]], list[tuple[int, str]]]:
        hub, heard = stage(TEXT, agents)
        await hub.start()
        for n in range(COUNT):
            await hub.submit_json({"type": "thing.seen", "id": f"e{n}", "data": {"n": n}})
        for n in range(COUNT):
            await hub.wait(f"e{n}", 120)
        letters = await hub.store.dead(Selector(agent="killer"))
        await hub.drain(5)
        ends = Counter(
            (record.kind, str(record.what["target"]))
            for record in heard.records
            if record.kind in ("action.done", "action.failed")
        )
        return ends, [(one.attempts, one.error) for one in letters]

    ends, letters = asyncio.run(story())
    assert letters == [(1, "signal SIGSEGV")] * COUNT
    assert ends == {("action.done", "good.do"): COUNT, ("action.failed", "killer.do"): COUNT}
