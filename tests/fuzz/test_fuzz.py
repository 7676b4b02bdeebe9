"""Any bytes, anywhere: a typed answer in bounded time and memory, never a traceback, a hang or a dead process.

`ATAMO_FUZZ=100000 ATAMO_FUZZ_SEED=7 pytest tests/fuzz -m slow` goes on for longer, and elsewhere.
"""

from __future__ import annotations

import base64
import json
import os
import selectors
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import TracebackType

import pytest

from tests.fuzz.documents import HUGE, mutated
from tests.fuzz.worker import KINDS

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
"""Seconds after which a document counts as a hang: twenty times what is promised, for machines that are busy."""
PROMISED = 1.0


class Worker:
    """The process under test. `answer` gives the outcome and seconds; a document that kills or holds it fails."""

    def __init__(self, folder: Path) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONINTMAXSTRDIGITS": "4300"},
        )  # fmt: skip

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.child.kill()
        self.child.communicate()

    def answer(self, kind: str, raw: bytes) -> tuple[str, float]:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        try:
            self.child.stdin.write(json.dumps([kind, base64.b64encode(raw).decode()]) + "\n")
            self.child.stdin.flush()
        except BrokenPipeError:
            pass  # told below, with what it said
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.child.stdout, selectors.EVENT_READ)
            if not waiting.select(PATIENCE):
                self.child.kill()
                pytest.fail(f"no answer in {PATIENCE:g} s to {kind}: {raw[:2000]!r}")
        line = self.child.stdout.readline()
        if not line:
            _, said = self.child.communicate(timeout=10)
            pytest.fail(f"it ended with {self.child.returncode} on {kind}: {raw[:4000]!r}\n{said[-3000:]}")
        outcome, seconds = json.loads(line)
        return outcome, seconds


def _try(folder: Path, seed: int, count: int, capsys: pytest.CaptureFixture[str] | None = None) -> None:
    outcomes: Counter[str] = Counter()
    slowest = (0.0, "", b"")
    with Worker(folder) as worker:
        for kind, raw in mutated(seed, count):
            outcome, seconds = worker.answer(kind, raw)
            outcomes[outcome] += 1
            slowest = max(slowest, (seconds, kind, raw[:200]))
    assert outcomes["fine"], "some documents are right"
    assert len(outcomes) > 3, outcomes
    if capsys is not None:
        with capsys.disabled():
            print(
                f"\nslowest {slowest[0]:.2f} s of {PROMISED:g} s: {slowest[1]}; outcomes {outcomes.most_common(8)}"
            )


def test_mutated_documents(tmp_path: Path) -> None:
    _try(tmp_path, 1, 300)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_many_mutated_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _try(
        tmp_path,
        int(os.environ.get("ATAMO_FUZZ_SEED", "2")),
        int(os.environ.get("ATAMO_FUZZ", "12000")),
        capsys,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", HUGE)
def test_huge_documents(tmp_path: Path, name: str) -> None:
    with Worker(tmp_path) as worker:
        for kind in KINDS:
            outcome, _ = worker.answer(kind, HUGE[name])
            assert outcome
