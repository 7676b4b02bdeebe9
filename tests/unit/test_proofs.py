"""What is proved of rules beside each other, and what must not be said of them."""

from __future__ import annotations

import pytest

from atamo_rules.compiler.pipeline import Compilation
from atamo_rules.proof.compared import moved
from atamo_rules.proof.findings import proved
from atamo_rules.proof.search import Effort
from atamo_rules.proof.shown import given
from atamo_rules.proof.space import Verdict
from atamo_rules.source import codes
from tests.worlds import DESK, compiled

TYPES = """
event thing
  n: whole 0..100
  word: text
  kind: one of a, b, c
  open: boolean
  note: text?
  part: ?
    size: number
  tags: list of text
  at: time

event other
  n: whole

request asked
  n: whole 1..10
  answer
    price: number
"""


def rule(name: str, *lines: str, on: str = "thing", do: str = "send desk.note") -> str:
    """A rule of some clauses; `do` is what it does, or nothing."""
    acts = [] if not do else ["do", *(f"  {line}" for line in do.splitlines())]
    return f"rule {name}\n" + "".join(f"  {line}\n" for line in (f"on {on}", *lines, *acts))


def made(*rules: str, types: str = TYPES) -> Compilation:
    found = compiled("\n".join((types, *rules, DESK)))
    assert found.ruleset is not None, found.errors
    return found


def said(*rules: str, types: str = TYPES) -> list[tuple[str, str]]:
    """The codes of what is proved, each with the name of the rule, or the text, that it is said of."""
    found = made(*rules, types=types)
    assert found.ruleset is not None
    return [(one.code.id, one.span.text) for one in proved(found.ruleset, found.diagnostics)]


DEAD = [
    'n > 50 and (n < 10 or word is "x") and word is not "x"',
    "(kind is a or kind is b) and kind is not one of [a, b]",
    'word starts with "abc" and not (word starts with "ab" or open)',
    'word contains "abc" and word does not contain "b"',
    'word starts with "a" and (word starts with "b" or word starts with "c")',
    'word ends with "a" and (word ends with "b" or n > 100)',
    "note is absent and note is present",
    '(note else "") is "x" and note is absent',
    "part is absent and (part.size else 0) > 1 and n > 200",
    'tags contains "x" and (tags is empty or tags does not contain "x")',
    'at > "2026-01-02T00:00:00Z" and (at < "2026-01-01T00:00:00Z" or n > 100)',
    'not (open or word is "x") and open',
    "open and (not open or n < 0)",
    "(n * 2 > 5 or open) and not (n * 2 > 5) and not open",
]
ALIVE = [
    'n > 50 and (n < 60 or word is "x")',
    'word starts with "abc" and word contains "cd"',
    'word starts with "ab" and word starts with "abc"',
    'word starts with "a" and word ends with "b" and word does not contain "ab"',
    'word contains "abc" ignoring case and word does not contain "abc"',
    "note is absent or note is present",
    '(note else "x") is "x" and note is absent',
    'tags contains "x" and tags does not contain "y"',
    "n * 2 > 5 and n * 3 > 5",
    'word matches /^a+$/ and word does not contain "aaa"',
]


@pytest.mark.parametrize("condition", DEAD)
def test_a_condition_that_nothing_satisfies(condition: str) -> None:
    found = made(rule("r", f"when {condition}"))
    assert found.ruleset is not None
    known = [one.code for one in (*found.diagnostics, *proved(found.ruleset, found.diagnostics))]
    assert codes.NEVER_TRUE in known


@pytest.mark.parametrize("condition", ALIVE)
def test_a_condition_that_something_satisfies(condition: str) -> None:
    assert said(rule("r", f"when {condition}")) == []


def test_the_parts_that_are_enough_are_named() -> None:
    lines = (
        "when open",
        "  and n > 50",
        '  and (n < 10 or word is "x")',
        "  and kind is a",
        '  and word is not "x"',
    )
    found = made(rule("r", *lines))
    assert found.ruleset is not None
    (one,) = proved(found.ruleset, found.diagnostics)
    assert (one.span.text, [label.span.text for label in one.also]) == (
        'word is not "x"', ["n > 50", 'n < 10 or word is "x"'],
    )  # fmt: skip


def test_a_type_that_lets_in_what_breaks_it_has_other_events_too() -> None:
    loose = TYPES.replace("event thing\n", "event thing\n  when invalid flag\n")
    assert said(rule("r", "when (kind is a or kind is b) and kind is not one of [a, b]"), types=loose) == []
    assert ("W0601", "n > 200") not in said(rule("r", "when open or n > 200"), types=loose)


