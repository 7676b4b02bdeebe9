"""The Python files in a project's `providers` folder: each decides beside the rules, in a sandbox of its own.

Nobody has to be trusted for it: what such a file can do is to give action messages, which are held to what the rules
declare. So, other than code of agents, it needs nobody's permission, and no rule names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from atamo_rules.hub.evaluators.messages import event_json, message_of
from atamo_rules.hub.evaluators.owned import owner_in
from atamo_rules.hub.project.files import PROVIDERS, load
from atamo_rules.hub.proposals.proposal import FOLDER as SUBMITTED
from atamo_rules.model.contribution import ActionMessage
from atamo_rules.model.event import Event
from atamo_rules.model.people import Who
from atamo_rules.sandbox.code import SandboxedCode
from atamo_rules.sandbox.faults import CodeFailed, Fault, NoSandbox
from atamo_rules.source import codes
from atamo_rules.source.diagnostic import Diagnostic
from atamo_rules.source.span import Source, Span

MOST = 100
"""Files that one hub runs, each in two processes."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Written:
    """One file as it stands on disk."""

    source: Source
    name: str
    """What the provider is called: the file, without `.py`, its `_` as `-`."""
    digest: str
    owner: Who | None = None
    """Whose it is, as its first line says; None is the project's."""


class PythonFile:
    """One state of one file, asked about every event. It is started by `check`, or by the first event."""

    def __init__(self, written: Written, *, weaker: bool = False) -> None:
        self.written = written
        self.name = written.name
        self.digest = written.digest
        self.owner = written.owner
        self.taken = False
        """Whether it belongs to a state that was taken: one that was only tried is ended by whoever tried it."""
        self.version = written.digest[:12]
        self.code = SandboxedCode(written.source.text, name=_file(written), allow_weaker=weaker)
        limits = self.code.limits
        self.timeout = limits.load + 2 * limits.evaluation
        """Long enough for an event that waits for one before it to run out of time, and for the process to be started
        anew."""

    async def evaluate(self, event: Event) -> Sequence[ActionMessage]:
        """Its action messages. Raises CodeFailed, NoSandbox, and ValueError for what is no message. What an exception
        says may hold values of the event, and the audit keeps for good what is raised here: its type is enough."""
        try:
            given = await self.code.evaluate(event_json(event))
        except CodeFailed as error:
            fault = error.fault
            if fault.kind != "raised":
                raise
            raise CodeFailed(replace(fault, message=fault.message.partition(":")[0], said="")) from None
        return tuple(message_of(one) for one in given)

    async def close(self) -> None:
        """End its process."""
        await self.code.close()


def read(
    folder: Path, submitted: Mapping[str, str] = MappingProxyType({})
) -> tuple[tuple[Written, ...], tuple[Diagnostic, ...]]:
    """The files there are, in the order of their names, then those submitted, by their full names; and what is wrong
    with them before any of them is run."""
    found: list[Written] = []
    wrong: list[Diagnostic] = []
    place = folder / PROVIDERS
    for path in sorted(place.glob("*.py")) if place.is_dir() else ():
        if path.name.startswith((".", "_")):
            continue
        source, unread = load(path)
        name = path.stem.replace("_", "-")
        if unread:
            wrong += unread
        elif not _NAME.fullmatch(path.stem):
            message = f"`{path.name}` is no name for a provider"
            help = "call the file by small letters, digits and `_`"
            wrong.append(codes.BAD_CODE.at(source.span(0, 0), message, help=help))
        else:
            found.append(_written(source, name))
    for full, text in submitted.items():
        if full.endswith(".py"):
            found.append(_written(Source(full, text), _submitted_name(full)))
    seen: set[str] = set()
    for one in found:
        if one.name in seen or len(seen) >= MOST:
            why = (
                f"another provider is called `{one.name}`"
                if one.name in seen
                else f"there are more than {MOST}"
            )
            wrong.append(codes.BAD_CODE.at(one.source.span(0, 0), why))
        seen.add(one.name)
    return tuple(found), tuple(wrong)


def _written(source: Source, name: str) -> Written:
    digest = sha256(source.text.encode("utf-8", "surrogatepass")).hexdigest()
    return Written(source, name, digest, owner_in(source.text))


def _submitted_name(full: str) -> str:
    """The name of a submitted file: its level and its own, in the letters that names of providers have. Where those do
    not tell it from others, some of its SHA-256 does."""
    plain = "-".join(full.removesuffix(".py").split("/")[1:])
    name = re.sub("[^a-z0-9]+", "-", plain.lower()).strip("-")[:50]
    return name if name == plain else f"{name}-{sha256(full.encode()).hexdigest()[:8]}"


def digests(states: Sequence[object]) -> tuple[str, ...]:
    """Digests that tell one set of them from another."""
    return tuple(f"{one.name}\0{one.digest}" for one in states if isinstance(one, Written | PythonFile))


def checked(
    written: Sequence[Written], before: Sequence[object] = (), *, weaker: bool = False
) -> tuple[tuple[PythonFile, ...], tuple[Diagnostic, ...]]:
    """Start each of them, or keep the one of before where it is the same. Where one is not taken, says why and leaves
    nothing new running. Blocks. Raises NoSandbox where this machine cannot run them."""
    known: Mapping[str, PythonFile] = {
        f"{one.name}\0{one.digest}": one for one in before if isinstance(one, PythonFile)
    }
    made: list[PythonFile] = []
    wrong: list[Diagnostic] = []
    for one in written:
        same = known.get(f"{one.name}\0{one.digest}")
        if same is not None:
            made.append(same)
            continue
        new = PythonFile(one, weaker=weaker)
        made.append(new)
        try:
            new.code.check()
        except CodeFailed as error:
            wrong.append(not_taken(one.source, error.fault))
        except NoSandbox:
            let_go(made, before)
            raise
    if wrong:
        let_go(made, before)
        return (), tuple(wrong)
    return tuple(made), ()


def taken(states: Sequence[object]) -> None:
    """From here on they belong to a state that was taken."""
    for one in states:
        if isinstance(one, PythonFile):
            one.taken = True


def let_go(states: Sequence[object], kept: Sequence[object] = ()) -> None:
    """End those that are not kept. Blocks."""
    for one in states:
        if isinstance(one, PythonFile) and not any(one is other for other in kept):
            one.code.stop()


def not_taken(source: Source, fault: Fault) -> Diagnostic:
    """What a fault says of its file, at its line."""
    said = tuple(_printed(fault.said))
    return codes.BAD_CODE.at(_line(source, fault.line), fault.message, notes=said)


def _printed(said: str) -> Iterator[str]:
    lines = said.strip().splitlines()
    if lines:
        yield f"it printed: {lines[-1][:200]}"


def _line(source: Source, line: int | None) -> Span:
    """A line of a file without its blanks; the beginning of the file where the line is not known."""
    if line is None or not 0 < line <= len(source.line_starts):
        return source.span(0, 0)
    start = source.line_starts[line - 1]
    text = source.text[start:].partition("\n")[0].rstrip()
    return source.span(start + len(text) - len(text.lstrip()), start + len(text))


def _file(written: Written) -> str:
    """What a file is called to itself and in the audit: not where it is on this machine."""
    name = written.source.name.replace("\\", "/")
    return name if name.startswith(f"{SUBMITTED}/") else f"{PROVIDERS}/{name.rpartition('/')[2]}"
