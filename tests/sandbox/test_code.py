"""Code of users as the hub uses it: exact values, one event after another, deadlines, deaths, rests, nothing left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atamo_rules.sandbox.code import SandboxedCode
from atamo_rules.sandbox.faults import CodeFailed, Fault
from atamo_rules.sandbox.limits import CodeLimits
from tests.house.repository import ROOT
from tests.sandbox.walls import children, needs_walls, nothing_left

pytestmark = needs_walls
ECHO = "def evaluate(event):\n    return [event]\n"
ROOMY = CodeLimits(evaluation=20, load=30)


@contextmanager
def running(source: str, **more: Any) -> Iterator[SandboxedCode]:
    code = SandboxedCode(source, name="providers/ours.py", **{"limits": ROOMY, **more})
    try:
        yield code
    finally:
        code.stop()


def fault(call: Callable[[], Any]) -> Fault:
    with pytest.raises(CodeFailed) as error:
        call()
    assert str(error.value) == str(error.value.fault)
    return error.value.fault


def exactly(value: Any) -> Any:
    """A value with the type of each part, and the digits of each number: `1`, `1.0` and `true` are three."""
    if isinstance(value, dict):
        return {key: exactly(one) for key, one in value.items()}
    if isinstance(value, list):
        return [exactly(one) for one in value]
    return type(value).__name__, str(value)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.decimals(allow_nan=False, allow_infinity=False, places=5)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=12,
)


def test_what_goes_in_comes_out_exactly() -> None:
    with running(ECHO) as code:

        @given(VALUES)
        @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
        def echoes(value: Any) -> None:
            assert exactly(code.evaluate_now(value)) == exactly([value])

        echoes()
        assert code.evaluate_now({"total": Decimal("12.50")}) == [{"total": Decimal("12.50")}]


def test_a_file_is_python_with_its_library() -> None:
    source = """
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo
import base64, hashlib, hmac, json, random, re, secrets, statistics, uuid

@dataclass(frozen=True)
class Line:
    total: Decimal

def evaluate(event):
    when = datetime.fromisoformat(event["at"]).astimezone(ZoneInfo("Europe/Berlin"))
    line = Line(event["total"])
    print("seen", line.total)
    return [{"hour": when.hour, "vat": line.total * Decimal("0.19"), "sum": 0.1 + 0.2,
             "mark": hashlib.sha256(b"x").hexdigest()[:4]}] if re.match("vip", event["who"]) else []
