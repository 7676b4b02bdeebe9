"""An OpenAPI document as actions: they call the service it describes, and no document is too odd to be read."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import atamo_rules as atamo
from atamo_rules.cli.foreign_files import Foreign
from atamo_rules.cli.import_rules import Gathered, texts
from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.importers.imported import Imported
from atamo_rules.importers.openapi import read
from atamo_rules.source.span import Source
from tests.agents.servers import Asked, Said, Web, web
from tests.cli.dispatcher import atamo as command
from tests.golden.case import Case

HERE = Path(__file__).parent
DOCUMENT: dict[str, Any] = json.loads(Case.read(HERE / "words.case").files["openapi.json"])
PET = {"id": 7, "name": "Rex", "kind": "dog"}
RULES = """
request pets.wanted
  tags: list of text
  answer
    pets: list of anything

request pet.made
  name: text
  answer
    id: whole

event pet.died
  pet: text

rule list
  on request pets.wanted
  do
    ask petstore.listPets within 10 seconds as found
      limit: 2
      filter_tag: tags
      X_Trace: "t 1"
    reply
      pets: found.body

rule make
  on request pet.made
  do
    ask petstore.createPet within 10 seconds as found
      name: name
      kind: "dog"
    reply
      id: found.id

rule die
  on pet.died
  do
    send petstore.deletePet
      petId: pet
"""


@pytest.fixture
def pets() -> Iterator[Web]:
    with web() as server:
        yield server


def service(asked: Asked) -> Said:
    match asked.method, urlsplit(asked.path).path:
        case "GET", "/v1/pets":
            return 200, {}, json.dumps([PET]).encode()
        case "POST", "/v1/pets":
            return 201, {}, json.dumps({**PET, **json.loads(asked.body)}).encode()
        case "DELETE", "/v1/pets/a%2F..%2Fb":
            return 204, {}, b""
    return 404, {}, b"{}"


def project(tmp_path: Path, url: str) -> Path:
    """A folder of imported actions, and rules that use them."""
    (tmp_path / "petstore.yaml").write_bytes(Case.read(HERE / "petstore.case").files["petstore.yaml"])
    done = command("import", "openapi", "petstore.yaml", "-o", "desk", "--url", f"{url}/v1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    desk = tmp_path / "desk"
    agents = desk / "agents.atamo"
    agents.write_text(
        agents.read_text("utf-8").replace("    actions:\n", "    private: true\n    actions:\n"), "utf-8"
    )
    (desk / "desk.atamo").write_text(RULES, "utf-8")
    return desk


def test_the_imported_actions_call_the_service(tmp_path: Path, pets: Web) -> None:
    pets.says = service
    with atamo.Portal(atamo.FolderProvider(project(tmp_path, pets.url), watch=False)) as hub:
        listed = hub.ask("pets.wanted", {"tags": ["a&b", "c"]})
        made = hub.ask("pet.made", {"name": "Rex"})
        hub.wait(hub.submit("pet.died", {"pet": "a/../b"}), 10)
    bodies = [frame.body for frame in (*listed.frames, *made.frames) if frame.kind == "data"]
    assert bodies == [{"pets": [PET]}, {"id": 7}]
    get, post, delete = pets.asked
    assert parse_qsl(urlsplit(get.path).query) == [
        ("limit", "2"),
        ("filter[tag]", "a&b"),
        ("filter[tag]", "c"),
    ]
    assert (get.headers["x-trace"], get.body) == ("t 1", b"")
    assert json.loads(post.body) == {"name": "Rex", "kind": "dog"}
    assert (delete.method, delete.path, delete.body) == ("DELETE", "/v1/pets/a%2F..%2Fb", b"")


def test_rules_are_held_to_the_document(tmp_path: Path, pets: Web) -> None:
    desk = project(tmp_path, pets.url)
    assert command("verify", "desk", cwd=tmp_path).returncode == 0
    rules = RULES.replace("limit: 2\n", "limit: 101\n").replace('kind: "dog"', 'kind: "cow"')
    (desk / "desk.atamo").write_text(rules.replace("      petId: pet\n", ""), "utf-8")
    done = command("verify", "desk", cwd=tmp_path)
    assert done.returncode == 1
    for word in ("limit", "kind", "petId"):
        assert f"`{word}`" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "where"),
        ("[]", "this is no OpenAPI"),
        ('{"swagger": "2.0", "paths": {}}', "Swagger 2.0"),
        ('{"openapi": "4.0", "paths": {}}', "3.0 and 3.1 are understood"),
        ('{"openapi": "3.1.0", "paths": {}}', "does not say where its service is"),
        ('{"openapi": "3.1.0", "paths": {}, "servers": [{"url": "/v1"}]}', "`/v1` is no address"),
        ('{"openapi": "3.1.0", "paths": {}, "servers": [{"url": "https://a:b@c.example"}]}', "is no address"),
        ('{"openapi": "3.1.0", "paths": {"/a": {"$ref": "x.json"}}, "servers": [{"url": "https://a.example"}]}',
         "`x.json`, which is not a part of this file"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_said_at_its_place(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "a.json").write_text(text, "utf-8")
    done = command("import", "openapi", "a.json", "-o", "out", cwd=tmp_path)
    assert done.returncode == 1
    assert why in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("openapi", "a.json", "b.json", "-o", "out"),
        ("openapi", "a.json", "-o", "out", "--event-type", "x"),
        ("sigma", "a.json", "-o", "out", "--url", "https://a.example"),
    ],
)
def test_options_that_mean_nothing_here_are_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text("{}", "utf-8")
    assert command("import", *words, cwd=tmp_path).returncode == 2


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a document."""
    yield at
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(inner, (*at, key))