HARD = {
    "deep": "(" * 60 + "open" + "".join(f" or n is {number})" for number in range(60)),
    "long": " and ".join(f'(n is {number % 100} or word is "w{number}")' for number in range(300)),
    "wide": "not (" + " or ".join(f'(n is {number % 100} and word is "w{number}")' for number in range(600)) + ")",
    # Nine pigeons in eight holes, which no search without learning sees through.
    "pigeons": " and ".join("(" + " or ".join(f'tags contains "{i}{j}"' for j in range(8)) + ")" for i in range(9))
    + "".join(
        f' and not (tags contains "{i}{j}" and tags contains "{k}{j}")'
        for j in range(8) for i in range(9) for k in range(i)
    ),
}  # fmt: skip


@pytest.mark.parametrize("condition", HARD.values(), ids=HARD)
def test_what_is_too_hard_is_left_open(condition: str) -> None:
    assert {code for code, _ in said(rule("r", f"when {condition}"))} <= {"W0601"}


def test_when_the_effort_is_spent_nothing_more_is_found() -> None:
    found = made(*(rule(f"r{number}", f"when {DEAD[0]}") for number in range(9)))
    assert found.ruleset is not None
    effort = Effort(60)
    assert 0 < len([*proved(found.ruleset, found.diagnostics, effort)]) < 9
    assert effort.left < 0


@pytest.mark.parametrize(
    "condition",
    [
        "size > 1E+60 and size < 2E+60",
        "size < 0.00000000000000000000000000000000002 and size > 0.00000000000000000000000000000000001",
        "size > 100000000000000000000000000000000000000 and size < 100000000000000000000000000000000000001",
    ],
)
def test_numbers_that_decimals_of_28_digits_cannot_tell_apart(condition: str) -> None:
    assert (
        said(
            rule("r", f"when {condition}"),
            types=TYPES.replace("n: whole 0..100", "n: whole 0..100\n  size: number"),
        )
        == []
    )


# --- always ---------------------------------------------------------------------------------------------


def test_what_always_holds() -> None:
    assert said(rule("r", "when n <= 50 or (n > 20 and n > 50)")) == [
        ("W0603", "n <= 50 or (n > 20 and n > 50)")
    ]


def test_one_more_value_may_come_tomorrow() -> None:
    assert said(rule("r", "when kind is a or kind is b or kind is c")) == []
    assert said(rule("r", "when n * 2 > 3 or n * 2 <= 3")) == []


# --- stopped --------------------------------------------------------------------------------------------

FIRST = rule("first", "order 1", "when n > 10", "stop", do="")
SECOND = rule("second", "order 2", "when n < 20 and open", "stop", do="")


@pytest.mark.parametrize(
    "later",
    [
        rule("last", "when n > 50 and open"),
        rule("last", "when open"),
        rule("last", "for group staff", "when n > 50"),
        rule("last", "when n > 50", "status shadow"),
    ],
)
def test_rules_before_it_take_everything(later: str) -> None:
    assert said(FIRST, SECOND, later) == [("W0602", "last")]


@pytest.mark.parametrize(
    "rules",
    [
        (FIRST, SECOND, rule("last", "when n < 20")),
        (FIRST, rule("last", "order 0", "when n > 50")),
        (rule("first", "order 1", "when n > 10"), rule("last", "when n > 50", do='send desk.note\n  line: "x"')),
        (FIRST.replace("  when", "  for group staff\n  when"), rule("last", "when n > 50")),
        (FIRST.replace("  when", "  status shadow\n  when"), rule("last", "when n > 50")),
        (FIRST.replace("  when", "  status draft\n  when"), rule("last", "when n > 50")),
        (FIRST.replace("  stop", "  at most 1 per hour\n  stop"), rule("last", "when n > 50")),
        (FIRST, rule("last", "when n > 50", "status draft")),
    ],
)  # fmt: skip
def test_something_is_left(rules: tuple[str, ...]) -> None:
    assert said(*rules) == []


# --- twice ----------------------------------------------------------------------------------------------

SAME = 'send desk.note\n  line: "{{ word }}"'


def test_the_same_is_done_twice() -> None:
    found = said(rule("wide", "when n > 10", do=SAME), rule("narrow", "when n > 20 and open", do=SAME))
    assert [code for code, _ in found] == ["W0604"]


@pytest.mark.parametrize(
    "narrow",
    [
        rule("narrow", "when n > 20", do='send desk.note\n  line: "x"'),
        rule("narrow", "when open", do=SAME),
        rule("narrow", "for group staff", "when n > 20", do=SAME),
        rule("narrow", "when n > 20", "status shadow", do=SAME),
        rule("narrow", "when n > 20", "at most 1 per hour", do=SAME),
        rule("narrow", "order 1", "when n > 20", "stop", do=SAME),
        rule("narrow", "when n > 20", do='send desk.note after 1 minute\n  line: "{{ word }}"'),
    ],
)
def test_it_is_not_the_same(narrow: str) -> None:
    assert said(rule("wide", "when n > 10", do=SAME), narrow) == []


# --- unanswered -----------------------------------------------------------------------------------------

REPLY = "reply\n  price: 1"