"""
    with running(source) as code:
        given_ = code.evaluate_now(
            {"at": "2026-01-31T23:30:00+00:00", "total": Decimal("10.00"), "who": "vip 1"}
        )
        assert given_ == [
            {"hour": 0, "vat": Decimal("1.9000"), "sum": Decimal("0.30000000000000004"), "mark": "2d71"}
        ]
        assert code.printed == "seen 10.00\n"
        assert code.evaluate_now({"at": "2026-01-31T23:30:00+00:00", "total": Decimal("1"), "who": "x"}) == []


def test_many_at_once_are_answered_in_turn() -> None:
    async def program() -> None:
        with running(
            "seen = 0\ndef evaluate(event):\n    global seen\n    seen += 1\n    return [event, seen]\n"
        ) as code:
            got = await asyncio.gather(*(code.evaluate(one) for one in range(50)))
            assert got == [[one, one + 1] for one in range(50)]
            await code.close()

    with nothing_left():
        asyncio.run(program())


def test_large_events_and_answers_pass_and_larger_ones_are_named() -> None:
    async def program() -> None:
        limits = CodeLimits(evaluation=30, load=30, event=4 << 20, answer=2 << 20)
        with running("def evaluate(event):\n    return [event[:2_000_000]]\n", limits=limits) as code:
            assert await code.evaluate("x" * 4_000_000) == ["x" * 2_000_000]
            assert code.evaluate_now("y" * 4_000_000) == ["y" * 2_000_000]
            with pytest.raises(CodeFailed, match="the event is larger than 4194304 bytes"):
                await code.evaluate("x" * (4 << 20))
            assert await code.evaluate("z") == ["z"]

    asyncio.run(program())


@pytest.mark.parametrize(
    ("source", "kind", "line", "message"),
    [
        ("def evaluate(event):\n    return [", "syntax", 2, "'[' was never closed"),
        ("def evaluate(event):\n    return [\0]", "load", None, "null bytes"),
        ("x = 1\nimport nothing_like_it\n", "load", 2, "No module named 'nothing_like_it'"),
        ("import sys\nsys.exit(3)", "load", 2, "SystemExit: 3"),
        ("import json\njson.dumps = print\n", "load", None, "it changes `json.dumps`, which is not its own"),
        ("x = 1", "load", None, "it has no function `evaluate(event)`"),
        ("evaluate = 1", "load", None, "it has no function `evaluate(event)`"),
        ("\ndef evaluate():\n    return []", "load", 2, "`evaluate` is to take one argument, the event"),
        ("\nasync def evaluate(event):\n    return []", "load", 2, "a plain function"),
        ("\ndef evaluate(event):\n    yield 1", "load", 2, "a plain function"),
        ("import threading\nthreading.Thread(target=print).start()", "load", 2, "can't start new thread"),
    ],
)
def test_a_file_that_is_not_taken_says_why_and_nothing_is_left(
    source: str, kind: str, line: int | None, message: str
) -> None:
    code = SandboxedCode(source, name="providers/ours.py", limits=ROOMY)
    with nothing_left():
        got = fault(code.check)
        code.stop()
    assert (got.kind, got.line) == (kind, line)
    assert message in got.message
    assert str(got).startswith(f"providers/ours.py:{line}: " if line else "providers/ours.py: ")


def test_a_file_that_is_too_large_is_not_run() -> None:
    with running(f"# {'x' * 100}\n{ECHO}", limits=CodeLimits(source=100)) as code:
        assert fault(code.check).message == "the file is larger than 100 bytes"


def test_what_one_event_raises_does_not_touch_the_next() -> None:
    with running("def evaluate(event):\n    return [10 / event]\n") as code:
        got = fault(lambda: code.evaluate_now(0))
        assert (got.kind, got.line, got.message) == ("raised", 2, "ZeroDivisionError: division by zero")
        assert code.evaluate_now(4) == [Decimal("2.5")]
        assert fault(lambda: code.evaluate_now("x")).kind == "raised"


SLOW_FOR_SOME = "def evaluate(event):\n    while event == 'slow':\n        pass\n    return [event]\n"


def test_an_event_that_takes_too_long_is_ended_and_the_next_is_served_by_another_process() -> None:
    async def program() -> None:
        code = SandboxedCode(SLOW_FOR_SOME, name="ours.py", limits=CodeLimits(evaluation=3, load=30))
        assert await code.evaluate(1) == [1]
        slow, after = await asyncio.gather(code.evaluate("slow"), code.evaluate(2), return_exceptions=True)
        assert isinstance(slow, CodeFailed)
        assert str(slow) == "ours.py:2: it did not end within 3 s, and was killed"
        assert after == [2]
        await code.close()

    with nothing_left():
        asyncio.run(program())


def test_who_no_longer_waits_leaves_no_answer_behind() -> None:
    async def program() -> None:
        code = SandboxedCode(SLOW_FOR_SOME, limits=ROOMY)
        assert await code.evaluate(1) == [1]
        for patience in (0, 0.05):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(code.evaluate("slow"), patience)
            assert await code.evaluate(2) == [2]
        await code.close()
        with pytest.raises(CodeFailed, match="it was closed"):
            await code.evaluate(3)

    with nothing_left():
        asyncio.run(program())


def test_what_dies_again_and_again_rests_and_is_tried_again() -> None:
    now = 0.0
    source = "import os\ndef evaluate(event):\n    return [event] if event else os._exit(5)\n"
    with running(source, passed=lambda: now) as code:
        got = fault(lambda: code.evaluate_now(0))
        assert (got.kind, got.message) == ("died", "it ended itself with exit code 5")
        assert fault(lambda: code.evaluate_now(0)).kind == "died"  # the first time it begins anew at once
        resting = fault(lambda: code.evaluate_now(1))
        assert (resting.kind, resting.message) == ("resting", "it failed 2 times, and rests for 0.2 s")
        now += 0.25
        assert fault(lambda: code.evaluate_now(0)).kind == "died"
        now += 0.25
        assert fault(lambda: code.evaluate_now(1)).kind == "resting"
        now += 0.25
        assert code.evaluate_now(1) == [1]
        assert fault(lambda: code.evaluate_now(0)).kind == "died"
        assert code.evaluate_now(2) == [2]  # what answered in between begins anew


def test_a_process_that_ended_while_nobody_looked_is_replaced() -> None:
    others = children()  # of earlier tests, which may go on for as long as these tests do
    with running(ECHO) as code:
        for number in range(3):
            assert code.evaluate_now(number) == [number]
            (outer,) = children() - others
            with open(f"/proc/{outer}/task/{outer}/children") as file:
                os.kill(int(file.read()), signal.SIGKILL)
            os.waitid(os.P_PID, outer, os.WEXITED | os.WNOWAIT)


@pytest.mark.slow
def test_a_process_that_used_its_time_is_replaced_between_two_events() -> None:
    source = """
