"""Which walls stand around code of users, as the kernel of this machine lets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

WALLS: Mapping[str, str] = {
    "identity": "a user of its own without any right, that can gain none (user namespace, no_new_privs)",
    "files": "a root of its own that holds Python's library, read-only, and nothing else (mount namespace)",
    "landlock": "no file, port, socket or process beyond it, a second time (Landlock)",
    "processes": "no other process to be seen or signalled (pid namespace)",
    "network": "no network, no memory shared with others, no name of the machine (net, ipc and uts namespaces)",
    "calls": "no call of the kernel but those that computing needs (seccomp)",
    "limits": "bounds of memory, processor, files and processes (rlimits)",
}
"""Each wall and what it holds."""
SECOND = frozenset({"landlock"})
"""What holds again what another wall holds: a machine without it is not refused."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What stands around one process: for every wall an empty text, or why it does not stand."""

    walls: Mapping[str, str]

    @property
    def missing(self) -> tuple[str, ...]:
        """Walls that are wanted and do not stand."""
        return tuple(
            name for name in WALLS if name not in SECOND and self.walls.get(name, "it was not built")
        )

    @property
    def whole(self) -> bool:
        return not self.missing

    def __str__(self) -> str:
        return "\n".join(
            f"{name}: {f'missing ({why})' if (why := self.walls.get(name, 'not built')) else what}"
            for name, what in WALLS.items()
        )

    def refusal(self) -> str:
        """Why code is not run here, and what can be done about it."""
        why = "; ".join(f"{name}: {self.walls.get(name) or 'it was not built'}" for name in self.missing)
        return (
            f"this machine cannot put up every wall around code of users ({why}). "
            "Let the kernel give them, or allow weaker walls where everybody who submits code is trusted"
        )
