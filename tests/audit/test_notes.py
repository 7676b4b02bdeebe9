"""Checkpoints as notes: what is written is read, what is no note is told with its line, signatures are Ed25519."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.hub.audit.checkpoint import Checkpoint, is_origin, read_checkpoints
from atamo_rules.hub.audit.merkle import Frontier, leaf_hash
from atamo_rules.hub.audit.note import Note, NoteBroken, Signature, read_notes
from atamo_rules.hub.audit.signing import new_key, read_signing, read_verifier

ROOT = base64.b64encode(bytes(range(32))).decode()
ONE = f"atamo/desk\n7\n{ROOT}\n\n"


def test_the_text_is_what_the_format_says() -> None:
    tree = Frontier().extend(leaf_hash(bytes([n])) for n in range(3))
    text = Checkpoint.of("atamo/desk", tree).text
    assert text == f"atamo/desk\n3\n{base64.b64encode(tree.root).decode()}\n"


names = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters="+"), min_size=1, max_size=20
)
signatures = st.builds(
    Signature, names.filter(str.isprintable), st.binary(min_size=4, max_size=4), st.binary(min_size=1)
)
notes = st.builds(
    lambda size, root, origin, made: (Checkpoint(origin, size, root), tuple(made)),
    st.integers(0, 10**12),
    st.binary(min_size=32, max_size=32),
    names.filter(is_origin),
    st.lists(signatures, max_size=3),
)


@given(st.lists(notes, min_size=1, max_size=4))
def test_what_is_written_after_one_another_is_read_back(
    written: list[tuple[Checkpoint, tuple[Signature, ...]]],
) -> None:
    text = "".join(Note(one.text, made).written for one, made in written)
    assert [(one, note.signatures) for one, note in read_checkpoints(text)] == written


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"atamo/desk\n7\n{ROOT}\n", "line 3: the note has no end"),
        (f"atamo/desk\n7\n{ROOT}\n\n— desk x", "line 5: the last line has no end"),
        (f"atamo/desk\n7\n{ROOT}\n\n— desk x\n", "line 5: a signature is"),
        (f"atamo/desk\n7\n{ROOT}\n\n— desk AAAAAA==\n", "line 5: a signature is"),
        (f"{ONE}\n", "line 5: an empty line"),
        (f"{ONE}atamo/desk\n07\n{ROOT}\n\n", "line 6: the size"),
        (f"{ONE}atamo/desk\n-7\n{ROOT}\n\n", "line 6: the size"),
        (f"{ONE}atamo/desk\n٧\n{ROOT}\n\n", "line 6: the size"),
        (f"{ONE}atamo/desk\n7\n{ROOT[:-2]}\n\n", "line 7: the root"),
        ("atamo/desk\n7\nAAAA\n\n", "line 3: the root"),
        ("atamo/desk\n7\n\n", "line 1: a checkpoint has"),
        (f"atamo/desk\n7\r\n{ROOT}\n\n", "line 2: a control character"),
    ],
)
def test_what_is_no_checkpoint_is_told_with_its_line(text: str, says: str) -> None:
    with pytest.raises(NoteBroken, match=says):
        list(read_checkpoints(text))


@given(st.text())
def test_any_text_is_notes_or_is_told(text: str) -> None:
    try:
        found = list(read_notes(text))
    except NoteBroken:
        return
    assert "".join(note.written for note in found) == text


def test_a_published_note_is_believed_and_made_again() -> None:
    """The example in the documentation of Go's package for notes, which the format comes from."""
    name = "PeterNeumann"
    verifier = read_verifier(f"{name}+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    signing = read_signing(f"PRIVATE+KEY+{name}+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    line = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    (note,) = read_notes(f"{text}\n— {name} {line}\n")
    assert verifier.signed(note)
    assert signing.verifier == verifier
    assert signing.sign(text).signatures == note.signatures
    assert not verifier.signed(Note(text))


def test_signing_and_checking() -> None:
    key = new_key("atamo/desk")
    again = read_signing(key.text)
    assert again == key
    assert key.seed.hex() not in repr(key)
    note = key.sign(Checkpoint("atamo/desk", 7, bytes(32)).text)
    (read,) = read_notes(note.written)
    assert key.verifier.signed(read)
    assert read_verifier(key.verifier.text) == key.verifier
    other = new_key("atamo/desk").verifier
    assert not other.signed(read), "another key of the same name is another key"
    changed = Note(read.text.replace("7", "8"), read.signatures)
    assert not key.verifier.signed(changed)
    (signature,) = read.signatures
    bad = Signature(signature.name, signature.key_id, bytes(64))
    assert not key.verifier.signed(Note(read.text, (signature, bad))), (
        "a bad signature of this key spoils the note"
    )
    stranger = Signature("somebody/else", b"1234", bytes(64))
    assert key.verifier.signed(Note(read.text, (stranger, signature))), "strangers' signatures are let be"


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b"])
def test_a_key_needs_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a key"):
        new_key(name)


def test_a_mistyped_key_is_told_and_a_secret_is_not_repeated() -> None:
    key = new_key("atamo/desk")
    with pytest.raises(ValueError, match="begins with PRIVATE"):
        read_signing(key.verifier.text)
    with pytest.raises(ValueError, match="a verifier key is NAME"):
        read_verifier("atamo/desk")
    public = key.verifier.text
    swapped = public.replace(key.verifier.id.hex(), "00000000")
    with pytest.raises(ValueError, match="the key's id is not of this key"):
        read_verifier(swapped)
    secret = base64.b64encode(b"\x01" + key.seed).decode()
    with pytest.raises(ValueError, match="PRIVATE") as told:
        read_signing(key.text[:-4])
    assert secret[:20] not in str(told.value)
