"""A path through a list means any element, wherever it stands; where one value is wanted, that is a mistake."""

from __future__ import annotations

import pytest

from tests.worlds import asked, codes, holds, said

FIELDS = """
id: text
tags: list of text
other: list of text
times: list of time
at: time
lines: list of
  name: text
  price: number
  note: text?
  tags: list of text
"""
BODY = {
    "id": "a",
    "tags": ["a", "b"],
    "other": ["b", "z"],
    "times": ["2026-01-01T01:00:00+01:00"],
    "at": "2026-01-01T00:00:00Z",
    "lines": [
        {"name": "", "price": 2, "tags": ["x", "y"]},
        {"name": "nut", "price": 30, "note": "n", "tags": []},
    ],
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('lines.name is "nut"', True),
        ('lines.name is not "nut"', False),
        ("lines.name is empty", True),
        ("lines.tags is empty", True),
        ("tags is empty", False),
        ("lines.note is present", True),
        ("lines.note is null", False),
        ("lines.price > 29", True),
        ("lines.price between 3 and 29", False),
        ("lines.price > 3 and lines.price < 3", True),
        ("any l in lines has (l.price > 3 and l.price < 3)", False),
        ('any t in lines.tags has (t is "y")', True),
        ('every t in lines.tags has (t is "y")', False),
        ('no t in lines.tags has (t is "q")', True),
        ('count(t in lines.tags has (t is "y")) is 1', True),
        ('any n in lines.name has (n starts with "n")', True),
        ("count(lines.name) is 2", True),
        ("sum(lines.price) is 32", True),
        ('join(lines.name, "/") is "/nut"', True),
        ('tags contains "a"', True),
        ('tags contains "q"', False),
        ('tags contains "A" ignoring case', True),
        ('lines.tags contains "y"', True),
        ('lines.name contains "u"', True),
        ("tags contains any of other", True),
        ("tags contains all of other", False),
        ('tags contains all of ["a", "b"]', True),
        ('tags contains any of [id, "q"]', True),
        ("tags contains all of [id, id]", True),
        ('id starts with any of ["q", id]', True),
        ("id is one of tags", True),
        ("id is one of lines.name", False),
        ("id is not one of lines.tags", True),
        ("at is one of times", True),
        ("times contains at", True),
        ('times contains "2026-01-01T00:00:00Z"', True),
        ('times is "2026-01-01T00:00:00Z"', True),
        ("times < now", True),
        ("any t in times has (t is at)", True),
        ("first(times) is at", True),
    ],
)
def test_any_element(condition: str, expected: bool) -> None:
    assert holds(asked(FIELDS, condition), BODY) is expected


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ('upper(lines.name) is "NUT"', "E0211"),
        ("lines.price + 1 is 3", "E0206"),
        ("(lines.price else 0) is 3", "E0206"),
        ("id is one of [lines.name, id]", "E0206"),
        ('any event in lines has (id is "a")', "E0205"),
        ('any user in lines has (user.name is "a")', "E0205"),
        ('any id in lines has (id.name is "a")', "E0205"),
    ],
)
def test_many_values_where_one_is_wanted(condition: str, code: str) -> None:
    """Before, each of these compiled and was silently false."""
    fields = "".join(f"  {line}\n" for line in FIELDS.strip().splitlines())
    assert code in codes(f"event thing\n{fields}\nrule r\n  on thing\n  when {condition}\n")


def test_a_let_of_a_path_is_the_list_of_its_values() -> None:
    """And so it can be joined, counted, gone through."""
    found = said(
        FIELDS, '"{% for n in names %}[{{ n }}]{% endfor %}"', BODY, before="  let names = lines.name\n"
    )
    assert found.actions[0].body == {"line": "[][nut]"}


@pytest.mark.parametrize("name", ["event", "user", "param", "now", "id", "loop"])
def test_a_template_gives_a_name_once(name: str) -> None:
    """`{% set id = … %}` inside an `{% if %}` would hold on after it in Jinja; here it cannot be written."""
    text = f"{{% set {name} = 'new' %}}{{{{ id }}}}"
    world = (
        "event thing\n  id: text\n  lines: list of text\nagent desk\n  send note\n    line: text\n"
        f'rule r\n  on thing\n  do\n    send desk.note\n      line: "{text}"\n'
    )
    assert codes(world) == ["E0205"]
    assert codes(world.replace(text, f"{{% for {name} in lines %}}{{% endfor %}}")) == ["E0205"]
