"""`atamo proposal` against a real dispatcher, and `atamo plan` against a hub and a commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.dispatcher import Dispatcher, atamo
from tests.places import write

RULES = "event tick\n  n: whole\n\nagent desk\n  uses log\n  send note\n    n: whole\n\nrule base\n  on tick\n  stop\n"
MORE = "rule more\n  order 1\n  on tick\n  when n > 5\n  do\n    send desk.note\n      n: n\n"


def test_a_rule_is_submitted_looked_at_approved_and_rolled_back(tmp_path: Path) -> None:
    write(tmp_path, {"rules/a.atamo": RULES, "more.atamo": MORE, "bad.atamo": MORE.replace("n > 5", "m > 5")})
    with Dispatcher("rules", "--port", "0", cwd=tmp_path) as hub:
        url = ("--url", hub.said("listening on").split()[-1])
        bad = atamo("proposal", "submit", "bad.atamo", "--level", "hub", *url, cwd=tmp_path)
        assert bad.returncode == 1
        assert "error[E0201]: `tick` has no field `m`\n --> submitted/hub/bad.atamo:4:8\n" in bad.stdout
        assert "4 |   when m > 5\n  |        ^" in bad.stdout
        done = atamo(
            "proposal", "submit", "more.atamo", "--level", "hub", "--about", "for ops", *url, cwd=tmp_path
        )
        assert (done.returncode, done.stderr) == (0, "")
        id = done.stdout.split()[1]
        assert "  + more\n" in done.stdout
        assert f"{id}  open         hub  by nobody  for ops\n" in atamo("proposal", "list", *url).stdout
        assert "  applied  " in atamo("proposal", "approve", id, "--why", "fine", *url).stdout
        assert "generation" in hub.said("live")
        assert (
            atamo("plan", "rules", "--against", url[1], cwd=tmp_path).stdout
            == "- more\n0 new, 0 changed, 1 gone\n"
        )
        alone = atamo("plan", "more.atamo", "--against", url[1], cwd=tmp_path)
        assert (alone.returncode, "E0202" in alone.stderr) == (1, True)
        assert "What they would add to a hub's rules says `atamo proposal submit`" in alone.stderr
        again = atamo("proposal", "approve", id, *url)
        assert (again.returncode, "it is applied" in again.stderr) == (1, True)
        assert "  rolled back  " in atamo("proposal", "rollback", id, *url).stdout
        same = atamo("plan", "rules", "--against", url[1], "--detailed-exitcode", cwd=tmp_path)
        assert (same.returncode, same.stdout) == (0, "no rule changes its meaning\n")
        assert atamo("proposal", "show", "nothing", *url).returncode == 1


def test_what_breaks_a_test_of_the_project_says_how_to_learn_which(tmp_path: Path) -> None:
    tested = (
        MORE.replace("rule more\n  order 1\n", "rule kept\n  order 2\n")
        + '\ntest "all together"\n  given tick { n: 6 }\n  expect desk.note\n'
    )
    write(tmp_path, {"rules/a.atamo": RULES + "\n" + tested})
    write(tmp_path, {"first.atamo": "rule first\n  order 1\n  on tick\n  stop\n"})
    with Dispatcher("rules", "--port", "0", cwd=tmp_path) as hub:
        url = ("--url", hub.said("listening on").split()[-1])
        done = atamo("proposal", "submit", "first.atamo", "--level", "hub", *url, cwd=tmp_path)
        assert done.returncode == 1
        assert "error: it does not go with other rules of this hub\n  = help: " in done.stdout
        assert "`atamo verify`, with these files beside its own" in done.stdout
    beside = atamo("verify", "rules", "first.atamo", cwd=tmp_path)
    assert (beside.returncode, "E0701" in beside.stdout + beside.stderr) == (1, True)


def test_what_one_may_decide_oneself_is_in_force_at_once(tmp_path: Path) -> None:
    people = "users:\n  ann: {}\n  bob: {}\nservices: {}\n"
    write(tmp_path, {
        "rules/a.atamo": RULES, "rules/people.yaml": people, "mine.atamo": f'owner "user ann"\n{MORE}',
        "more.atamo": MORE, "bad.atamo": MORE.replace("n > 5", "m > 5"),
    })  # fmt: skip
    with Dispatcher("rules", "--port", "0", cwd=tmp_path) as hub:
        url = ("--url", hub.said("listening on").split()[-1])
        done = atamo("apply", "more.atamo", "--level", "hub", *url, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.split("  ")[1] == "applied"
        assert "  + more\n" in done.stdout
        again = atamo("apply", "more.atamo", "--level", "hub", *url, cwd=tmp_path)
        assert (again.returncode, "  + " in again.stdout) == (0, False), "it is there already"
        bad = atamo("apply", "bad.atamo", "--level", "hub", *url, cwd=tmp_path)
        assert (bad.returncode, "E0201" in bad.stdout) == (1, True)
        gone = atamo("apply", "--level", "hub", "--remove", "more.atamo", *url, cwd=tmp_path)
        assert (gone.returncode, "  - more\n" in gone.stdout) == (0, True)
        author = atamo("key", "create", "bob", "--role", "author", "--over", "everything", *url)
        key = author.stdout.split()[-1]
        waits = atamo("apply", "more.atamo", "--level", "hub", *url, cwd=tmp_path, key=key)
        assert waits.returncode == 1
        assert "it waits for somebody else: atamo proposal approve " in waits.stderr
        two = atamo("apply", "more.atamo", "rules/../more.atamo", "--level", "hub", *url, cwd=tmp_path)
        assert (two.returncode, "There are two of `more.atamo`" in two.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["submit", "--level", "hub"], "There is nothing to submit"),
        (["submit", "nowhere.atamo", "--level", "hub"], "`nowhere.atamo` does not exist"),
        (["submit", "rules", "--level", "hub"], "`rules` is no file"),
        (["submit", "latin.atamo", "--level", "hub"], "`latin.atamo` is not UTF-8"),
    ],
)
def test_what_cannot_be_submitted_is_said(tmp_path: Path, arguments: list[str], says: str) -> None:
    write(tmp_path, {"rules/a.atamo": RULES})
    (tmp_path / "latin.atamo").write_bytes(b"# \xe9")
    done = atamo("proposal", *arguments, cwd=tmp_path)
    assert (done.returncode, says in done.stderr) == (2, True)


def git(folder: Path, *args: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *args], cwd=folder, check=True, capture_output=True)


def test_a_plan_against_a_commit_tells_what_changes_its_meaning(tmp_path: Path) -> None:
    write(tmp_path, {"rules/a.atamo": RULES, "rules/b.atamo": MORE})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    text = MORE.replace("n > 5", "n > 6").replace("order 1", "order 2") + "\n# said otherwise\n"
    write(tmp_path, {"rules/b.atamo": text, "rules/c.atamo": MORE.replace("more", "third")})
    done = atamo("plan", "rules", "--against", "HEAD", "--detailed-exitcode", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == (
        "+ third\n~ more: when it fires, its order\n    acts no more on { n: 6 }\n1 new, 1 changed, 0 gone\n"
    )
    for against, says in (("nowhere", "is no commit"), ("--upload-pack=x", "is no commit")):
        wrong = atamo("plan", "rules", f"--against={against}", cwd=tmp_path)
        assert (wrong.returncode, says in wrong.stderr) == (2, True)


def test_a_plan_outside_of_a_repository(tmp_path: Path) -> None:
    write(tmp_path, {"rules/a.atamo": RULES})
    done = atamo("plan", "rules", "--against", "HEAD", cwd=tmp_path)
    assert (done.returncode, "is in no git repository" in done.stderr) == (2, True)
