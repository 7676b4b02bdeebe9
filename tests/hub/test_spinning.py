"""Functions that spin in threads of the hub's own process, beside agents that do their work."""

from __future__ import annotations

import asyncio
import threading

from atamo_rules.builtin.agents.functions import FunctionAgent
from tests.hub.stage import stage

COUNT = 20
SPINNERS = 1
TEXT = """
event thing.seen
  n: whole

event spin.asked
  n: whole

agent spinner
  send do
    n: whole

agent good
  send do
    n: whole

rule things
  on thing.seen
  do
    send good.do
      n: n

rule spins
  on spin.asked
  do
    send spinner.do
      n: n
"""


def test_while_functions_spin_all_others_are_taken_and_done() -> None:
    """Row C7 of the faults. Nothing is timed: the functions spin until the last of the others is done, so that a hub
    which waited for one of them would wait for ever."""
    over, spinning = threading.Event(), threading.Semaphore(0)

    def spin(n: int) -> None:
        spinning.release()
        while not over.is_set():
            pass

    agents = {
        "spinner": FunctionAgent(do=spin, timeout=100),
        "good": FunctionAgent(do=lambda n: {"n": n}),
    }

    async def story() -> list[str]:
        hub, heard = stage(TEXT, agents)
        await hub.start()
        try:
            for n in range(SPINNERS):
                await hub.submit_json({"type": "spin.asked", "id": f"s{n}", "data": {"n": n}})
            for _ in range(SPINNERS):
                assert await asyncio.to_thread(spinning.acquire, timeout=60)
            for n in range(COUNT):
                await hub.submit_json({"type": "thing.seen", "id": f"e{n}", "data": {"n": n}})
            for n in range(COUNT):
                await hub.wait(f"e{n}", 60)
        finally:
            over.set()
        for n in range(SPINNERS):
            await hub.wait(f"s{n}", 60)
        await hub.drain(5)
        return [str(record.what["target"]) for record in heard.records if record.kind == "action.done"]

    assert asyncio.run(story()) == ["good.do"] * COUNT + ["spinner.do"] * SPINNERS
