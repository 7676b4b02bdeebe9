"""`python -m tests.benchmarks [NAME…]`: run all benchmarks, or those named, and print a table for each."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from typing import Protocol

from tests.benchmarks import (
    audited,
    calls,
    changing,
    clustered,
    compile,
    dead,
    decide,
    door,
    failover,
    from_json,
    guards,
    hub,
    match,
    memory,
    near,
    peer_crashes,
    peers,
    post,
    reload,
    render,
    sandbox,
    shapes,
    sigma,
    spreading,
    verify,
    version,
    windows,
    windows_hub,
)
from tests.benchmarks.table import Table


class Benchmark(Protocol):
    """Measures, and gives a table. `small` is for trying whether it runs at all."""

    def __call__(self, *, small: bool) -> Table: ...


BENCHMARKS: dict[str, Benchmark] = {
    "version": version.run,
    "verify": verify.run,
    "stages": verify.stages,
    "compile": compile.run,
    "reload": reload.run,
    "decide": decide.run,
    "render": render.run,
    "windows": windows.run,
    "shapes": shapes.run,
    "door": door.run,
    "hub": hub.run,
    "hub-windows": windows_hub.run,
    "audit": audited.run,
    "memory": memory.run,
    "post": post.run,
    "peers": peers.run,
    "peers-killed": peer_crashes.run,
    "calls": calls.run,
    "dead": dead.run,
    "sandbox": sandbox.run,
    "sigma": sigma.run,
    "match": match.run,
    "match-making": match.making,
    "match-crowded": match.crowded,
    "match-changing": changing.run,
    "match-near": near.run,
    "match-json": from_json.run,
    "match-guards": guards.run,
    "match-peers": match.peers,
    "nats": clustered.run,
    "nats-failover": failover.run,
    "nats-rules": spreading.run,
}


def main(names: list[str], say: Callable[[str], object] = print) -> int:
    """Run benchmarks by name; 2 when there is no such one."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        say(f"There is no benchmark `{unknown[0]}`; there are {', '.join(BENCHMARKS)}.")
        return 2
    say(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()} {platform.system()}"
    )
    for name in names or BENCHMARKS:
        say(f"\n{BENCHMARKS[name](small=False)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
