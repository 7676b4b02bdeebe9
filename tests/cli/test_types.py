"""`atamo types`: bundles of JSON Schemas become event types that verify, or nothing is written at all."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atamo_rules.cli.main import main
from atamo_rules.compiler.generate_types import generate
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.engine.door import Door
from atamo_rules.hub.project.rulebook import Rulebook
from atamo_rules.model.strict_json import decode
from atamo_rules.model.types import OneOf, Record
from atamo_rules.source.span import Source
from tests.cli.dispatcher import atamo

OLD = "http://json-schema.org/draft-07/schema#"
NEW = "https://json-schema.org/draft/2020-12/schema"

BUNDLE: dict[str, Any] = {
    "$schema": OLD,
    "definitions": {
        "door$opened": {
            "type": "object",
            "title": "door opened event",
            "required": ["action", "door"],
            "properties": {
                "action": {"type": "string", "enum": ["opened"]},
                "door": {"$ref": "#/definitions/door"},
            },
            "additionalProperties": False,
        },
        "door$closed": {
            "type": "object",
            "required": ["action", "door"],
            "properties": {
                "action": {"type": "string", "enum": ["closed"]},
                "door": {"$ref": "#/definitions/door"},
            },
        },
        "door_event": {"oneOf": [{"$ref": "#/definitions/door$opened"}, {"$ref": "#/definitions/door$closed"}]},
        "ping$event": {
            "type": "object",
            "description": "Somebody \"pinged\"\nus",
            "required": ["zen", "weight"],
            "properties": {"zen": {"type": "string"}, "weight": {"type": "number", "maximum": 0.1}},
        },
        "door": {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "integer"}, "behind": {"$ref": "#/definitions/door"}},
        },
        "unused": {"type": "object", "properties": {"never": {"type": "string"}}},
    },
    "oneOf": [{"$ref": "#/definitions/door_event"}, {"$ref": "#/definitions/ping$event"}],
}  # fmt: skip


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Runs `atamo types` in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["atamo", "types", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        told = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, told.out, told.err

    return call


Run = Callable[..., tuple[int, str, str]]


def put(value: Any, name: str = "bundle.json") -> str:
    Path(name).write_text(json.dumps(value), "utf-8")
    return name


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("form", ["atamo", "yaml"])
def test_what_is_written_verifies_and_holds_at_the_door(run: Run, form: str) -> None:
    code, out, err = run(put(BUNDLE), "-o", "rules", "--to", form, "--policy", "flag", "--prefix", "house")
    assert (code, err) == (0, "")
    assert out == f"rules: 2 event types in events.{form}, their schemas in schemas/\n"
    made = Rulebook((Path("rules"),)).compile()
    assert made.ruleset is not None
    assert not made.errors
    events = made.ruleset.events
    assert list(events) == ["house.door", "house.ping"]
    assert {event.invalid for event in events.values()} == {"flag"}
    assert events["house.ping"].about == 'Somebody "pinged" us'
    shape = events["house.door"].type
    assert isinstance(shape, Record)
    assert shape.members["action"].type == OneOf(("opened", "closed"))
    door = Door(events["house.door"])
    assert not door.reasons({"action": "opened", "door": {"id": 1, "behind": {"id": 2, "behind": {"id": 3}}}})
    assert door.reasons({"action": "opened", "door": {"id": 1, "behind": {"id": "two"}}})
    assert door.reasons({"action": "opened", "door": {"id": 1}, "more": 1})
    assert not door.reasons({"action": "closed", "door": {"id": 1}, "more": 1})
    assert door.reasons({"action": "slammed", "door": {"id": 1}})


def test_each_schema_holds_what_it_needs_and_no_more(run: Run) -> None:
    assert run(put(BUNDLE), "-o", "rules")[0] == 0
    door = json.loads(Path("rules/schemas/door.json").read_text("utf-8"))
    assert list(door["definitions"]) == ["door_event", "door$opened", "door$closed", "door"]
    assert list(json.loads(Path("rules/schemas/ping.json").read_text("utf-8"))["definitions"]) == [
        "ping$event"
    ]


def test_numbers_stay_exactly_as_they_are_written(run: Run) -> None:
    text = json.dumps(BUNDLE).replace("0.1", "0.10000000000000000000001")
    Path("bundle.json").write_text(text, "utf-8")
    assert run("bundle.json", "-o", "rules")[0] == 0
    assert '"maximum": 0.10000000000000000000001' in Path("rules/schemas/ping.json").read_text("utf-8")


def test_the_same_bundle_gives_the_same_bytes(run: Run) -> None:
    put(BUNDLE)
    assert run("bundle.json", "-o", "one")[0] == 0
    assert run("bundle.json", "-o", "two")[0] == 0
    assert everything(Path("one")) == everything(Path("two"))


def test_the_bundle_may_come_on_standard_input(tmp_path: Path) -> None:
    done = atamo("types", "-", "-o", "made/deep/rules", cwd=tmp_path, stdin=json.dumps(BUNDLE))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made/deep/rules/schemas/door.json").is_file()
    assert sorted(os.listdir(tmp_path / "made/deep")) == ["rules"]


# --- what counts as an event, and what it is called -------------------------------------------------------


def events(root: Any, **how: Any) -> list[str]:
    made = generate(root, **how)
    return [
        path.removeprefix("schemas/").removesuffix(".json") for path in made if path.startswith("schemas/")
    ]


def test_without_a_list_events_are_the_objects_nobody_refers_to() -> None:
    item = {"type": "object", "properties": {"n": {"type": "integer"}, "next": {"$ref": "#/$defs/Item"}}}
    root = {
        "$defs": {
            "OrderPlacedEvent": {
                "type": "object",
                "properties": {"items": {"items": {"$ref": "#/$defs/Item"}}},
            },
            "Item": item,
            "Word": {"type": "string"},
            "Tree": {"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}}},
        }
    }
    assert events(root) == ["OrderPlaced", "Tree"]


def test_a_document_without_definitions_is_one_event() -> None:
    root = {"title": "order.placed", "type": "object", "properties": {"id": {"type": "string"}}}
    assert events(root) == ["order.placed"]
    assert events(root, prefix="shop.") == ["shop.order.placed"]


@pytest.mark.parametrize(
    ("defined", "name"),
    [
        ("issues_event", "issues"),
        ("issues$opened", "issues.opened"),
        ("create$event", "create"),
        ("Create Event", "Create"),
        ("com/acme/Order", "com.acme.Order"),
        ("a:b c", "a.b_c"),
    ],
)
def test_names_are_made_of_definitions(defined: str, name: str) -> None:
    pointer = defined.replace("~", "~0").replace("/", "~1").replace(" ", "%20")
    root = {"$defs": {defined: {"type": "object"}}, "oneOf": [{"$ref": f"#/$defs/{pointer}"}]}
    assert events(root) == [name]


# --- references -------------------------------------------------------------------------------------------


def door_of(root: Any, name: str) -> Door:
    files = generate(root)
    made = compile_sources([Source("events.atamo", files["events.atamo"])], lambda _, path: files[path])
    assert made.ruleset is not None, made.diagnostics
    return Door(made.ruleset.events[name])


def test_references_by_id_anchor_and_deep_pointer_all_arrive() -> None:
    root = {
        "$schema": NEW,
        "$id": "https://example.com/bundle.json",
        "$defs": {
            "made": {
                "type": "object",
                "properties": {
                    "a": {"$ref": "parts/size.json"},
                    "b": {"$ref": "#colour"},
                    "c": {"$ref": "parts/size.json#/$defs/unit"},
                    "d": {"$ref": "#/$defs/made/properties/e/items"},
                    "e": {"type": "array", "items": {"enum": ["x"]}},
                    "$ref": {"type": "boolean"},
                },
                "default": {"$ref": "only data"},
            },
            "size": {
                "$id": "parts/size.json",
                "type": "integer",
                "minimum": 3,
                "$defs": {"unit": {"enum": ["cm"]}},
            },
            "colour": {"$anchor": "colour", "enum": ["red"]},
        },
    }
    door = door_of(root, "made")
    assert not door.reasons({"a": 3, "b": "red", "c": "cm", "d": "x", "e": ["x"], "$ref": True})
    for wrong in ({"a": 2}, {"b": "blue"}, {"c": "inch"}, {"d": "y"}, {"e": ["y"]}, {"$ref": 1}):
        assert door.reasons(wrong), wrong


def test_two_parts_of_one_name_stay_apart() -> None:
    root = {
        "$defs": {"x": {"type": "integer"}, "made": {"type": "object", "properties": {
            "one": {"$ref": "#/$defs/x"}, "two": {"$ref": "#/definitions/x"}}}},
        "definitions": {"x": {"type": "string"}},
    }  # fmt: skip
    door = door_of(root, "made")
    assert not door.reasons({"one": 1, "two": "two"})
    assert door.reasons({"one": "one"})
    assert door.reasons({"two": 2})


def test_formats_of_a_published_schema_stay_annotations() -> None:
    root = {"title": "visit", "type": "object", "properties": {"page": {"type": "string", "format": "uri"}}}
    assert not door_of(root, "visit").reasons({"page": "no uri at all"})
    by_hand = compile_sources([Source("a.atamo", 'event visit from "v.json"\n')], lambda *_: json.dumps(root))
    assert by_hand.ruleset is not None
    assert not Door(by_hand.ruleset.events["visit"]).reasons({"page": "no uri at all"})
    ours = compile_sources([Source("a.atamo", "event visit\n  page: uri\n")], lambda *_: "")
    assert ours.ruleset is not None
    assert Door(ours.ruleset.events["visit"]).reasons({"page": "no uri at all"})


def test_a_schema_that_checks_nothing_is_an_error_where_it_is_named() -> None:
    broken = {"type": "object", "properties": {"x": {"type": "strnig"}}}
    made = compile_sources([Source("a.atamo", 'event visit from "v.json"\n')], lambda *_: json.dumps(broken))
    assert [(error.code.id, error.span.text) for error in made.errors] == [("E0241", '"v.json"')]


# --- wrong inputs: said in a sentence, and nothing is written ---------------------------------------------

PLAIN = {"type": "object"}
WRONG: list[tuple[str, Any, str]] = [
    ("not an object", [1, 2], "a schema document is an object"),
    ("a number", 7, "a schema document is an object"),
    ("no events", {"$defs": {"word": {"type": "string"}}}, "no events were found"),
    ("nothing", {}, "no events were found"),
    ("old dialect", {"$schema": "http://json-schema.org/draft-04/schema#"}, "is not understood"),
    ("dialect no text", {"$schema": 5}, "the dialect 5 is not understood"),
    ("dangling", {"$defs": {"a": {**PLAIN, "properties": {"x": {"$ref": "#/$defs/b"}}}}}, "there is no 'b' there"),
    ("far away", {"$defs": {"a": {**PLAIN, "not": {"$ref": "https://x.example/s"}}}}, "nothing is ever fetched"),
    ("no anchor", {"$defs": {"a": {**PLAIN, "not": {"$ref": "#b"}}}}, "there is no such anchor"),
    ("to no schema", {"$defs": {"a": {**PLAIN, "title": "t", "not": {"$ref": "#/$defs/a/title"}}}}, "is no schema"),
    ("no address", {"$id": "http://x/", "$defs": {"a": {**PLAIN, "not": {"$ref": "http://[x"}}}}, "it is no address"),
    ("ref no text", {"$defs": {"a": {**PLAIN, "not": {"$ref": 1}}}}, "is not a text"),
    ("dynamic", {"$defs": {"a": {**PLAIN, "not": {"$dynamicRef": "#m"}}}}, "cannot be taken out"),
    ("inline member", {"oneOf": [PLAIN]}, "is no reference, so it has no name"),
    ("twins", {"$defs": {"a_event": PLAIN, "a$event": PLAIN}}, "would both be called `a`"),
    ("only in case", {"$defs": {"Ab": PLAIN, "aB": PLAIN}}, "would both be called"),
    ("nameless", {"$defs": {"9 lives": PLAIN}}, "which is no name of an event type"),
    ("two of one id", {"$defs": {"a": {**PLAIN, "$id": "x:1"}, "b": {**PLAIN, "$id": "x:1"}}}, "one and the same"),
    ("no schema inside", {"$defs": {"a": {**PLAIN, "properties": {"x": {"type": "text"}}}}}, "no schema to check"),
    ("not an object event", {"oneOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"type": "string"}}}, "not objects"),
]  # fmt: skip


@pytest.mark.parametrize(("root", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_bundles_of_no_use_are_refused_in_a_sentence(run: Run, root: Any, said: str) -> None:
    code, out, err = run(put(root), "-o", "rules")
    assert (code, out) == (1, "")
    assert err.startswith("error: no event types can be made of bundle.json: ")
    assert said in err
    assert os.listdir() == ["bundle.json"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "it is not JSON"),
        (b"{'a': 1}", "it is not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b'{"not":' * 200 + b"{}" + b"}" * 200, "nested more than"),
    ],
)
def test_what_is_not_json_is_refused(run: Run, raw: bytes, said: str) -> None:
    Path("bundle.json").write_bytes(raw)
    code, _, err = run("bundle.json", "-o", "rules")
    assert code == 1
    assert said in err
    assert os.listdir() == ["bundle.json"]


def test_a_bundle_that_is_far_too_large_is_not_even_read(run: Run) -> None:
    with open("bundle.json", "wb") as file:
        file.truncate(100 << 20)
    code, _, err = run("bundle.json", "-o", "rules")
    assert code == 2
    assert "is too large" in err


def test_files_that_cannot_be_read(run: Run) -> None:
    os.mkdir("folder")
    os.mkfifo("pipe")
    for name in ("missing.json", "folder", "pipe"):
        code, _, err = run(name, "-o", "rules")
        assert code == 2
        assert f"`{name}` cannot be read" in err
    assert not Path("rules").exists()


# --- the folder -------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_empty_is_left_alone(run: Run) -> None:
    put(BUNDLE)
    os.mkdir("rules")
    Path("rules/mine.atamo").write_text("mine")
    for force in ((), ("--force",)):
        code, _, err = run("bundle.json", "-o", "rules", *force)
        assert code == 2
        assert "not empty" in err or "`mine.atamo`, which --force would remove" in err
        assert everything(Path("rules")) == {"mine.atamo": b"mine"}


def test_force_replaces_what_was_made_before_and_nothing_stays_of_it(run: Run) -> None:
    assert run(put(BUNDLE), "-o", "rules")[0] == 0
    smaller = {**BUNDLE, "oneOf": BUNDLE["oneOf"][1:]}
    assert run(put(smaller), "-o", "rules")[0] == 2
    assert run("bundle.json", "-o", "rules", "--force")[0] == 0
    assert list(everything(Path("rules"))) == ["events.atamo", "schemas/ping.json"]
    assert sorted(os.listdir()) == ["bundle.json", "rules"]


def test_a_bad_bundle_leaves_what_was_made_before(run: Run) -> None:
    assert run(put(BUNDLE), "-o", "rules")[0] == 0
    before = everything(Path("rules"))
    assert run(put({"$defs": {}}), "-o", "rules", "--force")[0] == 1
    assert everything(Path("rules")) == before


def test_an_empty_folder_may_be_given_and_a_file_may_not(run: Run) -> None:
    put(BUNDLE)
    os.mkdir("empty")
    assert run("bundle.json", "-o", "empty")[0] == 0
    code, _, err = run("bundle.json", "-o", "bundle.json")
    assert code == 2
    assert "`bundle.json` cannot be used: not a directory" in err


def test_a_write_that_fails_midway_leaves_nothing_behind(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(put(BUNDLE), "-o", "rules")[0] == 0
    before = everything(Path("rules"))
    real = os.rename

    def full(source: Path, target: Path) -> None:
        if str(source).endswith("new"):
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "rename", full)
    code, _, err = run("bundle.json", "-o", "rules", "--force")
    assert code == 2
    assert "no space left on device" in err
    assert everything(Path("rules")) == before
    assert sorted(os.listdir()) == ["bundle.json", "rules"]


def test_decoded_numbers_are_what_generate_takes() -> None:
    made = generate(decode(json.dumps(BUNDLE)))
    assert list(made) == ["events.atamo", "schemas/door.json", "schemas/ping.json"]
