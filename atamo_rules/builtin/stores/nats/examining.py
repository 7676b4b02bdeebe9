"""What `atamo doctor` says of a store that hubs share: its servers, asked whether they keep what they take."""

from __future__ import annotations

from collections.abc import Iterator

from atamo_rules.builtin.stores.nats.durable import refusal
from atamo_rules.builtin.stores.nats.place import read_place
from atamo_rules.builtin.stores.nats.trust import context_of, read_credentials
from atamo_rules.errors import StoreUnavailable
from atamo_rules.hub.agents.limits import held_apart
from atamo_rules.hub.checks import Check
from atamo_rules.hub.windows.apart import counted_apart
from atamo_rules.model.rule import Ruleset


def servers(said: str) -> Iterator[Check]:
    """Each server of a place, and the file of credentials that it names. Nothing is made there."""
    try:
        place = read_place(said)
    except ValueError as error:
        yield Check("store", "nats", "wrong", str(error), "`atamo run --store nats:HOST,HOST,HOST/STREAM`")
        return
    try:
        context = context_of(place)
        if place.creds:
            read_credentials(place.creds)
    except StoreUnavailable as error:
        yield Check(
            "store", "credentials", "wrong", str(error), "name a file that is there, `?creds=FILE&ca=FILE`"
        )
        return
    for server in place.servers:
        name = f"{server.host}:{server.port}"
        why, _, remedy = refusal(server, context).partition(": ")
        if why:
            yield Check("store", name, "wrong", why, remedy)
        else:
            yield Check("store", name, "ok", f"puts what it takes of `{place.stream}` on the disk first")


def unnamed(stream: str) -> Check:
    """Of a stream that was followed here, and of which it is not set where it is."""
    return Check(
        "store", "nats", "warning", f"hubs share it, and it is not set here where `{stream}` is",
        "`store` below `[run]` in `atamo.toml` says it to all commands",
    )  # fmt: skip


def rules_apart(ruleset: Ruleset | None) -> Iterator[Check]:
    """The rules that count what one of the hubs took, and the agents of which each hub asks as much as they say."""
    if ruleset is not None and (sentence := counted_apart(ruleset)):
        said, _, remedy = sentence.partition(": ")
        yield Check("project", "time", "warning", said, remedy)
    agents = (
        sorted(name for name, use in ruleset.agents.items() if "limits" in use.settings) if ruleset else []
    )
    if sentence := held_apart(agents):
        said, _, remedy = sentence.partition(": ")
        yield Check("project", "limits", "warning", said, remedy)
