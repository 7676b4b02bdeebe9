"""The first process of a sandbox: it leaves the machine's namespaces, starts what runs the code, and watches it.

Run as `python -I -S -c "…"` with its folder as argument, so that nothing of the environment decides what is imported.
Open are 2, for last words, and three pipes: for requests, for replies, and the line of life, whose other end whoever
started this holds. A byte on it asks where the code is; when it breaks, all of this ends, however the other side ended.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from atamo_rules.sandbox.inside import kernel, landlock, namespaces, rights, root, seccomp, serve


def main(told: str) -> None:
    """Be a sandbox. `told` is JSON: the limits `memory`, `processor` and `answer`; `shown`, the folders that may be
    read; and `requests`, `replies` and `life`, the numbers of the pipes."""
    wanted = json.loads(told)
    requests, replies, life = wanted["requests"], wanted["replies"], wanted["life"]
    shown = tuple(wanted["shown"])
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # where memory ends, this goes before anything else
    serve.fetch()
    walls: dict[str, str] = {}
    _built(walls, namespaces.enter, "identity", "processes", "network")
    if walls["identity"]:
        walls["files"] = walls["identity"]
    else:
        _built(walls, lambda: root.enter(shown), "files")
    child = os.fork()
    if child:
        _watch(child, life, (0, 1, 2, requests, replies))
    os.close(life)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    os.chdir("/")
    _built(walls, rights.drop, "identity")
    _built(walls, lambda: rights.limit(wanted["memory"], wanted["processor"]), "limits")
    _built(walls, rights.hide, "identity")
    _built(walls, lambda: landlock.restrict(shown), "landlock")
    serve.prepare(shown)
    _built(walls, seccomp.restrict, "calls")
    serve.serve(requests, replies, walls, wanted["answer"])
    os._exit(0)


def _built(walls: dict[str, str], build: Callable[[], None], *names: str) -> None:
    """Put up a wall, and keep why it does not stand, where it does not."""
    try:
        build()
        why = ""
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    for name in names:
        walls[name] = walls.get(name, "") or why


def _watch(child: int, life: int, others: Sequence[int]) -> None:
    """Wait until the code ends or nobody wants it any more; never comes back. The exit code tells how it ended."""
    for file in others:
        os.close(file)  # else their other ends would not see that the code has ended
    # It keeps what rights it has in its own namespaces: it must be able to end the other at every moment.
    ended = os.pidfd_open(child)
    poll = select.poll()
    poll.register(life, select.POLLIN)
    poll.register(ended, select.POLLIN)
    while True:
        ready = dict(poll.poll())
        if ended in ready:
            break
        if not os.read(life, 64):
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(ended, signal.SIGKILL)
            break
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(ended, serve.WHERE)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


def first() -> None:
    """What the command line calls: the last thing that is read before the walls stand is this package."""
    folder, told = sys.argv[1:]
    sys.path.remove(folder)
    sys.path_importer_cache.clear()
    main(told)
