"""The texts of rules that were in force, kept in the store by the digest of what they mean.

A rule that waits for an answer goes on under the rules it began with, in the next process too; and what decided an
event can be computed again while the event is kept. A text is dropped when no kept event and no open work refers to it.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from atamo_rules.compiler.pipeline import compile_sources
from atamo_rules.hub.agents.binding import bind
from atamo_rules.hub.intake import Intake
from atamo_rules.model.rule import Ruleset
from atamo_rules.model.strict_json import decode, encode
from atamo_rules.model.types import Json
from atamo_rules.model.work import Put
from atamo_rules.source.span import Source

if TYPE_CHECKING:
    from atamo_rules.hub.generation import Generation
    from atamo_rules.hub.hub import Hub
    from atamo_rules.hub.store import Store

BUCKET = "rules"
"""Where the store keeps texts, by digest."""
RECENT = 4
"""Rulesets of before that stay compiled, for those who ask about several events."""


@dataclass(frozen=True, slots=True)
class Script:
    """Everything a ruleset is compiled from: the rule files, the schema files they read (by who reads and what is
    written there), and the parameters that were given."""

    files: tuple[Source, ...]
    schemas: tuple[tuple[str, str, str], ...] = ()
    params: Mapping[str, Json] = field(default_factory=dict, hash=False)


class Recorder:
    """Reads schema files, and remembers what it read."""

    def __init__(self, read: Callable[[str, str], str]) -> None:
        self.read = read
        self.found: dict[tuple[str, str], str] = {}

    def __call__(self, relative_to: str, path: str) -> str:
        text = self.found[relative_to, path] = self.read(relative_to, path)
        return text


def packed(script: Script) -> str:
    """A script as one text: JSON, compressed."""
    files: list[Json] = [
        [one.name, one.text, one.space] if one.space else [one.name, one.text] for one in script.files
    ]
    plain = encode([files, list(map(list, script.schemas)), dict(script.params)])
    return b64encode(zlib.compress(plain.encode("utf-8", "surrogatepass"), 6)).decode()


def unpacked(text: str) -> Script:
    """The script that was packed. Raises ValueError when it is none."""
    try:
        value: Any = decode(zlib.decompress(b64decode(text, validate=True)))
        files, schemas, params = value
        return Script(
            tuple(Source(*map(str, file)) for file in files),
            tuple((who, path, written) for who, path, written in schemas),
            params,
        )
    except (zlib.error, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"it is no script: {error}") from None


def compiled(script: Script) -> Ruleset | None:
    """The ruleset of a script; None when it no longer compiles."""
    schemas = {(who, path): text for who, path, text in script.schemas}

    def read(relative_to: str, path: str) -> str:
        try:
            return schemas[relative_to, path]
        except KeyError:
            raise ValueError("it was not kept") from None

    return compile_sources(script.files, read, params=script.params).ruleset


@lru_cache(RECENT)
def _meant(text: str, digest: str) -> Ruleset | None:
    """The ruleset of a packed script, if it still means what its digest says: another version of the language may read
    the same text otherwise."""
    try:
        ruleset = compiled(unpacked(text))
    except ValueError:
        return None
    return ruleset if ruleset is not None and ruleset.digest == digest else None


async def keep(store: Store, generation: Generation) -> None:
    """Keep the text of a generation, unless it is there. A store that outlives no process needs none."""
    script = generation.script
    if script is None or not store.caps.durable or await store.get(BUCKET, generation.digest) is not None:
        return
    text = await asyncio.to_thread(packed, script)
    await store.put(Put(BUCKET, generation.digest, text))


async def fetch(store: Store, digest: str) -> Ruleset | None:
    """The rules of a digest as they were kept; None when they were not, or can no longer be read."""
    entry = await store.get(BUCKET, digest)
    if entry is None or not isinstance(entry.value, str):
        return None
    return await asyncio.to_thread(_meant, entry.value, digest)


async def revive(hub: Hub, digest: str) -> Generation | None:
    """The generation of a process before, with agents of its own where they were declared otherwise."""
    ruleset = await fetch(hub.store, digest)
    if ruleset is None:
        return None
    now = hub.current
    agents, _ = bind(ruleset, now.folder, now.agents)
    ours = {name: bound for name, bound in now.agents.items() if not bound.declared[0]}
    return type(now)(ruleset, Intake(ruleset, now.intake.people), {**agents, **ours}, folder=now.folder)


async def tidy(hub: Hub) -> int:
    """Drop the texts that nothing refers to any more; gives how many."""
    store = hub.store
    entries = [entry.key for entry in await store.entries(BUCKET)]
    needed = {generation.digest for generation in hub.retiring.all}
    if needed.issuperset((*entries, *hub.numbering.seen)):
        return 0
    needed |= await store.rulesets()
    gone = [digest for digest in entries if digest not in needed]
    for digest in gone:
        await store.put(Put(BUCKET, digest, None))
    await hub.numbering.forget([digest for digest in hub.numbering.seen if digest not in needed])
    return len(gone)
