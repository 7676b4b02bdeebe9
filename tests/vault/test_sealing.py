"""Sealed texts open under their own name and key alone; keys that others can read are not used."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.builtin.vaults.keys import KeySource, new_key, read_keys
from atamo_rules.builtin.vaults.sealing import Unopened, seal, unseal
from atamo_rules.people.tokens import KINDS, Binding, Token

KEYS = read_keys(f"{new_key()}\n{new_key()}", "here")
NAMES = st.sampled_from(["", "acme", "birch", "user ann", "group ann", "crm", "mail"])
TOKENS = st.builds(
    Token,
    st.builds(
        Binding,
        NAMES,
        NAMES,
        NAMES,
        st.lists(NAMES, max_size=2).map(tuple),
        st.sampled_from(["token", "refresh"]),
    ),
    st.sampled_from(KINDS),
    st.integers(1, 3),
    st.just(""),
)


@given(TOKENS, TOKENS, st.text(min_size=1))
def test_a_sealed_text_opens_as_what_it_was_sealed_as_and_as_nothing_else(
    one: Token, other: Token, text: str
) -> None:
    sealed = seal(KEYS, text, one.associated())
    assert unseal(KEYS, sealed, one.associated()) == text
    if (one.binding, one.kind, one.version) != (other.binding, other.kind, other.version):
        with pytest.raises(Unopened):
            unseal(KEYS, sealed, other.associated())


def test_a_sealed_text_that_was_changed_does_not_open_at_any_place() -> None:
    bare = Token(Binding("acme", "user ann", "crm"), "bearer", 1, "")
    sealed = seal(KEYS, "the token", bare.associated())
    for at, was in enumerate(sealed):
        for other in "AZaz09-_.":
            if other != was:
                with pytest.raises(Unopened):
                    unseal(KEYS, sealed[:at] + other + sealed[at + 1 :], bare.associated())


def test_the_same_text_is_never_sealed_alike_and_never_shown() -> None:
    bare = Token(Binding("", "user ann", "crm"), "bearer", 1, "")
    made = {seal(KEYS, "the same", bare.associated()) for _ in range(50)}
    assert len(made) == 50
    assert not any("the same" in one for one in made)
    assert replace(bare, sealed=made.pop()).key == KEYS.first


def test_it_does_not_open_without_its_key() -> None:
    sealed = seal(KEYS, "x", b"")
    with pytest.raises(Unopened, match=f"the key `{KEYS.first}`, which is not among the keys"):
        unseal(read_keys(new_key(), "here"), sealed, b"")


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"
    path.write_text(f"# the new one\n{new_key()}\n")
    for mode in (0o640, 0o604, 0o644):
        path.chmod(mode)
        with pytest.raises(ValueError, match="can be read by others"):
            KeySource(str(path)).read()
    path.chmod(0o600)
    assert len(KeySource(str(path)).read().all) == 1


def test_keys_come_from_the_environment_and_from_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = new_key(), new_key()
    monkeypatch.setenv("VAULT_KEYS", f"{first},{second}")
    keys = KeySource("env:VAULT_KEYS").read()
    assert (keys.first, len(keys.all)) == (first.partition(":")[0], 2)
    path = tmp_path / "keys"
    path.write_text(f"{second}\n{first}\n")
    assert KeySource(f"command:cat '{path}'").read().first == second.partition(":")[0]


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("env:NOT_SET_ANYWHERE", "is not set"),
        ("command:false", "`false` ended with 1"),
        ("command:/no/such/program", "cannot be started"),
        ("command:'", "needs a program"),
        ("command:echo", "holds no key"),
        ("command:echo hello", "line 1: no key"),
        ("no/such/file", "does not exist; `atamo secret keygen"),
        (os.devnull, "is not a file"),
    ],
)
def test_what_gives_no_key_is_a_sentence(place: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        KeySource(place).read()


def test_no_sentence_tells_a_key(tmp_path: Path) -> None:
    key = new_key().partition(":")[2]
    for text in (f"x y:{key}", f"a:{key}\na:{key}", f"a:{key}!"):
        with pytest.raises(ValueError, match="line") as found:
            read_keys(text, "here")
        assert key not in str(found.value)
    assert key not in repr(read_keys(f"a:{key}", "here"))
