"""Functions and programs that raise, hang, leave, print, flood and eat memory, beside a good one: every end is told."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from atamo_rules.builtin.agents.functions import FunctionAgent
from atamo_rules.builtin.agents.process import ProcessAgent
from atamo_rules.hub.agents.retry import RetryPolicy
from tests.hub.stage import stage

COUNT = 5
BAD = {
    "spins": "while True: pass",
    "floods": "while True: print('x' * 9999)",
    "eats": "x = [bytearray(1 << 24) for _ in range(1000)]",
    "leaves": "import os; os._exit(9)",
}


def test_bad_agents_end_in_outcomes_and_the_good_one_does_its_work(tmp_path: Path) -> None:
    over = threading.Event()

    def leave(n: int) -> None:
        sys.exit(n)

    def hang(n: int) -> None:
        over.wait()

    def fail(n: int) -> None:
        raise ZeroDivisionError(n)

    def starve(n: int) -> None:
        raise MemoryError

    def chat(n: int) -> dict[str, int]:
        print("\x1b[2J" * 1000)
        return {"n": n}

    agents: dict[str, Any] = {
        "raises": FunctionAgent(do=fail),
        "starves": FunctionAgent(do=starve),
        "prints": FunctionAgent(do=chat),
        "hangs": FunctionAgent(do=hang, timeout=0.2),
        "exits": FunctionAgent(do=leave),
        "good": FunctionAgent(do=lambda n: {"n": n}),
    }
    for name, script in BAD.items():
        (tmp_path / f"{name}.py").write_text(script)
        settings = {
            "program": sys.executable, "arguments": ["-I", "-S", f"{name}.py"], "input": "none",
            "timeout": 20 if name != "spins" else 0.5, "memory": 128, "output": 64, "concurrency": 1,
        }  # fmt: skip
        agents[name] = ProcessAgent(name, settings, str(tmp_path))
    declared = "\n".join(f"agent {name}\n  send do\n    n: whole\n" for name in agents)
    sent = "\n".join(f"    send {name}.do\n      n: n" for name in agents)
    text = f"event thing.seen\n  n: whole\n\n{declared}\nrule all\n  on thing.seen\n  do\n{sent}\n"

    async def story() -> dict[str, Counter[str]]:
        hub, heard = stage(text, agents)
        hub.policy = RetryPolicy(attempts=1)
        await hub.start()
        for n in range(COUNT):
            await hub.submit_json({"type": "thing.seen", "id": f"e{n}", "data": {"n": n}})
        for n in range(COUNT):
            await hub.wait(f"e{n}", 60)
        over.set()
        await hub.drain(5)
        ends: dict[str, Counter[str]] = {}
        for record in heard.records:
            if record.kind in ("action.done", "action.failed"):
                agent = str(record.what["target"]).partition(".")[0]
                ends.setdefault(agent, Counter())[record.kind] += 1
        return ends

    ends = asyncio.run(story())
    assert ends == {
        name: {"action.done" if name in ("good", "prints") else "action.failed": COUNT} for name in agents
    }
