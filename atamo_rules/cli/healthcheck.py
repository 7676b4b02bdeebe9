"""`atamo healthcheck`: whether a hub is well, by an exit code."""

from __future__ import annotations

import click

from atamo_rules.cli.console import say
from atamo_rules.cli.hubs import url_option

EPILOG = """\b
Examples:
  atamo healthcheck
  atamo healthcheck --url http://127.0.0.1:9000 --live

In a container file: HEALTHCHECK CMD ["atamo", "healthcheck"]

Exit codes: 0 well, 1 a hub answers and is not, 2 no hub answers."""


@click.command(epilog=EPILOG)
@url_option
@click.option("--live", is_flag=True, help="Ask only whether it answers, not whether it takes events.")
@click.option("--timeout", type=click.FloatRange(0.1, 60), default=5.0, show_default=True, metavar="SECONDS")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing, only end with the code.")
def healthcheck(url: str, live: bool, timeout: float, quiet: bool) -> int:
    """Ask a hub whether it takes events."""
    import httpx2

    path = "/healthz" if live else "/readyz"
    try:
        answer = httpx2.get(url.rstrip("/") + path, timeout=timeout, trust_env=False)
    except (httpx2.TransportError, httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        if not quiet:
            say(f"no hub answers at {url}: {str(error) or type(error).__name__}\n", err=True)
        return 2
    well = answer.status_code == 200
    if not quiet:
        say(
            f"{url} is {'well' if well else f'not well: {answer.status_code} {answer.text[:200]}'}\n",
            err=not well,
        )
    return 0 if well else 1
