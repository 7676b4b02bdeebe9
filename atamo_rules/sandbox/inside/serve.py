"""The loop of a sandbox behind its walls: a line of JSON is asked, a line of JSON is answered.

The first line out says which walls stand. The first line in is the code, and every further one an event. Who reads
the answers trusts nothing in them: code that is here can write into every pipe that is here.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from atamo_rules.model.strict_json import decode, encode
from atamo_rules.sandbox.inside.loading import Loaded, NotTaken, load, reason
from atamo_rules.sandbox.inside.printing import Printed

WHERE = signal.SIGUSR1
"""Asks where the code is: the traceback is written to standard error, in the midst of any call that holds still."""


FIRST = ("zlib",)
"""Modules that rest on a library of the machine, which cannot be loaded behind the walls, and that others rest on."""


def fetch() -> None:
    """Load what is loaded while the whole machine is still there."""
    for name in FIRST:
        with suppress(ImportError):
            import_module(name)


def prepare(shown: Sequence[str]) -> None:
    """What must be done while all calls are still allowed: folders of the library that stay readable are the way to
    modules from here on."""
    sys.path[:] = [one for one in sys.path if one.startswith(tuple(shown))]
    sys.dont_write_bytecode = True
    faulthandler.enable(2, all_threads=False)
    faulthandler.register(WHERE, file=2, all_threads=False)
    os.environ.clear()


def serve(requests: int, replies: int, walls: Mapping[str, str], most: int) -> None:
    """Answer until there are no more requests, in no more than so many bytes."""
    printed = Printed()
    sys.stdin, sys.stdout, sys.stderr = None, printed, printed
    _say(replies, encode({"walls": walls}))
    lines = open(requests, "rb", buffering=1 << 16, closefd=False)  # noqa: SIM115
    asked: Any = decode(lines.readline())
    try:
        loaded = load(asked["name"], asked["source"])
    except NotTaken as error:
        _say(replies, encode({"id": asked["id"], "fault": error.fault, "said": printed.taken()}))
        return
    _say(replies, encode({"id": asked["id"], "said": printed.taken()}))
    for line in lines:
        asked = decode(line)
        answer = _answer(loaded, asked["event"], most)
        about = {"id": asked["id"], "said": printed.taken(), "processor": time.process_time()}
        _say(replies, f"{encode(about)[:-1]},{answer[1:]}")
        del asked, answer


def _answer(loaded: Loaded, event: Any, most: int) -> str:
    """An object of JSON with the value, or the fault."""
    try:
        given = loaded.evaluate(event)
    except BaseException as error:  # somebody's code
        return encode({"fault": reason(error, loaded.name, "raised")})
    if given is None:
        given = []  # nothing to do
    try:
        if not isinstance(given, list | tuple):
            raise TypeError(f"`evaluate` gave {type(given).__name__}, and is to give a list of actions")
        value = encode(given)
        if len(value.encode()) > most:
            raise ValueError(f"the answer is longer than {most} bytes")
    except BaseException as error:  # somebody's objects
        return encode({"fault": reason(error, loaded.name, "answer")})
    return f'{{"value":{value}}}'


def _say(replies: int, line: str) -> None:
    data = memoryview(line.encode("utf-8", "replace") + b"\n")
    while data:
        data = data[os.write(replies, data) :]
