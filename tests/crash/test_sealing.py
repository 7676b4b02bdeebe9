"""Killed between the commit of records and the checkpoint over them: the next start takes in what the file holds."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.sqlite.store import SqliteStore
from atamo_rules.builtin.witnesses.file import FileWitness
from atamo_rules.cli.stopped import records_of
from atamo_rules.hub.audit.evidence import read_evidence
from atamo_rules.hub.audit.notary import Notary
from atamo_rules.hub.audit.verify import Report, verify
from atamo_rules.hub.clock import SystemClock

NEVER = 10**9


def killed(folder: Path, every: int, after: int) -> tuple[int, int]:
    """Run until so many lines were said, and one checkpoint if there are to be any, and kill; gives the last position
    kept and the last size sealed."""
    command = [sys.executable, "-m", "tests.crash.sealing", str(folder), str(every)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said: list[str] = []
        while len(said) < after or not (every == NEVER or any(line.startswith("sealed") for line in said)):
            said.append(process.stdout.readline())
            assert said[-1], "it ended by itself"
        process.kill()
        said += process.stdout.readlines()
    lines = [line.split() for line in said if line.endswith("\n")]
    assert all(len(line) == 1 or line[0] == "sealed" for line in lines), "a witness saw another log"
    kept = max(int(line[-1]) for line in lines if len(line) == 1)
    return kept, max((int(line[-1]) for line in lines if len(line) == 2), default=0)


def sealed_again(folder: Path) -> Report:
    """Start, seal what there is, stop, and verify."""
    alarms: list[str] = []

    async def story() -> None:
        store = SqliteStore(folder / "hub.db")
        await store.open(lambda first, notes: None)
        notary = Notary(store, SystemClock(), [FileWitness(folder / "checkpoints")], alarm=alarms.append)
        await notary.begin()
        assert await notary.checkpoint() is not None
        await store.close()

    asyncio.run(story())
    assert alarms == []
    return verify(records_of(folder / "hub.db")[1], read_evidence(folder / "checkpoints"))


def test_killed_with_records_that_no_checkpoint_speaks_of(tmp_path: Path) -> None:
    before = 0
    for _ in range(2):
        kept, sealed = killed(tmp_path, NEVER, 40)
        assert sealed == 0
        report = sealed_again(tmp_path)
        assert report.intact, list(report.sentences())
        assert report.vouched >= kept > before, "all that was kept is in the tree"
        before = kept


@pytest.mark.parametrize(
    "rounds", [pytest.param(3, id="3"), pytest.param(60, id="60", marks=pytest.mark.slow)]
)
def test_killed_while_checkpoints_are_put_down(rounds: int, tmp_path: Path) -> None:
    for number in range(rounds):
        kept, sealed = killed(tmp_path, 20, 60 + 7 * number % 40)
        interim = verify(records_of(tmp_path / "hub.db")[1], read_evidence(tmp_path / "checkpoints"))
        assert interim.intact, list(interim.sentences())
        assert interim.vouched >= sealed
        assert interim.size >= kept
    report = sealed_again(tmp_path)
    assert report.intact, list(report.sentences())
    assert report.vouched >= kept
