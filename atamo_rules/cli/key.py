"""`atamo key`: keys for clients of a running hub."""

from __future__ import annotations

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.hubs import Refused, RunningHub, asked, quoted, url_option
from atamo_rules.cli.ink import plain
from atamo_rules.cli.key_here import kept_here, make_here, revoke_here
from atamo_rules.cli.sentences import Sentences

CREATE = """\b
Examples:
  atamo key create admin --role admin --over everything
  atamo key create ann --expires 90
  atamo key create ci --verb event.send --type 'ticket.*'
  atamo key create root --role admin --over everything --folder desk/

From the first key on, the hub asks everybody for one: this command and the others take it from ATAMO_KEY. With --folder
no key is asked for, and the hub may be stopped: whoever may write there decides. Whom no key opens the hub any more
makes one so.

Exit codes: 0 made, 1 the hub refused, 2 usage, or no hub answers."""

LIST = """\b
Examples:
  atamo key list
  atamo key list --folder desk/

With --folder no key is asked for, and the hub may be stopped: whoever may read there sees them.

Exit codes: 0 told, 1 the hub refused, 2 usage, or no hub answers."""

REVOKE = """\b
Examples:
  atamo key revoke 4k2m9x0q
  atamo key revoke 4k2m9x0q --made
  atamo key revoke 4k2m9x0q --folder desk/

With --folder no key is asked for, and the hub may be stopped: whoever may write there decides, also of the last key of
an admin. `atamo key create --folder` makes another.

Exit codes: 0 it opens nothing any more, 1 there is none or the hub refused, 2 usage, or no hub answers."""


WHOLE = """\b
Examples:
  atamo key create robot --role sender --over everything
  atamo key list"""


@click.group(cls=Sentences, epilog=WHOLE)
def key() -> None:
    """Keys: what clients show to say who they are."""


@key.command(epilog=CREATE)
@click.argument("holder")
@click.option("--organisation", default="", help="The holder's organisation, where no people file says it.")
@click.option("--role", default="", help="A role that the key gives of itself, beside what its holder has.")
@click.option("--over", default="", help="Whose things that role is about, such as `organisation acme`.")
@click.option("--verb", "verbs", multiple=True, help="What the key is for at most. May be repeated.")
@click.option("--type", "types", multiple=True, help="Event types it is for at most. May be repeated.")
@click.option("--expires", type=click.IntRange(1, 3650), default=None, metavar="DAYS", help="When it ends.")
@click.option("--about", default="", help="What it is for, in words.")
@click.option(
    "--folder",
    default="",
    metavar="FOLDER",
    help="Make it in the folder of this project, or beside this store.",
)
@url_option
def create(holder: str, url: str, folder: str, expires: int | None, **more: str | tuple[str, ...]) -> int:
    """Make a key for HOLDER, a user or a service account, and show it: once, on standard output."""
    if bool(more["role"]) != bool(more["over"]):
        raise click.UsageError("--role goes with --over: `--over everything`, `own`, or `organisation acme`.")
    given = {
        name: list(value) if isinstance(value, tuple) else value for name, value in more.items() if value
    }
    order = {"holder": holder, **given, **({"expires": expires} if expires else {})}
    if folder:
        return make_here(folder, order)
    made = asked(url, lambda hub: hub.post("/v1/keys", order))
    unknown = "" if more["role"] else asked(url, lambda hub: _unknown(hub, holder))
    say(f"{made['key']}\n")
    makers = ", ".join(made.get("made_by", ()))
    by = f", made by {plain(makers)}" if makers else ""
    ends = f", which ends at {made['expires']}" if made["expires"] else ""
    say(f"key {made['id']} of {plain(made['holder'])}{by}{ends}: keep it, it is not shown again\n", err=True)
    if unknown:
        say(f"note: {unknown}\n  the key opens nothing until there is, and something is granted\n", err=True)
    return 0


def _unknown(hub: RunningHub, holder: str) -> str:
    """That nobody is called like the holder of a key, which has no role of its own; empty where somebody is, or where
    that is not told."""
    said = ""
    for kind in ("services", "users"):
        try:
            hub.get(f"/v1/people/{kind}/{quoted(holder)}")
            return ""
        except Refused as refused:
            if not refused.code.startswith("unknown-"):
                return ""
            said = refused.sentence
    return said


@key.command(name="list", epilog=LIST)
@click.option("--folder", default="", metavar="FOLDER", help="Those of this project's hub, or of this store.")
@url_option
@click.option("--format", "format", type=click.Choice(["text", "json"]), default="text")
def list_(url: str, folder: str, format: str) -> int:
    """Show the keys there are, and when each was used last; what opens is not kept and not shown."""
    from atamo_rules.model.strict_json import encode

    found = kept_here(folder) if folder else asked(url, lambda hub: hub.get("/v1/keys"))
    if format == "json":
        say(encode(found) + "\n")
        return 0
    waiting, ending = found.get("waiting", []), found.get("ending", [])
    if not found["keys"] and not waiting:
        say("there are none: until the first is made nobody is asked for one\n")
    for one in (*found["keys"], *waiting):
        state = "revoked" if one["revoked"] else f"until {one['expires']}" if one["expires"] else "for good"
        role = f" · {one['role']} over {one['over']}" if one["role"] else ""
        used = f"used {one['used']}" if one.get("used") else "never used"
        yet = " · not taken in yet" if one in waiting else ""
        yet += " · not revoked yet" if one["id"] in ending else ""
        by = f" · made by {', '.join(one['made_by'])}" if one.get("made_by") else ""
        say(f"{one['id']}  {plain(one['holder'])}{plain(role + by)} · {state} · {used}{yet}\n")
    return 0


@key.command(epilog=REVOKE)
@click.argument("id")
@click.option("--made", is_flag=True, help="Also all keys that were made with it, and with those, and so on.")
@click.option(
    "--folder", default="", metavar="FOLDER", help="By the folder of this project, or beside this store."
)
@url_option
def revoke(id: str, made: bool, folder: str, url: str) -> int:
    """Have the key of an ID open nothing any more, at once."""
    if folder:
        return revoke_here(folder, id, made=made)
    order = {"made": "true"} if made else {}
    done = asked(url, lambda hub: hub.delete(f"/v1/keys/{quoted(id)}", order))
    say(f"key {done['id']} of {plain(done['holder'])} opens nothing any more\n")
    for one in done.get("also", ()):
        say(f"key {one}, made with it, opens nothing any more\n")
    return 0
