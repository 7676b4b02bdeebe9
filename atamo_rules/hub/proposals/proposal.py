"""A proposal: some rule files of one owner as somebody wants them to be, and what was found of it.

It never changes; what became of it stands beside it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, get_args

from atamo_rules.model.authority import Resource
from atamo_rules.model.people import Directory, User, Who
from atamo_rules.model.strict_json import encode_sorted
from atamo_rules.model.types import Json
from atamo_rules.source.span import space_named

State: TypeAlias = Literal["open", "refused", "applied", "rejected", "withdrawn", "rolled back"]
STATES: tuple[State, ...] = get_args(State)
HUB = "hub"
"""The level above all owners: rules for everybody's events."""
FOLDER = "submitted"
"""Where submitted files stand among the sources, in the names that findings show."""
MOST_FILES, MOST_TEXT = 50, 256 << 10
CODE = ".py"
"""What the name of a file of code ends with; all others are rule files."""
MOST_CODE = 4
"""Files of code in one proposal: each is loaded and tried, in its sandbox, while its author waits."""
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.(atamo|yaml|yml|rules\.csv|py)")
_SPACE = re.compile(rf"{FOLDER}/@([^/]+)/")
_LEVEL = re.compile(r"(user|group|organisation) (\S.{0,199})")

Files: TypeAlias = Mapping[str, str | None]
"""Texts by their full names, `submitted/user-ann/mine.atamo`, and below `submitted/@acme/` those whose names are an
organisation's own; None for one that is to go."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`files` are new texts by name, None for a file that is to go; `before` those they stand in for. `base` is the
    digest of the rules it was checked against, `digest` that of the rules it makes, "" when it makes none. `tenant` is
    the organisation whose people may see it: its author's, or that of its level where the author is of none. `decided`
    is who decided, and `why` their words; `made_by` are all others who may have sent it, since they made the key that
    it came with. `sender` is the author among all organisations; "" in those kept before that was, whose `tenant`
    is the author's."""

    id: str
    level: str
    tenant: str
    author: str
    at: str
    files: Files = field(hash=False)
    before: Files = field(hash=False)
    base: str
    digest: str
    about: str
    report: Mapping[str, Json] = field(hash=False)
    state: State = "open"
    decided: str = ""
    why: str = ""
    made_by: tuple[str, ...] = ()
    sender: str = ""

    def document(self) -> dict[str, Json]:
        """It as JSON."""
        return {
            "id": self.id, "level": self.level, "tenant": self.tenant, "author": self.author, "at": self.at,
            "files": dict(self.files), "before": dict(self.before), "base": self.base, "digest": self.digest,
            "about": self.about, "report": dict(self.report), "state": self.state, "decided": self.decided,
            "why": self.why, "made_by": list(self.made_by), "sender": self.sender,
        }  # fmt: skip

    @property
    def persons(self) -> frozenset[str]:
        """Everybody who may have sent it, by full name."""
        return frozenset((self._sender, *self.made_by)) - {""}

    @property
    def _sender(self) -> str:
        return self.sender or User(self.author, organisation=self.tenant).full

    def is_by(self, user: User) -> bool:
        """Whether a user is its author: users of other organisations may have the same name."""
        return user.name == self.author and user.full == self._sender

    @property
    def brings_code(self) -> bool:
        """Whether code would run by it that did not before."""
        return any(name.endswith(CODE) and text is not None for name, text in self.files.items())

    def become(self, state: State, who: str, why: str = "") -> Proposal:
        """The same, decided."""
        return replace(self, state=state, decided=who, why=why)


def from_document(value: Any) -> Proposal:
    """A proposal that `document` wrote."""
    return Proposal(**{**value, "made_by": tuple(value.get("made_by", ()))})


def name_of(level: str, files: Mapping[str, str | None], author: str, at: str) -> str:
    """The id of a proposal: made of all that it is, so that none can be changed and keep its id."""
    whole = encode_sorted([level, dict(files), author, at])
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def level_of(text: str) -> Who | None:
    """Whose rules a level means; None is the hub's. Raises ValueError, a sentence."""
    if text == HUB:
        return None
    found = _LEVEL.fullmatch(text)
    if found is None:
        raise ValueError("`level` is `user NAME`, `group NAME`, `organisation NAME` or `hub`")
    return Who(found[1], found[2])


