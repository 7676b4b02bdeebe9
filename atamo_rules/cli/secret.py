"""`atamo secret`: what users have for agents, handed to a running hub; and whose rules may use it."""

from __future__ import annotations

import sys
from typing import Any

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.hubs import Refused, RunningHub, asked, quoted, url_option
from atamo_rules.cli.sentences import Sentences

SET = """\b
Examples:
  atamo secret set crm --host crm.example --consent "group support" < token
  atamo secret set mail --who "group desk" --host smtp.example --kind basic
  atamo secret set drive --host api.drive.example --kind oauth2 < refresh.json

It is read from standard input, or asked for at the terminal. It is never an argument: those are seen by everybody on
the machine.

Exit codes: 0 kept, 1 the hub refused, 2 usage, or no hub answers."""

LIST = """\b
Examples:
  atamo secret list

Exit codes: 0 told, 1 the hub refused, 2 usage, or no hub answers."""

REMOVE = """\b
Examples:
  atamo secret remove 3f9c0a77d2e14b60

Exit codes: 0 forgotten, 1 there is none or the hub refused, 2 usage, or no hub answers."""

ROTATE = """\b
Examples:
  atamo secret keygen vault.key --add
  atamo secret rotate

Exit codes: 0 all is sealed under the first key, 1 the hub refused or a token has no key, 2 usage, or no hub answers."""

KEYGEN = """\b
Examples:
  atamo secret keygen vault.key
  atamo secret keygen vault.key --add

Exit codes: 0 written, 2 usage or files."""

CONSENT = """\b
Examples:
  atamo secret consent crm --to "group support" --host api.crm.example
  atamo secret consent crm --to project --host api.crm.example

Exit codes: 0 agreed, 1 the hub refused, 2 usage, or no hub answers."""

WITHDRAW = """\b
Examples:
  atamo secret withdraw 90ab12cd34ef5678

Exit codes: 0 no longer agreed, 1 there is none or the hub refused, 2 usage, or no hub answers."""

WHOLE = """\b
Examples:
  atamo secret set crm --host api.crm.example --consent project
  atamo secret list"""

host_option = click.option(
    "--host", "hosts", multiple=True, metavar="HOST",
    help="Where the agent may take it: `api.example`, or `api.example:8443`. May be repeated; none is for agents that"
    " have no host.",
)  # fmt: skip
who_option = click.option(
    "--who", default="", help="Whose it is: `user NAME` or `group NAME`.  [default: yours]"
)
organisation_option = click.option(
    "--organisation", default="", help="Their organisation, where no people file says it."
)


@click.group(cls=Sentences, epilog=WHOLE)
def secret() -> None:
    """Tokens: what users have for agents. A hub takes them and never tells them."""


@secret.command(name="set", epilog=SET)
@click.argument("agent")
@host_option
@click.option("--kind", type=click.Choice(["bearer", "basic", "header", "text", "oauth2"]), default="bearer",
              show_default=True, help="How it is sent.")  # fmt: skip
@who_option
@organisation_option
@click.option("--consent", "consent", multiple=True, metavar="OWNER",
              help="Whose rules may use it: `user NAME`, `group NAME`, `organisation NAME`, or `project` for rules"
              " without an owner. May be repeated.")  # fmt: skip
@click.option("--about", default="", help="What it is for, in words.")
@url_option
def set_(agent: str, url: str, hosts: tuple[str, ...], consent: tuple[str, ...], **more: str) -> int:
    """Hand over what you have for AGENT, in place of what was there for the same hosts."""
    order = {"agent": agent, "hosts": list(hosts), "value": _value(), **_given(more)}
    if consent:
        order["consent"] = list(consent)
    made = asked(url, lambda hub: hub.post("/v1/secrets", order))
    from atamo_rules.cli.ink import plain

    where = ", ".join(hosts) or "no host"
    say(f"{made['id']}  version {made['version']}, of {plain(made['who'])} for {plain(agent)} at {where}\n")
    _doubt(url, agent)
    return 0


@secret.command(name="list", epilog=LIST)
@url_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def list_(url: str, format: str) -> int:
    """Show what there is and who agreed to its use: names, never values."""
    from atamo_rules.cli.ink import plain
    from atamo_rules.model.strict_json import encode

    found = asked(url, lambda hub: {**hub.get("/v1/secrets"), **hub.get("/v1/consents")})
    if format == "json":
        say(encode(found) + "\n")
        return 0
    if not found["secrets"] and not found["consents"]:
        say("there are none\n")
    for one in found["secrets"]:
        where = f" at {', '.join(one['hosts'])}" if one["hosts"] else ""
        line = f"{one['who']} · {one['agent']}{where} · {one['kind']}, version {one['version']}, key {one['key']}"
        say(f"{one['id']}  {plain(line)}\n")
    for one in found["consents"]:
        where = f" at {', '.join(one['hosts'])}" if one["hosts"] else ""
        say(
            f"{one['id']}  {plain(one['who'])} agrees to rules of {plain(one['to'])} · {plain(one['agent'] + where)}\n"
        )
    return 0


