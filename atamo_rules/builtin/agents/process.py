"""An agent that runs a program: a list of arguments and no shell, a clean environment, limits, and a deadline.

What comes from an event reaches the program as arguments behind `--`, or as JSON on its standard input, and never as
an option, a variable or text that a shell reads (OWASP, OS Command Injection Defense). The program is the leader of a
process group of its own, and at the end of an attempt the whole group is killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, ClassVar

from atamo_rules.functions.printing import printed
from atamo_rules.hub.agents.code import FORMAT
from atamo_rules.hub.agents.reading import EVERY, Reads
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.strict_json import JsonRefused, decode, encode
from atamo_rules.model.types import Json

MIB = 1 << 20
GRACE = 5.0
"""Seconds beyond its own deadline that the hub is told an attempt may take."""
SHOWN = 300
"""Characters of standard error that a reason quotes."""

_LIMITED = """
import os, resource, sys
limits, program, *arguments = __import__("json").loads(sys.argv[1])
for name, most in limits.items():
    which = getattr(resource, name, None)
    if which is not None:
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))
try:
    os.execve(program, [program, *arguments], dict(os.environ))
except OSError as error:
    sys.stderr.write(f"{program} cannot be run: {error.strerror}")
    os._exit(127)
"""
"""Limits itself and becomes the program: between fork and exec of a process with threads no Python may run."""


class ProcessAgent:
    """Settings: `program`, its path; `arguments` before the values; `values`, the parameters that are given as
    arguments behind `--`, in this order; `input` (`json`, the default, is all arguments of the action on standard
    input, or `none`); `answer` (`json`, `text`, or `none`, the default); `environment`; `timeout` in seconds (30);
    `memory` in MiB (512); `cpu` in seconds (60); `output` in KiB (256); `again`, exit codes that may work later (75,
    EX_TEMPFAIL of sysexits); `concurrency` (4).

    An exit code of 0 is done. The program runs in the project's folder and sees of the hub's environment nothing but
    PATH, LANG and its own settings.
    """

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "program": {
                "type": "string",
                "format": FORMAT,
                "pattern": "^/",
                "description": "its whole path, such as `/usr/bin/find`",
            },
            "arguments": {"type": "array", "items": {"type": "string"}},
            "values": {"type": "array", "items": {"type": "string"}},
            "input": {"enum": ["json", "none"]},
            "answer": {"enum": ["json", "text", "none"]},
            "environment": {"type": "object", "additionalProperties": {"type": "string"}},
            "timeout": {"type": "number", "exclusiveMinimum": 0, "maximum": 3600},
            "memory": {"type": "integer", "minimum": 16, "maximum": 1_048_576},
            "cpu": {"type": "integer", "minimum": 1, "maximum": 86_400},
            "output": {"type": "integer", "minimum": 1, "maximum": 65_536},
            "again": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 255}},
            "concurrency": {"type": "integer", "minimum": 1, "maximum": 64},
        },
        "required": ["program"],
        "additionalProperties": False,
    }

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        if os.name != "posix":
            raise ValueError("`process` needs a POSIX system")
        self.program = settings["program"]
        if why := _not_run(self.program):
            raise ValueError(f"`{self.program}` is no program that may be run: {why}")
        self.arguments = tuple(settings.get("arguments", ()))
        self.values = tuple(settings.get("values", ()))
        for text in (*self.arguments, *settings.get("environment", {}).values()):
            if "\0" in text:
                raise ValueError("neither arguments nor variables may hold a NUL")
        self.takes = {EVERY: Reads(frozenset(self.values))}
        self.input = settings.get("input", "json")
        self.answer = settings.get("answer", "none")
        self.answers = self.answer != "none"
        self.deadline = float(settings.get("timeout", 30))
        self.timeout = self.deadline + GRACE
        self.concurrency = int(settings.get("concurrency", 4))
        self.most = int(settings.get("output", 256)) * 1024
        self.again = frozenset(settings.get("again", (75,)))
        self.limits = {
            "RLIMIT_AS": int(settings.get("memory", 512)) * MIB,
            "RLIMIT_CPU": int(settings.get("cpu", 60)),
            "RLIMIT_CORE": 0,
        }
        kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        self.environment = {"PATH": os.defpath, **kept, **settings.get("environment", {})}
        self.folder = str(Path(folder).resolve())

    async def health(self) -> str:
        """Whether the program is still there."""
        return "" if os.access(self.program, os.X_OK) else f"`{self.program}` cannot be run"

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        body = action.body if isinstance(action.body, dict) else {}
        try:
            values = [_text(name, body.get(name)) for name in self.values]
        except ValueError as error:
            return Failed(str(error), "argument")
        argv = [*self.arguments, *(("--", *values) if self.values else ())]
        with tempfile.TemporaryFile() as given:
            if self.input == "json":
                given.write(encode(action.body).encode())
                given.seek(0)
            try:
                return await self._run(argv, given, {"ATAMO_ACTION_ID": action.id})
            except OSError as error:
                return Again(f"`{self.program}` cannot be started: {error.strerror}", error="start")

    async def _run(self, argv: list[str], given: IO[bytes], more: Mapping[str, str]) -> Outcome:
        out, err = _Pipe(self.most), _Pipe(self.most)
        limited = json.dumps([self.limits, self.program, *argv])
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-S", "-c", _LIMITED, limited,
                stdin=given, stdout=out.writes, stderr=err.writes, cwd=self.folder,
                env={**self.environment, **more}, start_new_session=True, close_fds=True,
            )  # fmt: skip
        except BaseException:
            out.close()
            err.close()
            raise
        try:
            await out.begin()
            await err.begin()
            ended = asyncio.ensure_future(process.wait())
            flooded = [asyncio.ensure_future(pipe.full.wait()) for pipe in (out, err)]
            try:
                await asyncio.wait(
                    {ended, *flooded}, timeout=self.deadline, return_when=asyncio.FIRST_COMPLETED
                )
                code = process.returncode
            finally:
                for one in (ended, *flooded):
                    one.cancel()
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            await out.end()
            await err.end()
        if out.full.is_set() or err.full.is_set():
            return Failed(f"it wrote more than {self.most // 1024} KiB", "output")
        if code is None:
            return Again(f"it did not end within {self.deadline:g} seconds, and was killed", error="timeout")
        return self._outcome(code, bytes(out.data), bytes(err.data))

    def _outcome(self, code: int, out: bytes, err: bytes) -> Outcome:
        if code != 0:
            said = " ".join(err.decode("utf-8", "replace").split())[:SHOWN]
            how = f"exit code {code}" if code > 0 else f"signal {signal.Signals(-code).name}"
            why = f"it ended with {how}{f': {said}' if said else ''}"
            return Again(why, error=how) if code in self.again else Failed(why, how)
        if self.answer == "none":
            return Done({})
        if self.answer == "text":
            return Done({"text": out.decode("utf-8", "replace")})
        try:
            return Done(decode(out))
        except JsonRefused as error:
            return Failed(f"its answer is no JSON: {error}", "answer")

    async def close(self) -> None:
        return None


class _Pipe:
    """What a program writes, read until there is too much of it."""

    def __init__(self, most: int) -> None:
        self.reads, self.writes = os.pipe()
        self.most = most
        self.data = bytearray()
        self.full = asyncio.Event()
        self.over = asyncio.Event()

    async def begin(self) -> None:
        os.close(self.writes)
        self.writes = -1
        os.set_blocking(self.reads, False)
        asyncio.get_running_loop().add_reader(self.reads, self._read)

    def _read(self) -> None:
        try:
            piece = os.read(self.reads, 65536)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        room = self.most - len(self.data)
        self.data += piece[:room]
        if len(piece) > room:
            self.full.set()
        if not piece or self.full.is_set():
            self.over.set()
            asyncio.get_running_loop().remove_reader(self.reads)

    async def end(self) -> None:
        """Take what is still in the pipe; a process that left the group may hold it open, and is not waited for."""
        if self.writes < 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), 0.5)
            asyncio.get_running_loop().remove_reader(self.reads)
        self.close()

    def close(self) -> None:
        for one in (self.reads, self.writes):
            if one >= 0:
                os.close(one)
        self.reads = self.writes = -1


def _not_run(program: str) -> str:
    """Why a program cannot be run; empty where it can."""
    path = Path(program)
    if not path.exists():
        return "there is no such file"
    if path.is_dir():
        return "it is a folder"
    return "" if os.access(path, os.X_OK) else "whoever runs the hub may not execute it (`chmod +x`)"


def _text(name: str, value: Json) -> str:
    """A value as an argument. Raises ValueError with a sentence."""
    if value is None or isinstance(value, dict | list):
        raise ValueError(f"`{name}` is no plain value, and cannot be an argument")
    text = printed(value)
    if "\0" in text:
        raise ValueError(f"`{name}` holds a NUL, which no argument can")
    return text