import time
seen = 0
def evaluate(event):
    global seen
    seen += 1
    until = time.process_time() + float(event)
    while time.process_time() < until:
        pass
    return [seen]
"""
    with running(source, limits=CodeLimits(evaluation=60, load=30, processor=4)) as code:
        assert code.evaluate_now(0) == [1]
        assert code.evaluate_now(Decimal("3.62")) == [2]
        assert code.evaluate_now(0) == [1]
        # What does not stop by itself is stopped by the kernel.
        assert fault(lambda: code.evaluate_now(30)).message == "it was ended by SIGKILL"


def test_memory_that_ran_out_is_not_taken_along() -> None:
    source = """kept = []
def evaluate(event):
    while event:
        kept.append(bytearray(1 << 20))
    return [len(kept)]
"""
    with running(source) as code:
        assert code.evaluate_now(False) == [0]
        got = fault(lambda: code.evaluate_now(True))
        assert (got.kind, got.line) == ("memory", 4)
        assert code.evaluate_now(False) == [0]


PARENT = """
import sys, time
from atamo_rules.sandbox.code import SandboxedCode
from atamo_rules.sandbox.limits import CodeLimits
source = "def evaluate(event):\\n    while event: pass\\n    return []"
code = SandboxedCode(source, limits=CodeLimits(evaluation=600, load=30))
code.evaluate_now(False)
print("warm", flush=True)
code.evaluate_now(sys.argv[1] == "busy")
time.sleep(600)
"""


@pytest.mark.parametrize("how", ["idle", "busy"])
def test_it_ends_with_its_parent_however_that_ends(how: str, tmp_path: Path) -> None:
    with nothing_left():
        parent = subprocess.Popen([sys.executable, "-c", PARENT, how], stdout=subprocess.PIPE, cwd=ROOT)
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"warm\n"
        parent.kill()
        parent.wait()
        parent.stdout.close()


def test_limits_are_above_zero() -> None:
    with pytest.raises(ValueError, match="`memory` must be above zero"):
        CodeLimits(memory=0)


def test_it_refuses_where_there_are_no_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    from atamo_rules.sandbox.faults import NoSandbox

    monkeypatch.setattr(sys, "platform", "darwin")
    with (
        running(ECHO, allow_weaker=True) as code,
        pytest.raises(NoSandbox, match="only Linux has, and this is darwin"),
    ):
        code.check()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_what_is_forgotten_ends() -> None:
    with nothing_left():
        code = SandboxedCode(ECHO, limits=ROOMY)
        code.check()
        del code
