"""The notary: it grows the tree with the log, puts checkpoints down elsewhere, and notices a log that is another."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from atamo_rules.builtin.stores.memory import MemoryStore
from atamo_rules.builtin.witnesses.file import FileWitness
from atamo_rules.hub.audit.checkpoint import Checkpoint, read_checkpoint
from atamo_rules.hub.audit.evidence import read_evidence
from atamo_rules.hub.audit.form import record_bytes
from atamo_rules.hub.audit.merkle import leaf_hash
from atamo_rules.hub.audit.notary import Notary
from atamo_rules.hub.audit.note import Note as SignedNote
from atamo_rules.hub.audit.note import NoteBroken
from atamo_rules.hub.audit.proofs import consistency, consistent, root_of
from atamo_rules.hub.audit.signing import new_key
from atamo_rules.hub.audit.verify import Report, verify
from atamo_rules.hub.audit.witness import Disagrees, Witness
from atamo_rules.hub.clock import SystemClock
from atamo_rules.hub.store import Store
from atamo_rules.model.audit import Note
from tests.audit.logs import NOON


async def opened() -> MemoryStore:
    store = MemoryStore()
    await store.open(lambda first, notes: None)
    return store


async def write(store: Store, count: int, why: str = "x") -> None:
    await store.write([Note(NOON, "event.accepted", f"e{n}", "", {"why": why}) for n in range(count)])


async def notary(store: Store, *witnesses: Witness, every: int = 10, **more: object) -> Notary:
    """A notary that has begun and knows of everything there is; `told` collects its alarms."""
    made = Notary(store, SystemClock(), witnesses, every=every, **more)  # type: ignore[arg-type]
    await made.begin()
    return made


async def checkpoint(one: Notary) -> Checkpoint | None:
    """Tell it what is new, as the hub does, and have it put a checkpoint down."""
    for record in await one.store.audit(one.head, 10_000):
        one.hear(record.position, [Note(record.at, record.kind)])
    return await one.checkpoint()


async def checked(store: Store, path: Path) -> Report:
    return verify([record_bytes(record) for record in await store.audit(0, 10_000)], read_evidence(path))


def test_checkpoints_are_of_the_log_and_each_begins_with_the_one_before(tmp_path: Path) -> None:
    async def story() -> None:
        store = await opened()
        one = await notary(store, FileWitness(tmp_path / "deep/checkpoints"))
        for count in (7, 1, 25, 3):
            await write(store, count)
            assert await checkpoint(one) is not None
        report = await checked(store, tmp_path / "deep/checkpoints")
        assert (report.intact, report.checkpoints, report.size - report.vouched) == (True, 4, 1)
        evidence = read_evidence(tmp_path / "deep/checkpoints")
        made = [one for one, _ in evidence.checkpoints]
        for old, new in itertools.pairwise(made):
            proof = consistency(evidence.leaves, old.size, new.size)
            assert consistent(old.size, old.root, new.size, new.root, proof)
        told = [record for record in await store.audit(0, 100) if record.kind == "audit.checkpoint"]
        assert [(r.what["size"], r.what["root"]) for r in told] == [(c.size, c.root.hex()) for c in made]
        assert told[0].what["witnesses"] == [{"place": str(tmp_path / "deep/checkpoints")}]

    asyncio.run(story())


def test_nothing_new_is_no_checkpoint_and_its_own_record_is_nothing_new(tmp_path: Path) -> None:
    async def story() -> None:
        store = await opened()
        one = await notary(store, FileWitness(tmp_path / "c"))
        assert await checkpoint(one) is None
        await write(store, 3)
        assert await checkpoint(one) is not None
        assert await checkpoint(one) is None
        assert await checkpoint(await notary(store, FileWitness(tmp_path / "c"))) is None, (
            "after a start, too"
        )

    asyncio.run(story())


def test_a_start_goes_on_where_the_one_before_stopped(tmp_path: Path) -> None:
    async def story() -> None:
        store = await opened()
        alarms: list[str] = []
        origins = set()
        for round in range(4):
            one = await notary(store, FileWitness(tmp_path / "c"), alarm=alarms.append)
            origins.add(one.origin)
            await write(store, 5 + round)
            assert await checkpoint(one) is not None
        assert alarms == []
        assert len(origins) == 1
        report = await checked(store, tmp_path / "c")
        assert (report.intact, report.checkpoints) == (True, 4)

    asyncio.run(story())


def test_a_witness_that_comes_later_is_told_everything(tmp_path: Path) -> None:
    async def story() -> None:
        store = await opened()
        one = await notary(store)
        await write(store, 35)
        await checkpoint(one)
        late = await notary(store, FileWitness(tmp_path / "late"))
        await write(store, 2)
        await checkpoint(late)
        report = await checked(store, tmp_path / "late")
        assert (report.intact, report.checkpoints, report.vouched) == (True, 1, 38)

    asyncio.run(story())


@pytest.mark.parametrize("kind", ["another", "shorter", "changed"])
def test_a_log_that_is_not_what_a_witness_saw_is_noticed_at_the_start(tmp_path: Path, kind: str) -> None:
    async def story() -> None:
        store = await opened()
        alarms: list[str] = []
        one = await notary(store, FileWitness(tmp_path / "c"), alarm=alarms.append, origin="acme/desk")
        await write(store, 20)
        await checkpoint(one)
        other = await opened()
        await write(
            other, {"another": 30, "shorter": 6, "changed": 20}[kind], "y" if kind == "changed" else "x"
        )
        origin = "acme/other" if kind == "another" else "acme/desk"
        again = await notary(other, FileWitness(tmp_path / "c"), alarm=alarms.append, origin=origin)
        (gap,) = [record for record in await other.audit(0, 100) if record.kind == "audit.gap"]
        (alarm,) = alarms
        said = {
            "another": "a witness of another log, `acme/desk`",
            "shorter": "the log has 6 records",
            "changed": "the first 20 records are not those that",
        }[kind]
        assert said in str(gap.what["why"])
        assert said in alarm
        await write(other, 3)
        await checkpoint(again)
        assert not (await checked(other, tmp_path / "c")).intact

    asyncio.run(story())


class Failing:
    """A witness on a disk that is full, for a while."""

    def __init__(self, inner: FileWitness) -> None:
        self.inner = inner
        self.full = True

    place = "elsewhere"

    @property
    def size(self) -> int:
        return self.inner.size

    @property
    def last(self) -> Checkpoint | None:
        return self.inner.last

    def keep(
        self, first: int, leaves: Sequence[bytes], note: SignedNote | None, checkpoint: Checkpoint | None
    ) -> None:
        if self.full:
            raise OSError(28, "no space left on device")
        self.inner.keep(first, leaves, note, checkpoint)


def test_a_witness_that_fails_is_told_of_and_gets_everything_later(tmp_path: Path) -> None:
    async def story() -> None:
        store = await opened()
        alarms: list[str] = []
        failing = Failing(FileWitness(tmp_path / "a"))
        one = await notary(store, failing, FileWitness(tmp_path / "b"), alarm=alarms.append)
        await write(store, 12)
        await checkpoint(one)
        told = next(record for record in await store.audit(0, 100) if record.kind == "audit.checkpoint")
        first, second = told.what["witnesses"]  # type: ignore[misc]
        assert "no space left" in first["why"]  # type: ignore[index]
        assert second == {"place": str(tmp_path / "b")}
        assert "no space left" in alarms[0]
        assert (await checked(store, tmp_path / "b")).intact
        failing.full = False
        await write(store, 1)
        await checkpoint(one)
        report = await checked(store, tmp_path / "a")
        assert (report.intact, report.checkpoints, report.vouched) == (True, 1, 14)

    asyncio.run(story())


def test_it_signs_with_the_key_it_is_given(tmp_path: Path) -> None:
    key = new_key("acme/desk")

    async def story() -> None:
        store = await opened()
        one = await notary(store, FileWitness(tmp_path / "c"), sign=key.sign, origin="acme/desk")
        await write(store, 4)
        await checkpoint(one)
        ((made, note),) = read_evidence(tmp_path / "c").checkpoints
        assert key.verifier.signed(note)
        assert made.origin == "acme/desk"
        assert one.latest is not None
        assert read_checkpoint(one.latest) == made

    asyncio.run(story())


def test_it_runs_beside_the_hub_and_wakes_when_a_checkpoint_is_due(tmp_path: Path) -> None:
    async def story() -> None:
        store = MemoryStore()
        made: list[Notary] = []
        await store.open(lambda first, notes: made[0].hear(first, notes) if made else None)
        witness = FileWitness(tmp_path / "c")
        one = await notary(store, witness, every=10, seconds=3600.0)
        made.append(one)
        running = asyncio.create_task(one.run())
        await write(store, 9)
        await asyncio.sleep(0.02)
        assert witness.last is None
        await write(store, 2)
        async with asyncio.timeout(10):
            while witness.last is None:
                await asyncio.sleep(0.005)
        assert witness.last.size == 11
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())


def test_a_file_witness_never_writes_over_anything(tmp_path: Path) -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(5)]
    one = FileWitness(tmp_path / "c")
    first = Checkpoint("x/y", 3, root_of(leaves, 0, 3))
    one.keep(0, leaves[:3], SignedNote(first.text), first)
    with pytest.raises(Disagrees, match="has the hashes of 3 records"):
        one.keep(2, leaves[2:], None, None)
    (tmp_path / "c.leaves").write_bytes((tmp_path / "c.leaves").read_bytes() + b"torn")
    again = FileWitness(tmp_path / "c")
    assert (again.size, again.last) == (3, first)
    second = Checkpoint("x/y", 5, root_of(leaves, 0, 5))
    again.keep(3, leaves[3:], SignedNote(second.text), second)
    evidence = read_evidence(tmp_path / "c")
    assert list(evidence.leaves) == leaves
    assert [one for one, _ in evidence.checkpoints] == [first, second]
    (tmp_path / "c").write_text("not a checkpoint\n")
    with pytest.raises(NoteBroken):
        FileWitness(tmp_path / "c")
