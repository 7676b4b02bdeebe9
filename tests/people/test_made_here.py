"""Keys that wait in a project's folder: taken in once, as they are, and by nobody twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from atamo_rules.hub.people.made_here import Taken, lay_down, lay_down_end, place_of, take_in, waiting
from atamo_rules.people.keys import HERE, make
from tests.places import write
from tests.rest.conftest import Serving, serve  # noqa: F401

PEOPLE = "users:\n  ann: { organisation: acme }\n"


def test_a_key_is_taken_in_once_and_never_brought_back(
    serve: Callable[..., Serving],  # noqa: F811
    tmp_path: Path,
) -> None:
    """A hub that was killed between keeping a key and forgetting the file meets the file again."""
    write(tmp_path / "p0", {"people.yaml": PEOPLE})
    serving = serve("event tick of anything\n")
    hub, folder = serving.controller.hub, tmp_path / "desk"
    folder.mkdir()
    text, key = make("ann", made="2026-03-01T00:00:00+00:00", by="somebody", made_by=("root",))
    path = lay_down(folder, key)
    before = path.read_text()
    taken = serving.run(take_in(place_of(folder), hub))
    assert ([one.id for one in taken.made], taken.wrong, list(place_of(folder).iterdir())) == (
        [key.id],
        (),
        [],
    )
    kept = hub.keyring.keys[key.id]
    assert (kept.by, kept.made_by, kept.organisation) == (HERE, (), "acme")
    headers = {"authorization": f"Bearer {text}"}
    assert serving.web.get("/v1/consents", headers=headers).status_code == 200
    serving.run(hub.keyring.revoke(key.id))
    path.write_text(before)
    assert serving.run(take_in(place_of(folder), hub)) == Taken()
    assert hub.keyring.keys[key.id].revoked
    assert serving.web.get("/v1/consents", headers=headers).status_code == 401
    kinds = [one.kind for one in serving.run(hub.store.audit(0, 100)) if one.kind.startswith("key.")]
    assert kinds == ["key.created", "key.revoked"]


def test_what_is_no_key_is_put_aside_and_keeps_no_key_from_being_taken(
    serve: Callable[..., Serving],  # noqa: F811
    tmp_path: Path,
) -> None:
    serving = serve("event tick of anything\n")
    _, key = make("ann", made="2026-03-01T00:00:00+00:00")
    document = key.kept()
    changes = ({"role": "none", "over": "own"}, {"verbs": 7}, {"holder": 7}, {"digest": None}, {"expires": "soon"},
               {"more": 1}, {"verbs": ["fly"]}, {"types": [7]})  # fmt: skip
    others = ["", "[]", "7", "{", "[" * 50_000, '"\ud800"', "{}", "x" * (65 << 10)]
    others += [json.dumps({**document, **change}) for change in changes]
    for number, text in enumerate(others):
        place = place_of(tmp_path)
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.json").write_text(text, "utf-8", "surrogatepass")
    lay_down(tmp_path, key)
    taken = serving.run(take_in(place_of(tmp_path), serving.controller.hub))
    assert [one.id for one in taken.made] == [key.id]
    assert len(taken.wrong) == len(others)
    assert {one.suffix for one in place_of(tmp_path).iterdir()} == {".refused"}
    assert serving.run(take_in(place_of(tmp_path), serving.controller.hub)) == Taken()


def test_a_key_is_ended_once_and_with_it_what_was_made_with_it(
    serve: Callable[..., Serving],  # noqa: F811
    tmp_path: Path,
) -> None:
    """The last key of an admin, too: whoever may write there makes another. What waits is taken in before it ends."""
    serving = serve("event tick of anything\n")
    hub, place = serving.controller.hub, place_of(tmp_path)
    text, root = make("root", made="2026-03-01T00:00:00+00:00", role="admin", over="everything")
    lay_down(tmp_path, root)
    path = lay_down_end(tmp_path, root.id)
    assert ([one.id for one in waiting(tmp_path)[0]], waiting(tmp_path)[1]) == ([root.id], [root.id])
    before = path.read_text()
    taken = serving.run(take_in(place, hub))
    assert ([one.id for one in taken.made], [one.id for one in taken.ended]) == ([root.id], [root.id])
    assert (taken.wrong, list(place.iterdir()), waiting(tmp_path)) == ((), [], ([], []))
    headers = {"authorization": f"Bearer {text}"}
    assert serving.web.get("/v1/consents", headers=headers).status_code == 401
    path.write_text(before)  # a hub that was killed between ending a key and forgetting the file
    assert serving.run(take_in(place, hub)) == Taken()
    child, grandchild, other = (
        serving.run(hub.keyring.make(name, parent=parent))[1]
        for name, parent in (("ann", root.id), ("bob", "later"), ("eve", ""))
    )
    hub.keyring.keys[grandchild.id] = replace(grandchild, parent=child.id)
    lay_down_end(tmp_path, root.id, made=True)
    ended = {one.id for one in serving.run(take_in(place, hub)).ended}
    assert ended == {child.id, grandchild.id}
    assert not hub.keyring.keys[other.id].revoked
    told = [(one.kind, one.who) for one in serving.run(hub.store.audit(0, 100)) if one.kind == "key.revoked"]
    assert told == [("key.revoked", HERE)] * 3


def test_a_hub_that_forgets_leaves_the_files_to_the_next(
    serve: Callable[..., Serving],  # noqa: F811
    tmp_path: Path,
) -> None:
    """One with a file would otherwise find no key, and be open to everybody on its machine."""
    serving = serve("event tick of anything\n")
    hub, place = serving.controller.hub, place_of(tmp_path)
    _, key = make("ann", made="2026-03-01T00:00:00+00:00")
    path = lay_down(tmp_path, key)
    assert [one.id for one in serving.run(take_in(place, hub, lasting=False)).made] == [key.id]
    assert serving.run(take_in(place, hub, lasting=False)) == Taken()
    assert path.exists()
    of_before = lay_down_end(tmp_path, "nonenone")
    order = lay_down_end(tmp_path, key.id)
    assert [one.id for one in serving.run(take_in(place, hub, lasting=False)).ended] == [key.id]
    assert serving.run(take_in(place, hub, lasting=False)) == Taken()
    assert set(place.iterdir()) == {of_before, order}, (
        "a key that was revoked opens nothing after a restart either"
    )


def test_what_ends_no_key_is_put_aside(
    serve: Callable[..., Serving],  # noqa: F811
    tmp_path: Path,
) -> None:
    serving = serve("event tick of anything\n")
    hub, place = serving.controller.hub, place_of(tmp_path)
    _, key = serving.run(hub.keyring.make("ann"))
    for said in ("", "[]", "{", "7", "{}", '{"made": 1}', '{"made": true, "more": 1}', "x" * (65 << 10)):
        lay_down_end(tmp_path, key.id).write_text(said, "utf-8")
        taken = serving.run(take_in(place, hub))
        assert (taken.ended, len(taken.wrong)) == ((), 1)
        assert [one.suffix for one in place.iterdir()] == [".refused"]
    lay_down_end(tmp_path, "nonenone")
    assert "there is none of this id" in serving.run(take_in(place, hub)).wrong[0]
    assert not hub.keyring.keys[key.id].revoked
    for id in ("../../x", "x", "", "ABCDEFGH"):
        with pytest.raises(ValueError, match="is no id of a key"):
            lay_down_end(tmp_path, id)
