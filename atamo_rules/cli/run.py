"""`atamo run`: the dispatcher of a project folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from atamo_rules.cli.numbers import Number
from atamo_rules.cli.project import code_option, param_option, read_params, walls_option
from atamo_rules.cli.signing_in import oidc_options
from atamo_rules.cli.voice import Voice

EPILOG = """\b
Examples:
  atamo run                                 this folder, on port 8080
  atamo run rules/ --port 0                 on any free port
  atamo run rules/ --stdin < events.jsonl   events from a file, then stop
  atamo run rules/ --drop inbox/            also take files put into inbox/
  atamo run rules/ --store memory           keep nothing beyond the process

It listens on this machine only, unless --host says otherwise. Until the first key is made nobody is asked who they
are; where --host lets others in, the first start makes one for `admin` and shows it once.

What was accepted is kept in a file until it is done, whatever becomes of the process: the next start goes on with it.
One hub at a time holds the file.

Exit codes: 0 stopped as asked, 1 the rules have errors or lines were refused, 2 usage, no rules, files, port, or a
store that is held by another hub or can no longer be written."""


@click.command(epilog=EPILOG)
@click.argument("folder", default=".")
@click.option("--host", default=None, help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), default=None,
              help="The port to listen on; 0 is any free one.  [default: 8080]")  # fmt: skip
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME",
              help="Another name that clients may call this hub by (the `Host` header).")  # fmt: skip
@click.option("--http/--no-http", default=None, help="Whether to listen. With --stdin alone it does not.")
@click.option(
    "--stdin",
    "stdin",
    is_flag=True,
    help="Take events from standard input, one JSON a line; answers to requests go to standard output.",
)
@click.option("--drop", metavar="DIR", help="Take *.json and *.jsonl files put into this folder.")
@click.option("--audit", metavar="FILE", help="Where every step is written; `none` for nowhere."
              "  [default: FOLDER/.atamo/audit.jsonl]")  # fmt: skip
@click.option("--store", metavar="STORE", help="Where what was accepted is kept: `sqlite:PATH`,"
              " `nats:HOST,HOST,HOST/STREAM`, which hubs share, `memory`, which ends with the process, or that of a"
              " plug-in.  [default: sqlite:FOLDER/.atamo/hub.db]")  # fmt: skip
@click.option("--events", "events", multiple=True, metavar="NAME[:PLACE]",
              help="Take events by a plug-in, too; `atamo plugins` lists them. May be given again.")  # fmt: skip
@click.option("--auditor", "auditors", multiple=True, metavar="NAME[:PLACE]",
              help="Tell a plug-in every step, too. May be given again.")  # fmt: skip
@click.option("--provider", "providers", multiple=True, metavar="NAME[:PLACE]",
              help="Ask a plug-in about every event beside the rules. May be given again.")  # fmt: skip
@click.option("--vault", metavar="VAULT", help="Where tokens of users are kept: `file:KEYFILE`, sealed in the store,"
              " `environment`, or that of a plug-in.  [default: there is none]")  # fmt: skip
@click.option("--audit-level", type=click.Choice(["minimal", "decisions", "full"]), default="full", show_default=True,
              help="How much the audit keeps.")  # fmt: skip
@click.option("--checkpoints", metavar="FILE", help="Where checkpoints of the audit are put down, best on another disk;"
              " `none` for nowhere.  [default: FOLDER/.atamo/checkpoints]")  # fmt: skip
@click.option("--sign", metavar="FILE", help="Sign checkpoints with the key in this file.")
@click.option("--reload/--no-reload", default=True, help="Whether to follow changes of the files.")
@click.option("--tests/--no-tests", default=True, help="Whether the tests in the files must pass first.")
@click.option("--max-body", type=click.IntRange(1, 1024), default=25, show_default=True, metavar="MIB",
              help="The largest HTTP body that is taken.")  # fmt: skip
@click.option(
    "--rate", metavar="RATE", help="How often each key may ask: `600 per minute`.  [default: without a limit]"
)
@click.option("--patience", type=Number(0.1, 3600), default=20.0, show_default=True, metavar="SECONDS",
              help="How long a client may take for its headers, and to begin with for a body.")  # fmt: skip
@click.option("--drain", type=Number(0, 600), default=10.0, show_default=True, metavar="SECONDS",
              help="How long what is under way is given at the end.")  # fmt: skip
@click.option("--alert", "alerts", multiple=True, metavar="THRESHOLD",
              help="Say when a number is beyond a bound: `latency_p95 above 2 for 30`. May be repeated.")  # fmt: skip
@oidc_options
@param_option
@code_option
@walls_option
@click.option("-q", "--quiet", is_flag=True, help="Say only what is wrong.")
def run(folder: str, **options: Any) -> int:
    """Take events, decide, call agents; follow the rules of FOLDER as they are edited.

    A change is taken whole or not at all: with errors or failing tests in it, the last good state stays in force.
    What agents log goes to standard output, what Atamo says of itself to standard error.
    """
    place = Path(folder)
    if not place.is_dir():
        what = (
            "is a file; give its folder" if place.exists() else "does not exist; `atamo init` makes a project"
        )
        raise click.UsageError(f"`{folder}` {what}.")
    params = read_params(options["params"])
    import asyncio

    from atamo_rules.cli.run_options import Options
    from atamo_rules.cli.serve import serve

    return asyncio.run(serve(place, Options(**{**options, "params": params}), Voice(options["quiet"])))
