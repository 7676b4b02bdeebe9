"""The keys that tokens are sealed with: lines of `ID:KEY`, out of a file, a variable or a command.

The first seals; the others only open what was sealed before them. A key is 32 random bytes in base64 for addresses.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shlex
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes, token_hex

BYTES = 32
PATIENCE = 20.0
"""Seconds that a command is given to say its keys."""
_ID = re.compile(r"[a-z0-9]{1,32}")


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys by their ids; `first` is the one that seals."""

    first: str
    all: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where keys are read from, again at every rotation: `PATH`, `env:NAME` or `command:WORDS`."""

    place: str

    def read(self) -> Keys:
        """The keys there are now. Raises ValueError, a sentence that tells none of them."""
        kind, colon, rest = self.place.partition(":")
        if colon and kind == "env":
            text = os.environ.get(rest, "")
            if not text:
                raise ValueError(f"the variable `{rest}` is not set")
            # An agent that starts a program hands on this environment.
            return read_keys(text.replace(",", "\n"), f"the variable `{rest}`")
        if colon and kind == "command":
            return read_keys(_said(rest), f"what `{shlex.split(rest)[0]}` says")
        return read_keys(_written(Path(self.place)), f"`{self.place}`")


def read_keys(text: str, where: str) -> Keys:
    """Keys of a text. Raises ValueError, a sentence that tells none of them."""
    found: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        id, colon, key = line.partition(":")
        try:
            raw = base64.b64decode(key.strip() + "=" * (-len(key.strip()) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if not colon or not _ID.fullmatch(id) or len(raw) != BYTES:
            raise ValueError(f"{where}, line {number}: no key; `atamo secret keygen FILE` makes one")
        if id in found:
            raise ValueError(f"{where}, line {number}: the key `{id}` stands twice")
        found[id] = raw
    if not found:
        raise ValueError(f"{where} holds no key; `atamo secret keygen FILE` makes one")
    return Keys(next(iter(found)), found)


def new_key() -> str:
    """A line with a new key."""
    return f"{token_hex(4)}:{base64.urlsafe_b64encode(token_bytes(BYTES)).decode().rstrip('=')}"


def _written(path: Path) -> str:
    """The text of a key file that nobody else may read."""
    try:
        with open(path, encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise ValueError(f"`{path}` is not a file")
            if os.name == "posix" and mode & 0o077:
                raise ValueError(
                    f"`{path}` can be read by others ({stat.S_IMODE(mode):04o}): `chmod 600 {path}`"
                )
            return file.read(1 << 20)
    except FileNotFoundError:
        raise ValueError(f"`{path}` does not exist; `atamo secret keygen {path}` makes it") from None
    except UnicodeDecodeError:
        raise ValueError(f"`{path}` holds no keys") from None
    except OSError as error:
        raise ValueError(f"`{path}` cannot be read: {error.strerror}") from None


def _said(command: str) -> str:
    """What a command says, started without a shell."""
    try:
        words = shlex.split(command)
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
        )
    except (ValueError, IndexError):
        raise ValueError("`command:` needs a program and its words") from None
    except subprocess.TimeoutExpired:
        raise ValueError(f"`{words[0]}` said nothing within {PATIENCE:g} seconds") from None
    except OSError as error:
        raise ValueError(f"`{words[0]}` cannot be started: {error.strerror}") from None
    if done.returncode:
        raise ValueError(f"`{words[0]}` ended with {done.returncode}")
    return done.stdout.decode("utf-8", "replace")