@secret.command(epilog=REMOVE)
@click.argument("id")
@url_option
def remove(id: str, url: str) -> int:
    """Have the token of an ID forgotten, at once."""
    gone = asked(url, lambda hub: hub.delete(f"/v1/secrets/{quoted(id)}"))
    say(f"{gone['id']} of {gone['who']} for {gone['agent']} is forgotten\n")
    return 0


@secret.command(epilog=ROTATE)
@url_option
def rotate(url: str) -> int:
    """Have the hub read its keys anew, and seal every token under the first of them.

    Whenever it is stopped, each token is sealed under the old key or the new: keep both until it is done.
    """
    done = asked(url, lambda hub: hub.post("/v1/secrets/rotate", {}))
    count = done["sealed"]
    say(f"{count} token{'' if count == 1 else 's'} sealed anew: all is under the key {done['key']}\n")
    for id in done["lost"]:
        say(f"{id} has no key any more, and cannot be opened: set it again\n", err=True)
    return 1 if done["lost"] else 0


@secret.command(epilog=KEYGEN)
@click.argument("file")
@click.option("--add", is_flag=True, help="Put a new key before those that the file has.")
def keygen(file: str, add: bool) -> int:
    """Make a key for `atamo run --vault file:FILE`, for you alone to read. What was sealed with a key that is lost is
    lost."""
    import os
    from pathlib import Path

    from atamo_rules.builtin.vaults.keys import KeySource, new_key
    from atamo_rules.cli.replace_file import replace_file

    line = f"{new_key()}\n"
    try:
        if add:
            KeySource(file).read()
            replace_file(Path(file), line + Path(file).read_text("utf-8"))
        else:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
                made.write(line)
    except FileExistsError:
        raise click.UsageError(
            f"`{file}` is there already: `--add` puts a new key before the old ones."
        ) from None
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    except OSError as error:
        raise click.UsageError(f"`{file}` cannot be written: {error.strerror}.") from None
    say(f"key {line.partition(':')[0]} is the first of {file}\n")
    return 0


@secret.command(epilog=CONSENT)
@click.argument("agent")
@click.option("--to", required=True, metavar="OWNER",
              help="Whose rules: `user NAME`, `group NAME`, `organisation NAME`, or `project` for those without an"
              " owner.")  # fmt: skip
@host_option
@who_option
@organisation_option
@url_option
def consent(agent: str, url: str, hosts: tuple[str, ...], **more: str) -> int:
    """Agree that rules of OWNER act as you with AGENT, at these hosts."""
    order = {"agent": agent, "hosts": list(hosts), **_given(more)}
    made = asked(url, lambda hub: hub.post("/v1/consents", order))
    say(f"{made['id']}\n")
    _doubt(url, agent)
    kind, _, name = more["to"].partition(" ")
    if kind in ("user", "group", "organisation"):
        _doubt(url, name, f"/v1/people/{kind}s")
    return 0


@secret.command(epilog=WITHDRAW)
@click.argument("id")
@url_option
def withdraw(id: str, url: str) -> int:
    """Agree no longer; the next use is refused."""
    gone = asked(url, lambda hub: hub.delete(f"/v1/consents/{quoted(id)}"))
    say(f"{gone['who']} does not agree to rules of {gone['to']} any more\n")
    return 0


def _doubt(url: str, name: str, among: str = "/v1/agents") -> None:
    """Say where the hub has no agent of that name, or nobody of it: they may come, or were misspelt. Whoever may
    not see them is told nothing."""
    with RunningHub(url) as hub:
        try:
            hub.get(f"{among}/{quoted(name)}")
        except Refused as refused:
            if refused.code.startswith("unknown-"):
                say(f"note: {refused.sentence}\n", err=True)


def _given(options: dict[str, str]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value}


def _value() -> str:
    """The token: from standard input without its line end, or typed unseen."""
    if sys.stdin.isatty():
        return str(click.prompt("Token", hide_input=True, err=True))
    value = sys.stdin.read().rstrip("\r\n")
    if not value:
        raise click.UsageError("The token is read from standard input, which is empty.")
    return value
