"""The options of `atamo run` and `atamo doctor` that name an OpenID Connect issuer, and whether it shows its keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from atamo_rules.hub.checks import Check
    from atamo_rules.rest.keysets import Issuer

Command = TypeVar("Command", bound=Callable[..., Any])
_OPTIONS = (
    ("issuer", "URL", "Let people in by tokens of this OpenID Connect issuer, too."),
    ("audience", "NAME", "What its tokens must be for: the name that this hub has there."),
    ("keys", "PLACE", "Its key set, a file or an address.  [default: found by discovery]"),
    ("user", "CLAIM", "The claim that is the user's name.  [default: sub]"),
    ("groups", "CLAIM", "A claim whose texts are the user's groups.  [default: none]"),
    ("organisation", "NAME", "Where users are that the people files do not have.  [default: in none]"),
)


def oidc_options(command: Command) -> Command:
    """Adds `--oidc-…`, and gives the command an `issuer` or None."""

    @wraps(command)
    def made(*args: Any, **more: Any) -> Any:
        given = {name: more.pop(f"oidc_{name}") for name, _, _ in _OPTIONS}
        return command(*args, issuer=read_issuer(given), **more)

    decorated: Any = made
    for name, metavar, about in reversed(_OPTIONS):
        decorated = click.option(f"--oidc-{name}", default=None, metavar=metavar, help=about)(decorated)
    return decorated  # type: ignore[no-any-return]


def read_issuer(given: dict[str, str | None]) -> Issuer | None:
    """The issuer that the options name. Raises click.UsageError."""
    if not given["issuer"]:
        if other := next((name for name, value in given.items() if value), None):
            raise click.UsageError(f"--oidc-{other} says something of an issuer: name it by --oidc-issuer.")
        return None
    from importlib.util import find_spec

    from atamo_rules.rest.keysets import Issuer

    if find_spec("jwt") is None:
        raise click.UsageError("--oidc-issuer needs PyJWT: `pip install 'atamo-rules[oidc]'`.")
    try:
        return Issuer(
            given["issuer"], given["audience"] or "", given["keys"] or "", given["user"] or "sub",
            given["organisation"] or "", groups=given["groups"] or "",
        )  # fmt: skip
    except ValueError as error:
        raise click.UsageError(f"The issuer `{given['issuer']}` cannot be believed: {error}.") from None


async def check(issuer: Issuer) -> Check:
    """Whether an issuer shows its keys."""
    from atamo_rules.hub.checks import Check
    from atamo_rules.rest.keysets import KeySet

    keys = KeySet(issuer)
    await keys.read()
    if keys.trouble:
        return Check("sign-in", issuer.url, "wrong", keys.trouble, "see --oidc-issuer and --oidc-keys")
    if not keys.keys:
        return Check("sign-in", issuer.url, "wrong", "it shows no key that a token could be checked with")
    count = len(keys.keys)
    return Check("sign-in", issuer.url, "ok", f"{count} key{'' if count == 1 else 's'}")