PLACES = [at for at in places(DOCUMENT) if at]
ODD = [None, True, 0, -1, 1.5, "", "x", [], {}, [{}], {"$ref": "#/paths"}, {"$ref": "#"}, {"": {}}, {"allOf": [{}]},
       {"type": "object", "properties": {"": {}}}, {"$ref": "#/components/schemas/Loop"}]  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), min_size=1, max_size=3))
def test_whatever_stands_in_a_document_it_is_read_or_refused(
    changes: list[tuple[tuple[Any, ...], Any]],
) -> None:
    document = copy.deepcopy(DOCUMENT)
    for at, odd in changes:
        value = document
        try:
            for key in at[:-1]:
                value = value[key]
            value[at[-1]] = odd
        except (TypeError, KeyError, IndexError):
            continue  # an earlier change took the place away
    reading = read(Source("a.json", json.dumps(document)))
    named = [one.name for one in reading.items if isinstance(one, Imported)]
    assert len(set(named)) == len(named)
    done = [one.action.text for agent in reading.around for one in agent.does]
    assert done == named
    source = Foreign(Path("a.json"), "a")
    kept = tuple(one for one in reading.items if isinstance(one, Imported))
    found = Gathered(((source, kept),) if kept else (), reading.around)
    made, found = texts(found, "atamo", "atamo import openapi")
    if found.count:
        assert not compile_sources([Source(name, text) for name, text in made.items()], lambda *_: "").errors


def test_schemas_that_grow_without_end_are_bounded() -> None:
    document = copy.deepcopy(DOCUMENT)
    wide = {f"p{n}": {"$ref": f"#/components/schemas/S{n}"} for n in range(12)}
    document["components"]["schemas"] = {f"S{n}": {"type": "object", "properties": wide} for n in range(12)}
    document["paths"] = {"/a": {"post": {"operationId": "a", "requestBody": {"content": {"application/json": {
        "schema": {"$ref": "#/components/schemas/S0"}}}}, "responses": {}}}}  # fmt: skip
    (item,) = read(Source("a.json", json.dumps(document))).items
    assert getattr(item, "reason", "") == "it has more than 1000 fields"
