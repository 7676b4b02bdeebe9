"""`atamo healthcheck`: whether a hub is well, by an exit code."""

from __future__ import annotations

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.hubs import url_option
from atamo_rules.cli.numbers import Number

EPILOG = """\b
Examples:
  atamo healthcheck
  atamo healthcheck --url http://127.0.0.1:9000 --live

In a container file: HEALTHCHECK CMD ["atamo", "healthcheck"]

Exit codes: 0 well, 1 a hub answers and is not, 2 no hub answers."""


@click.command(epilog=EPILOG)
@url_option
@click.option("--live", is_flag=True, help="Ask only whether it answers, not whether it takes events.")
@click.option("--timeout", type=Number(0.1, 60), default=5.0, show_default=True, metavar="SECONDS")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing, only end with the code.")
def healthcheck(url: str, live: bool, timeout: float, quiet: bool) -> int:
    """Ask a hub whether it takes events."""
    from atamo_rules.client.synchronous import Client
    from atamo_rules.client.told import Problem, Unreachable

    try:
        with Client(url, timeout=timeout, tries=1) as hub:
            hub.get("/healthz" if live else "/readyz")
        said = ""
    except Problem as problem:
        said = f"not well: {problem.status} {problem}"
    except (Unreachable, ValueError) as error:
        if isinstance(error, Unreachable) and error.how == "no hub":
            said = f"not well: {error}"
        else:
            if not quiet:
                say(f"no hub answers at {url}: {error}\n", err=True)
            return 2
    if not quiet:
        say(f"{url} is {said or 'well'}\n", err=bool(said))
    return 1 if said else 0
