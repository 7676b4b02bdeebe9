"""Many rule files read at once, on all cores: parsing is most of what a first check of many rules takes."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection

from atamo_rules.compiler.pipeline import Cache
from atamo_rules.source.span import Source
from atamo_rules.syntax.read import read

MANY = 100_000
"""Characters that are worth another process."""
MOST = 8
"""Processes, however many cores there are."""


def read_ahead(sources: Sequence[Source], cache: Cache) -> None:
    """Put the trees of files that are new or changed into the cache, read by as many processes as there are cores.

    Does nothing where that would not pay or not be safe: few files, one core, other threads, no `fork`. What a
    process does not bring back is left for the compiler to read.
    """
    new = [one for one in sources if one.name not in cache.trees or cache.trees[one.name][0] != one.text]
    count = min(MOST, _cores(), sum(len(one.text) for one in new) // MANY + 1, len(new))
    if count < 2 or sys.platform != "linux" or threading.active_count() > 1:
        return
    lots = _lots(new, count)
    _warm(lots[0])
    context = multiprocessing.get_context("fork")
    helpers = []
    for lot in lots[1:]:
        receiver, sender = context.Pipe(duplex=False)
        helper = context.Process(target=_bring, args=(lot, sender), daemon=True)
        helper.start()
        sender.close()
        helpers.append((helper, receiver))
    for source in lots[0]:
        cache.trees[source.name] = (source.text, *read(source))
    for helper, receiver in helpers:
        try:
            for name, text, file, found in pickle.loads(receiver.recv_bytes()):
                cache.trees[name] = (text, file, found)
        except (EOFError, OSError):
            pass  # it was killed
        helper.join()


def _lots(sources: Sequence[Source], count: int) -> list[list[Source]]:
    """The files in so many lots of about the same length (longest first, each to the shortest lot)."""
    lots: list[list[Source]] = [[] for _ in range(count)]
    lengths = [0] * count
    for source in sorted(sources, key=lambda one: len(one.text), reverse=True):
        least = lengths.index(min(lengths))
        lots[least].append(source)
        lengths[least] += len(source.text)
    return lots


def _warm(lot: Sequence[Source]) -> None:
    """Build the parser before there are processes that would each build their own."""
    if any(one.name.endswith(".atamo") for one in lot):
        from atamo_rules.syntax.clause import parser

        parser()


def _bring(lot: Sequence[Source], sender: Connection) -> None:
    sender.send_bytes(pickle.dumps([(one.name, one.text, *read(one)) for one in lot], 5))
    sender.close()


def _cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