def resource_of(level: Who | None, people: Directory) -> Resource:
    """What somebody must have authority over to change the rules of a level. A user or group that the people files do
    not place in one organisation alone belongs to none: their events may be anybody's."""
    if level is None:
        return Resource("rules")
    if level.kind == "user":
        user = people.users.get(level.name)
        if user is None:
            return Resource("rules", "", level.name)
        return Resource("rules", user.organisation, user.name, user.groups)
    if level.kind == "group":
        return Resource("rules", people.home(level.name), groups=frozenset((level.name,)))
    return Resource("rules", level.name)


def full_names(
    level: Who | None, files: Mapping[str, str | None], organisation: str = ""
) -> dict[str, str | None]:
    """The files under the names they are known by; `organisation` is that of the level. Raises ValueError, a
    sentence."""
    if not files or len(files) > MOST_FILES:
        raise ValueError(f"a proposal has 1 to {MOST_FILES} files")
    if sum(name.endswith(CODE) for name in files) > MOST_CODE:
        raise ValueError(f"a proposal has at most {MOST_CODE} files of code")
    if sum(len(text or "") for text in files.values()) > MOST_TEXT:
        raise ValueError(f"the files of a proposal have at most {MOST_TEXT >> 10} KiB together")
    made: dict[str, str | None] = {}
    for name, text in files.items():
        if not _FILE.fullmatch(name) or ".." in name:
            raise ValueError(
                f"`{name[:100]}` is no name of a rule file or of code, such as `alerts.atamo` or `alerts.py`"
            )
        made[_full(name, level, organisation)] = text
    return made


def _full(name: str, level: Who | None, organisation: str) -> str:
    # Code has one name for each level, and is nothing that rules name.
    return f"{place_of(level, '' if name.endswith(CODE) else organisation)}/{name}"


def stands(full: str, level: Who | None, organisation: str) -> bool:
    """Whether a file is where those of its level would be submitted to now."""
    return full == _full(full.rpartition("/")[2], level, organisation)


def place_of(level: Who | None, organisation: str = "") -> str:
    """Where the submitted files of a level stand: those of an organisation's levels apart, as their names are its
    own."""
    if level is None:
        return f"{FOLDER}/{HUB}"
    home = f"{FOLDER}/@{space_named(organisation)}" if organisation else FOLDER
    return f"{home}/{level.kind}-{_safe(level.name)}"


def space_of(full: str) -> str:
    """Whose names a submitted file declares, as they stand before them; empty for the hub's."""
    found = _SPACE.match(full)
    return found[1] if found else ""


def moved(level: Who | None, known: Mapping[str, str], organisation: str) -> dict[str, str | None]:
    """The rule files of a level that stand where it had them before: when its user was in another organisation, or when
    names were all the hub's. They move together, as they use one another's names."""
    place = place_of(level, organisation)
    found: dict[str, str | None] = {}
    for name, text in known.items():
        home, _, file = name.rpartition("/")
        same = home.rpartition("/")[2] == place.rpartition("/")[2]
        if same and home != place and not name.endswith(CODE):
            found |= {name: None, f"{place}/{file}": text}
    return found


def known_to(level: Who | None, files: Mapping[str, str], people: Directory) -> dict[str, str]:
    """The submitted files whose names those of a level may use: the hub's, its own, and those of the organisation that
    it belongs to. What others have declared is nothing to it: not even that it is there."""
    if level is None:
        return dict(files)
    tenant = resource_of(level, people).tenant
    levels = [None, level, *([Who("organisation", tenant)] if tenant else [])]
    places = tuple(f"{place_of(one, home)}/" for one in levels for home in {"", tenant})
    return {name: text for name, text in files.items() if name.startswith(places)}


def _safe(name: str) -> str:
    """A name as one step of a path: what could mean anything else there is written out."""
    return "".join(c if (c.isalnum() and c.isascii()) or c in "_-" else f"%{ord(c):x}" for c in name)
