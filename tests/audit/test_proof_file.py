"""A record with its proof in one file: it holds for that record and no other, and what is no proof is told."""

from __future__ import annotations

import random

import pytest

from atamo_rules.hub.audit.checkpoint import Checkpoint
from atamo_rules.hub.audit.merkle import Frontier, leaf_hash
from atamo_rules.hub.audit.note import Note, NoteBroken
from atamo_rules.hub.audit.proof_file import Proof, read_proof
from atamo_rules.hub.audit.proofs import inclusion
from tests.audit.logs import log

RECORDS = log(11, random.Random(7))
LEAVES = [leaf_hash(raw) for raw in RECORDS]


def proof(index: int) -> Proof:
    text = Checkpoint.of("atamo/desk", Frontier().extend(LEAVES)).text
    return Proof(RECORDS[index], index, inclusion(LEAVES, index, len(LEAVES)), Note(text))


@pytest.mark.parametrize("index", range(11))
def test_it_is_read_back_and_holds(index: int) -> None:
    made = proof(index)
    read = read_proof(made.written)
    assert (read.record, read.index, read.path, read.note.text) == (
        made.record,
        index,
        made.path,
        made.note.text,
    )
    assert read.holds
    assert not Proof(RECORDS[index - 1], index, made.path, made.note).holds
    assert not Proof(RECORDS[index], (index + 1) % 11, made.path, made.note).holds


def test_the_file_is_what_the_format_says() -> None:
    lines = proof(3).written.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[2] == "index 3"
    assert lines[lines.index("") + 1 :][:2] == ["atamo/desk", "11"]


def test_a_character_changed_anywhere_is_told_or_says_nothing_else() -> None:
    """The root binds the record and its place. The log's name and its size are bound by a signature, or by another
    copy of the checkpoint."""
    made = proof(5)
    text = made.written
    for at in range(len(text)):
        changed = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        try:
            read = read_proof(changed)
        except NoteBroken:
            continue
        if read.holds:
            assert (read.record, read.index, read.path) == (made.record, made.index, made.path)
            assert read.checkpoint.root == made.checkpoint.root


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: a proof begins"),
        (proof(1).written.replace("extra ", "extra  "), "line 2"),
        (proof(1).written.replace("index 1", "index 01"), "line 3"),
        (proof(1).written.replace("index 1", "index 1\nAAAA"), "line 4: a step"),
        (proof(1).written + proof(1).note.written, "line 8: one checkpoint"),
        (proof(1).written.replace("\n11\n", "\nx\n"), "the size"),
    ],
)
def test_what_is_no_proof_is_told(text: str, says: str) -> None:
    with pytest.raises(NoteBroken, match=says):
        read_proof(text)
