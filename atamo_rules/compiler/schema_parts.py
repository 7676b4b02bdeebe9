"""Taking one schema out of a document that holds many: the part itself and all it refers to, in one piece.

References may be JSON pointers into the document, `$anchor`s, or the `$id`s of other parts (JSON Schema Core 2020-12,
sections 8.2 and 9.3; draft-07, section 8). Every part that is referred to becomes a definition of the result, and
references are written anew to point there; a part that refers to itself, directly or through others, stays as it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urldefrag, urljoin

from atamo_rules.model.types import Json

DEEPEST = 120
"""Levels a schema may be nested; what JSON itself may be nested is bounded before."""
MOST = 200_000
"""Schemas that one part may bring along."""

_ONE = ("additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not",
        "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties")  # fmt: skip
_LISTS = ("allOf", "anyOf", "items", "oneOf", "prefixItems")
_MAPS = ("$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties")
_HOMES = ("$defs", "definitions")
_LEFT_OUT = {*_HOMES, "$id", "$anchor", "$schema"}


class BundleRefused(ValueError):
    """A document that no event types can be made of; the message says where and why, `help` what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        self.help = help
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a schema stands in its document: the steps that lead there, and the base URI its references count from."""

    steps: tuple[str, ...]
    base: str

    @property
    def pointer(self) -> str:
        """The place as the fragment of a reference, `#/definitions/x`."""
        return "#" + "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in self.steps)


@dataclass(slots=True)
class Document:
    """A schema document with every named place in it, by absolute URI. Made once, then only read."""

    root: dict[str, Json]
    dialect: str
    places: dict[str, Place] = field(default_factory=dict)
    bases: dict[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def old(self) -> bool:
        """Whether the document is written in draft-07."""
        return "draft-07" in self.dialect

    def at(self, steps: tuple[str, ...]) -> Json:
        """The value at some steps. Raises KeyError."""
        found: Json = self.root
        for step in steps:
            if isinstance(found, dict) and step in found:
                found = found[step]
            elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
                found = found[int(step)]
            else:
                raise KeyError(step)
        return found

    def base_of(self, steps: tuple[str, ...]) -> str:
        """The base URI that holds at some steps: the nearest `$id` on the way there."""
        while steps and steps not in self.bases:
            steps = steps[:-1]
        return self.bases.get(steps, "")

    def place(self, reference: str, base: str, where: Place) -> Place:
        """Where a reference leads. Raises BundleRefused when it leads nowhere in this document."""
        try:
            address, fragment = _address(base, reference)
        except ValueError:
            raise _dangling(reference, where, "it is no address") from None
        if fragment and not fragment.startswith("/"):
            named = self.places.get(f"{address}#{fragment}")
            if named is None:
                raise _dangling(reference, where, "there is no such anchor")
            return named
        home = self.places.get(address)
        if home is None:
            raise _dangling(reference, where, "it leads out of this document, and nothing is ever fetched")
        parts = (part.replace("~1", "/").replace("~0", "~") for part in fragment.split("/")[1:])
        steps = (*home.steps, *parts)
        try:
            found = self.at(steps)
        except KeyError as missing:
            raise _dangling(reference, where, f"there is no {missing.args[0]!r} there") from None
        if not isinstance(found, dict | bool):
            raise _dangling(reference, where, "what stands there is no schema")
        return Place(steps, self.base_of(steps))


def _dangling(reference: str, where: Place, why: str) -> BundleRefused:
    return BundleRefused(f"`{where.pointer}` refers to `{reference[:200]}`: {why}")


def _address(base: str, reference: str) -> tuple[str, str]:
    """A reference as the address of a document and the fragment in it, decoded. Raises ValueError."""
    if reference.startswith("#"):
        return base, unquote(reference[1:])
    address, fragment = urldefrag(urljoin(base, reference) if base else reference)
    return address, unquote(fragment)


def document(root: dict[str, Json], dialect: str) -> Document:
    """The document of a root schema. Raises BundleRefused when it is nested too deeply or names a place twice."""
    made = Document(root, dialect, {"": Place((), "")})
    _index(made, root, (), "", 0)
    return made


def _index(made: Document, schema: Json, steps: tuple[str, ...], base: str, depth: int) -> None:
    if depth > DEEPEST:
        raise BundleRefused(f"`{Place(steps[:6], '').pointer}…` is nested more than {DEEPEST} deep")
    if not isinstance(schema, Mapping):
        return
    id = schema.get("$id")
    # In draft-07, whatever stands beside a `$ref` says nothing.
    if isinstance(id, str) and not ("$ref" in schema and made.old):
        try:
            address, fragment = _address(base, id)
        except ValueError:
            raise BundleRefused(f"the `$id` of `{Place(steps, '').pointer}` is no address") from None
        if fragment:  # draft-07 writes anchors so
            _name(made, f"{address}#{fragment}", Place(steps, base))
        elif address:
            base = address
            made.bases[steps] = base
            _name(made, base, Place(steps, base))
    anchor = schema.get("$anchor")
    if isinstance(anchor, str):
        _name(made, f"{base}#{anchor}", Place(steps, base))
    for step, part in inner(schema):
        _index(made, part, (*steps, *step), base, depth + 1)


def _name(made: Document, address: str, place: Place) -> None:
    if address in made.places and made.places[address].steps != place.steps:
        first = made.places[address].pointer
        raise BundleRefused(
            f"`{first}` and `{place.pointer}` have one and the same address `{address[:200]}`"
        )
    made.places[address] = place


def inner(schema: Mapping[str, Json]) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The schemas directly inside a schema, each with the steps that lead to it. Data, such as an `enum`, is not."""
    for word in _ONE:
        part = schema.get(word)
        if isinstance(part, dict):
            yield (word,), part
    for word in _LISTS:
        parts = schema.get(word)
        if isinstance(parts, list):
            for position, part in enumerate(parts):
                yield (word, str(position)), part
    for word in _MAPS:
        named = schema.get(word)
        if isinstance(named, dict):
            for name, part in named.items():
                if isinstance(part, dict | bool):
                    yield (word, name), part


