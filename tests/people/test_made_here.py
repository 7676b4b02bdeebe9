"""Keys that wait in a project's folder: taken in once, as they are, and by nobody twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from atamo_rules.hub.people.made_here import lay_down, place_of, take_in
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
    taken, wrong = serving.run(take_in(place_of(folder), hub))
    assert ([one.id for one in taken], wrong, list(place_of(folder).iterdir())) == ([key.id], [], [])
    kept = hub.keyring.keys[key.id]
    assert (kept.by, kept.made_by, kept.organisation) == (HERE, (), "acme")
    headers = {"authorization": f"Bearer {text}"}
    assert serving.web.get("/v1/consents", headers=headers).status_code == 200
    serving.run(hub.keyring.revoke(key.id))
    path.write_text(before)
    assert serving.run(take_in(place_of(folder), hub)) == ([], [])
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
    taken, wrong = serving.run(take_in(place_of(tmp_path), serving.controller.hub))
    assert [one.id for one in taken] == [key.id]
    assert len(wrong) == len(others)
    assert {one.suffix for one in place_of(tmp_path).iterdir()} == {".refused"}
    assert serving.run(take_in(place_of(tmp_path), serving.controller.hub)) == ([], [])
