"""People files: merged, nested, and refused at the place of what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from atamo_rules.builtin.configuration.folder import FolderProvider, Refused
from atamo_rules.hub.generation import Generation
from atamo_rules.hub.project.people import read_people
from atamo_rules.model.authority import Reach
from tests.places import write

FILES = {
    "people.yaml": "organisations:\n  acme: {}\ngroups:\n  leads: { in: [support] }\n  support: { in: [staff] }\n",
    "people/acme.yaml": "users:\n  ann: { groups: [leads], organisation: acme }\n"
    "services:\n  ci: { organisation: acme }\n"
    "roles:\n  triage: { may: [work.operate], with: [sender] }\n"
    "grants:\n  - { to: group staff, role: triage, over: organisation acme, types: [ticket.*] }\n",
}


def test_files_make_one_directory(tmp_path: Path) -> None:
    people, found = read_people(write(tmp_path, FILES))
    assert found == ()
    assert people.user("ann").groups == {"leads", "support", "staff"}
    assert people.services == {"ci"}
    assert people.organisations == {"acme"}
    (grant,) = people.grants_of(people.user("ann"))
    assert grant.over == Reach("organisation", "acme")
    assert grant.verbs == {"work.operate", "types.read", "event.send", "request.send"}
    assert grant.source.endswith("people/acme.yaml:8:5")
    assert people.grants_of(people.user("ci")) == ()


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("groups:\n  a: { in: [b] }\n  b: { in: [c] }\n  c: { in: [a] }\n", "2:3",
         "a group is in itself: `a` in `b` in `c` in `a`"),
        ("groups:\n  a: { in: [a] }\n", "2:3", "a group is in itself: `a` in `a`"),
        ("roles:\n  admin: { may: [hub.read] }\n", "2:3", "`admin` is a role that every hub has"),
        ("roles:\n  r: { with: [viewr] }\n", "2:15", "there is no role `viewr`"),
        ("grants:\n  - { to: group g, role: viewr, over: own }\n", "2:26", "there is no role `viewr`"),
        ("grants:\n  - { to: team g, role: viewer, over: own }\n", "2:11", "`team g` names nobody"),
        ("grants:\n  - { to: user x, role: viewer, over: own }\n", "2:11", "there is no user `x`"),
        ("grants:\n  - { to: group g, role: viewer, over: all }\n", "2:40", "`all` names nobody"),
        ("users:\n  a: {}\nservices:\n  a: {}\n", "4:3", "`a` is a user and a service account"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_place(tmp_path: Path, text: str, place: str, message: str) -> None:
    _, found = read_people(write(tmp_path, {"people.yaml": text}))
    assert [(str(one.span).rpartition("people.yaml:")[2], one.message) for one in found] == [(place, message)]


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("users: ann\n", '`users`: "ann" is not of type "object"', "write a table with a line for each, such as `ann"),
        ("users: { ann: [support] }\n", '`users.ann`: ["support"] is not of types', "write what belongs to it, such"),
        ("users: { ann: { groups: support } }\n", "`users.ann.groups`: ", "write a list of names, such as `[support]`"),
        ("users: { ann: { organisation: [a] } }\n", "`users.ann.organisation`: ", "the name of one organisation"),
        ("grants: { to: user ann }\n", "`grants`: ", "over: own }`, a line for each"),
        ("grants: [{ to: [a], role: viewer, over: own }]\n", "`grants.0.to`: ", "write user NAME, group NAME or"),
        ("roles: { r: { may: [hub.reed] } }\n", "`roles.r.may.0`: ", "did you mean `hub.read`?"),
        ("roles: { r: { may: [x] } }\n", "`roles.r.may.0`: ", "it may be "),
        ("- users\n", '["users"] is not of type', "write a table: it has organisations, groups, users"),
    ],
)  # fmt: skip
def test_what_is_of_another_kind_is_told_what_to_write(
    tmp_path: Path, text: str, message: str, help: str
) -> None:
    _, (found,) = read_people(write(tmp_path, {"people.yaml": text}))
    assert message in found.message
    assert help in (found.help or "")


def test_a_name_in_two_files_is_refused(tmp_path: Path) -> None:
    files = {
        "people/a.yaml": "users:\n  ann: {}\n",
        "people/b.yaml": "users:\n  ann: { organisation: acme }\n",
    }
    _, (found,) = read_people(write(tmp_path, files))
    assert found.message == "`users.ann` is in another people file too"
    assert str(found.span).endswith("b.yaml:2:3")


RULES = (
    "event tick\n  n: number\n"
    "rule mine\n  on tick\n  do\n    send log.line\n      n: n\nagent log\n  send line\n    n: number\n"
)


def test_a_bad_people_file_leaves_the_last_good_state(tmp_path: Path) -> None:
    folder = write(
        tmp_path, {"rules/a.atamo": RULES, "people/a.yaml": "users:\n  ann: { organisation: acme }\n"}
    )
    provider = FolderProvider(folder, watch=False)
    first = provider.load()
    assert isinstance(first, Generation)
    assert provider.news(first)
    write(folder, {"people/a.yaml": "users:\n  ann: { organisation: [acme] }\n"})
    assert isinstance(provider.load(), Refused)
    assert provider.last is first
    write(folder, {"people/a.yaml": "users:\n  ann: { organisation: birch }\n"})
    second = provider.load()
    assert isinstance(second, Generation)
    assert second is not first
    assert second.intake.people.user("ann").organisation == "birch"
    assert second.digest == first.digest
