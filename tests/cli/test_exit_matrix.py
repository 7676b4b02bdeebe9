"""Every command in every situation that scripts meet: its exit code, what it says where, and that JSON stays JSON."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

from atamo_rules.cli.hubs import by_command
from atamo_rules.cli.importing import BY_HAND
from atamo_rules.cli.main import COMMANDS, cli, main
from tests.cli.dispatcher import Dispatcher
from tests.places import write

ROOT = Path(__file__).parents[2]
RULES = """\
event order.placed
  total: whole

request price
  name: text
  answer
    price: number

agent desk
  uses file
    path: "desk.log"
  send note
    text: text

rule big
  on order.placed
  when total > 100
  do
    send desk.note
      text: "{{ total }}"
"""
NOBODY = "http://127.0.0.1:9"
NOT_THERE = "no-such-thing"


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def run(*arguments: str, stdin: str = "") -> Ran:
    """A command in this process, through the same door."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv, sys.stdin
    sys.argv, sys.stdin = ["atamo", *arguments], io.TextIOWrapper(io.BytesIO(stdin.encode()))
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
    finally:
        sys.argv, sys.stdin = before
    code = ended.value.code
    return Ran(code if isinstance(code, int) else 1, out.getvalue(), err.getvalue())


def leaves() -> Iterator[tuple[str, ...]]:
    """Every command that does something, by the words that call it."""

    def below(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if isinstance(command, click.Group):
            for name, inner in command.commands.items():
                yield from below(inner, (*words, name))
        else:
            yield words

    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        yield from below(command, (name,))


def command_of(words: tuple[str, ...]) -> click.Command:
    found: Any = cli.get_command(click.Context(cli), words[0])
    for word in words[1:]:
        found = found.commands[word]
    assert isinstance(found, click.Command)
    return found


def has(words: tuple[str, ...], option: str) -> bool:
    return any(option in parameter.opts for parameter in command_of(words).params)


LEAVES = sorted(leaves())
ARGUMENTS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("send",): ("order.placed", "{}"),
    ("request",): ("price", '{"name": "x"}'),
    ("trace",): ("x",),
    ("why",): ("x", "--rule", "big"),
    ("dead", "show"): ("7",),
    ("dead", "redrive"): ("7",),
    ("dead", "discard"): ("7",),
    ("key", "create"): ("ada",),
    ("key", "revoke"): ("x",),
    ("secret", "set"): ("desk",),
    ("secret", "remove"): ("x",),
    ("secret", "consent"): ("desk", "--to", "group g"),
    ("secret", "withdraw"): ("x",),
    ("pause",): ("agent", "desk"),
    ("resume",): ("agent", "desk"),
    ("cancel",): ("x",),
    ("erase",): ("x", "--why", "asked"),
    ("replay",): ("rules",),
    ("apply",): ("rules/a.atamo", "--level", "organisation acme"),
    ("proposal", "submit"): ("rules/a.atamo", "--level", "organisation acme"),
    ("proposal", "show"): ("x",),
    ("proposal", "approve"): ("x",),
    ("proposal", "reject"): ("x",),
    ("proposal", "withdraw"): ("x",),
    ("proposal", "rollback"): ("x",),
    ("top",): ("--once",),
}
"""What a command that asks a hub is given, so that it gets as far as asking."""
ASKING = [words for words in LEAVES if has(words, "--url") and words not in (("import",),)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ATAMO_URL", "ATAMO_KEY", "ATAMO_FORMAT", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    write(tmp_path, {"rules/a.atamo": RULES})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = write(tmp_path_factory.mktemp("hub"), {"a.atamo": RULES})
    with Dispatcher(".", "--port", "0", cwd=folder) as dispatcher:
        yield dispatcher.said("listening on").split()[-1]


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A hub that wants a key, which nobody here has."""
    folder = write(tmp_path_factory.mktemp("closed"), {"a.atamo": RULES})
    with Dispatcher(".", "--port", "0", cwd=folder) as dispatcher:
        address = dispatcher.said("listening on").split()[-1]
        assert (
            run("key", "create", "ada", "--role", "admin", "--over", "everything", "--url", address).code == 0
        )
        yield address


def is_json(text: str) -> bool:
    """Whether a text is one JSON document, or several, one a line."""
    try:
        json.loads(text)
    except ValueError:
        try:
            return bool([json.loads(line) for line in text.splitlines()])
        except ValueError:
            return False
    return True


def asking(words: tuple[str, ...], url: str, *more: str) -> Ran:
    if words == ("plan",):
        return run("plan", "rules", "--against", url, *more)
    return run(*words, *ARGUMENTS.get(words, ()), "--url", url, *more, stdin="s3cret\n")


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_an_option_that_does_not_exist_is_two(here: Path, words: tuple[str, ...]) -> None:
    done = run(*words, "--no-such-option")
    assert (done.code, done.out) == (2, "")
    assert "--no-such-option" in done.err
    if has(words, "--format"):
        done = run(*words, "--no-such-option", "--format", "json")
        assert done.code == 2
        if "json" in formats(words):
            assert json.loads(done.out)["exit"] == 2


def formats(words: tuple[str, ...]) -> tuple[str, ...]:
    kinds = [one.type for one in command_of(words).params if one.name == "format"]
    return tuple(kinds[0].choices) if kinds and isinstance(kinds[0], click.Choice) else ()


@pytest.mark.parametrize("words", [*ASKING, ("plan",)], ids=" ".join)
def test_where_no_hub_answers_it_is_two(here: Path, words: tuple[str, ...]) -> None:
    done = asking(words, NOBODY)
    assert done.code == 2, done
    assert "No hub answers" in done.err or "no hub answers" in done.err
    assert "Usage:" not in done.err, "it was used rightly"
    assert done.out == ""
    if "json" in formats(words):
        done = asking(words, NOBODY, "--format", "json")
        told = json.loads(done.out)
        assert (done.code, told["exit"], told["code"]) == (2, 2, "no-hub")
        assert done.err


@pytest.mark.parametrize("words", [*ASKING, ("plan",)], ids=" ".join)
def test_where_a_hub_refuses_it_is_one(here: Path, words: tuple[str, ...], closed: str) -> None:
    if words == ("healthcheck",):
        return  # whether it is well, a hub tells everybody
    done = asking(words, closed)
    assert done.code == 1, done
    assert "put a key into ATAMO_KEY" in done.err
    assert "Usage:" not in done.err
    if "json" in formats(words):
        done = asking(words, closed, "--format", "json")
        assert done.code == 1
        told = json.loads(done.out)
        assert [one["status"] for one in told.get("refused", [told])] == [401]
        assert done.err


NOTHING = [
    (("trace",), 1), (("why",), 1), (("dead", "show"), 1), (("dead", "redrive"), 1), (("dead", "discard"), 1),
    (("cancel",), 1), (("erase",), 1), (("key", "revoke"), 1), (("proposal", "show"), 1),
    (("proposal", "approve"), 1), (("proposal", "reject"), 1), (("proposal", "withdraw"), 1),
    (("proposal", "rollback"), 1), (("resume",), 1), (("send",), 1),
    (("dead", "list"), 0), (("audit", "search"), 0), (("proposal", "list"), 0), (("replay",), 0), (("top",), 0),
    (("key", "list"), 0), (("get", "rules"), 0), (("get", "event-types"), 0), (("get", "agents"), 0),
    (("get", "action-types"), 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code"), NOTHING, ids=lambda one: " ".join(one) if isinstance(one, tuple) else ""
)
def test_what_is_not_there_is_one_and_an_empty_list_is_a_list(
    here: Path, words: tuple[str, ...], code: int, hub: str
) -> None:
    done = asking(words, hub)
    assert done.code == code, done
    assert bool(done.err) is (code == 1)
    assert "/v1/" not in done.err, "who types commands is told commands"
    if "json" in formats(words):
        done = asking(words, hub, "--format", "json")
        assert done.code == code
        assert is_json(done.out), done


@pytest.mark.parametrize("words", [("audit", "search"), ("dead", "list")], ids=" ".join)
def test_a_place_that_no_list_has_is_alike_everywhere(here: Path, words: tuple[str, ...], hub: str) -> None:
    done = run(*words, "--url", hub, "--after", str(10**30))
    assert done.code == 1
    assert "Usage:" not in done.err


@pytest.mark.parametrize("words", [words for words in LEAVES if has(words, "--folder")], ids=" ".join)
def test_a_folder_that_is_not_there_is_two(here: Path, words: tuple[str, ...]) -> None:
    for folder, says in ((NOT_THERE, "does not exist"), ("rules", "No hub has kept anything")):
        if (words, folder) == (("key", "create"), "rules"):  # its hub may be started yet
            continue
        done = run(*words, *ARGUMENTS.get(words, ()), "--folder", folder)
        assert (done.code, done.out) == (2, "")
        assert says in done.err


FILES = [
    (("verify", NOT_THERE), 2), (("simulate", "--events", NOT_THERE), 2), (("bench", "--events", NOT_THERE), 2),
    (("simulate", NOT_THERE, "--events", "-"), 2), (("fmt", NOT_THERE), 2), (("run", NOT_THERE), 2),
    (("replay", NOT_THERE), 2), (("plan", NOT_THERE), 2), (("plan", "rules", "--against", "no-such-commit"), 2),
    (("apply", NOT_THERE, "--level", "hub"), 2), (("proposal", "submit", NOT_THERE, "--level", "hub"), 2),
    (("audit", "verify", NOT_THERE), 2), (("audit", "prove", "1", "--against", NOT_THERE), 2),
    (("audit", "keygen", "a/b", "-o", "no/where/key"), 2), (("backup", NOT_THERE, "copy.db"), 2),
    (("import", "sigma", NOT_THERE), 2), (("types", NOT_THERE, "-o", "made"), 2), (("doctor", NOT_THERE), 2),
    (("service", "systemd", NOT_THERE), 2), (("explain", "E9999"), 2), (("init", "rules"), 2),
    (("new", "agent", "a b"), 2), (("completion", "csh"), 2), (("--config", NOT_THERE, "config", "show"), 2),
    (("secret", "keygen", "no/where/key"), 2), (("send", "order.placed", "@nowhere.json", "--url", NOBODY), 2),
    (("send", "order.placed", "{", "--url", NOBODY), 2), (("-C", NOT_THERE, "verify"), 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code"), FILES, ids=lambda one: " ".join(one) if isinstance(one, tuple) else ""
)
def test_files_that_are_not_there_are_two(here: Path, arguments: tuple[str, ...], code: int) -> None:
    done = run(*arguments)
    assert done.code == code, done
    assert done.err
    assert done.out == ""


BAD = [
    ("verify",), ("simulate", "--events", "-"), ("bench", "--events", "-"), ("replay", "rules", "--folder", "."),
    ("plan", "rules", "--against", NOBODY), ("fmt",),
]  # fmt: skip


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_rules_with_mistakes_are_one(here: Path, arguments: tuple[str, ...]) -> None:
    write(here, {"rules/b.atamo": "rule x\n  on order.placed\n  when totl > > 3\n  stop\n"})
    done = run(*arguments)
    assert done.code == 1, done
    assert "E0" in done.err + done.out
    words = arguments[:1]
    if "json" in formats(words):
        done = run(*arguments, "--format", "json")
        assert done.code == 1
        assert [one["severity"] for one in json.loads(done.out)["diagnostics"]].count("error") >= 1


def test_a_key_that_opens_nothing_is_said_to(
    here: Path, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATAMO_KEY", "atamo_nobodys")
    done = run("top", "--once", "--url", closed)
    assert (done.code, "the key in ATAMO_KEY opens nothing here" in done.err) == (1, True)


def test_where_there_is_nothing_to_measure_it_is_one(here: Path) -> None:
    done = run("bench", "rules", "--events", "-", "--format", "json")
    assert (done.code, json.loads(done.out)["code"]) == (1, "nothing")
    assert "has no lines" in done.err


def test_what_a_hub_tells_by_a_path_a_command_tells_by_a_command() -> None:
    """Every path in a remedy of the hub is one that `by_command` knows."""
    told = "".join(path.read_text("utf-8") for path in (ROOT / "atamo_rules" / "rest").glob("*.py"))
    named = set(re.findall(r"GET /v1/([a-z-]+) lists them", told))
    assert {"dead", "keys", "proposals"} <= named
    assert {"rules", "types", "action-types", "agents"} <= named
    assert not [one for one in named if "/v1/" in by_command(f"GET /v1/{one} lists them")]
    assert by_command("GET /v1/people/users lists them") == "`people.yaml` says who there is"
    assert (
        by_command("what became of it is under /v1/events/a%2Fb")
        == "`atamo trace a%2Fb` tells what became of it"
    )


def test_a_role_goes_with_whose_things_it_is_about(here: Path) -> None:
    for given in (("--role", "sender"), ("--over", "everything")):
        done = run("key", "create", "shop", *given, "--url", NOBODY)
        assert (done.code, "--role goes with --over" in done.err) == (2, True)


def test_systems_whose_rules_are_written_anew_have_a_page(here: Path) -> None:
    for name, page in BY_HAND.items():
        done = run("import", name, "x")
        assert (done.code, f"rules of {page} are not read" in done.err) == (2, True)
        (place,) = re.findall(r"docs/how-to/[a-z-]+\.md", done.err)
        assert (ROOT / place).is_file()