def test_a_request_that_nobody_answers_is_shown() -> None:
    found = made(rule("r", "when n <= 5", on="request asked", do=REPLY))
    assert found.ruleset is not None
    (one,) = proved(found.ruleset, found.diagnostics)
    assert one.code is codes.UNANSWERED
    assert "{ n: 6 }" in one.message


@pytest.mark.parametrize(
    "rules",
    [
        (rule("r", "when n <= 5", on="request asked", do=REPLY), rule("s", "when n > 5", on="request asked", do=REPLY)),
        (rule("r", on="request asked", do='reply error "no"'),),
        (rule("r", "when n <= 5", on="request asked"),),  # no rule answers any: somebody else does
    ],
)  # fmt: skip
def test_every_request_has_an_answer_or_no_rule_gives_any(rules: tuple[str, ...]) -> None:
    assert said(*rules) == []


def test_what_depends_on_the_moment_is_shown_by_no_body() -> None:
    assert said(rule("r", 'when now > "2020-01-01T00:00:00Z"', on="request asked", do=REPLY)) == []
    sometimes = rule("r", 'when now > "2020-01-01T00:00:00Z" and n > 5', on="request asked", do=REPLY)
    assert [code for code, _ in said(sometimes)] == ["W0607"], "whenever it comes, one of 1 is not answered"


def test_a_test_says_that_nobody_is_to_answer() -> None:
    some = rule("r", "when n <= 5", on="request asked", do=REPLY)
    meant = '\ntest "meant"\n  given asked { n: 6 }\n  expect nothing\n'
    assert said(some, meant) == []
    assert [code for code, _ in said(some, meant.replace("nothing", "reply error"))] == ["W0607"]
    alone = some + '  test "of it alone"\n    given asked { n: 6 }\n    expect nothing\n'
    assert [code for code, _ in said(alone)] == ["W0607"]


def test_answers_for_some_people_leave_others_without() -> None:
    assert [code for code, _ in said(rule("r", "for group staff", on="request asked", do=REPLY))] == ["W0607"]


# --- loops ----------------------------------------------------------------------------------------------


def test_rules_that_go_round() -> None:
    to = rule("to", 'when word is "a"', do="emit other\n  n: 1")
    fro = rule("fro", "when n > 0", on="other", do=_thing(word='"a"'))
    assert [code for code, _ in said(to, fro)] == ["W0620"]
    assert [
        code for code, _ in said(rule("self", "when n > 0", on="other", do="emit other\n  n: n + 1"))
    ] == ["W0620"]


def test_rules_that_come_to_an_end() -> None:
    to = rule("to", 'when word is "a"', do="emit other\n  n: 1")
    assert said(to, rule("fro", "when n > 0", on="other", do=_thing(word='"b"'))) == []
    assert said(to, rule("fro", "when n > 1", on="other", do=_thing(word='"a"'))) == []
    assert said(to, rule("fro", "when n > 0", "at most 1 per hour", on="other", do=_thing(word='"a"'))) == []
    assert said(to, rule("fro", "when n > 0", "status shadow", on="other", do=_thing(word='"a"'))) == []


def _thing(word: str) -> str:
    return (
        f"emit thing\n  n: n\n  word: {word}\n  kind: a\n  open: true\n  tags: []\n"
        '  at: "2026-01-01T00:00:00Z"'
    )


# --- compared -------------------------------------------------------------------------------------------


def acts(then: str, now: str) -> tuple[str, str, bool]:
    """Events that a rule acts on now and did not before, and the other way round; whether it is proved that none is."""
    old, new = made(rule("r", f"when {then}")).ruleset, made(rule("r", f"when {now}")).ruleset
    assert old is not None
    assert new is not None
    (one,) = moved(old, new)
    shown = [given(side.given) if side.verdict is Verdict.YES else "" for side in (one.more, one.less)]
    return shown[0], shown[1], one.same


def test_a_condition_that_moved() -> None:
    assert acts("n > 50", "n > 40") == ("{ n: 41 }", "", False)
    assert acts("n > 40", "n > 50") == ("", "{ n: 41 }", False)
    assert acts("kind is a", "kind is b") == ('{ kind: "b" }', '{ kind: "a" }', False)
    assert acts("n > 40", "n >= 41") == ("", "", True)
    assert acts("not (open or n > 5)", "not open and n <= 5") == ("", "", True)


def test_a_name_that_stands_for_another_value_is_another_question() -> None:
    types = TYPES.replace("n: whole 0..100", "n: whole 0..100\n  m: whole")
    old = made(rule("r", "let total = n + m", "when total > 5"), types=types).ruleset
    new = made(rule("r", "let total = n - m", "when total > 5"), types=types).ruleset
    assert old is not None
    assert new is not None
    assert [one.same for one in moved(old, new)] == [False]


def test_a_condition_that_stayed_is_not_compared() -> None:
    one = made(rule("r", "when n > 50")).ruleset
    two = made(rule("r", "when n > 50", do='send desk.note\n  line: "x"')).ruleset
    assert one is not None
    assert two is not None
    assert [*moved(one, two)] == []