def taken_out(whole: Document, place: Place) -> dict[str, Json]:
    """The schema at a place, with a definition for each part it refers to, near or far. Raises BundleRefused."""
    home = "definitions" if whole.old else "$defs"
    work = _Work(whole, home)
    reference = work.reference(place)
    definitions: dict[str, Json] = {}
    while work.waiting:
        name, target = work.waiting.popleft()
        definitions[name] = work.copied(whole.at(target.steps), target)
    return {"$schema": whole.dialect, "$ref": reference, home: definitions}


@dataclass(slots=True)
class _Work:
    """What one extraction knows: the names given so far, and the parts still to be copied."""

    whole: Document
    home: str
    names: dict[tuple[str, ...], str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    waiting: deque[tuple[str, Place]] = field(default_factory=deque)
    count: int = 0

    def reference(self, place: Place) -> str:
        name = self.names.get(place.steps)
        if name is None:
            name = self.free(place.steps)
            self.names[place.steps] = name
            self.waiting.append((name, place))
        return f"#/{self.home}/{quote(name.replace('~', '~0').replace('/', '~1'), safe='$~_-.!+')}"

    def free(self, steps: tuple[str, ...]) -> str:
        """A name for a part: its own where it is a definition, else the steps to it; numbered when taken."""
        own = len(steps) == 2 and steps[0] in _HOMES
        wished = steps[1] if own else "_".join(step for step in steps if step not in _HOMES) or "root"
        name, number = wished, 1
        while name in self.taken:
            number += 1
            name = f"{wished}_{number}"
        self.taken.add(name)
        return name

    def copied(self, schema: Json, place: Place) -> Json:
        self.count += 1
        if self.count > MOST:
            raise BundleRefused(
                f"`{place.pointer}` is one of more than {MOST} schemas that one event brings along"
            )
        if not isinstance(schema, dict):
            return schema
        for word in ("$dynamicRef", "$recursiveRef"):
            if word in schema:
                raise BundleRefused(
                    f"`{place.pointer}` uses `{word}`, which cannot be taken out of its document",
                    "write a plain `$ref`",
                )
        made: dict[str, Json] = {word: value for word, value in schema.items() if word not in _LEFT_OUT}
        for step, part in inner(schema):
            if step[0] in _HOMES:
                continue
            steps = (*place.steps, *step)
            copy = self.copied(part, Place(steps, self.whole.base_of(steps)))
            _put(made, schema, step, copy)
        reference = schema.get("$ref")
        if isinstance(reference, str):
            made["$ref"] = self.reference(self.whole.place(reference, place.base, place))
        elif reference is not None:
            raise BundleRefused(f"the `$ref` of `{place.pointer}` is not a text")
        return made


def _put(made: dict[str, Json], schema: Mapping[str, Json], step: tuple[str, ...], copy: Json) -> None:
    """Write the copy of an inner schema where the original stands, copying what holds it first."""
    word = step[0]
    if len(step) == 1:
        made[word] = copy
        return
    holder = made[word]
    if holder is schema[word]:
        holder = list(holder) if isinstance(holder, list) else dict(holder)  # type: ignore[arg-type]
        made[word] = holder
    if isinstance(holder, list):
        holder[int(step[1])] = copy
    elif isinstance(holder, dict):
        holder[step[1]] = copy
