"""Settings of a plug-in held to its schema: each mistake in a sentence for its author, with its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from atamo_rules.model.rule import AgentUse
from atamo_rules.model.strict_json import encode

_FEW = 20

Reason = tuple[str, str | None]
"""What is wrong, and what to write instead where that is known."""


def unfit(use: AgentUse, settings: Mapping[str, Any], fallback: str = "") -> list[Reason]:
    """What is wrong with the settings of an agent or another plug-in, by its schema; a misspelt one is said once."""
    return [reason for _, reason in misfits(use, settings, fallback)]


def misfits(use: AgentUse, settings: Mapping[str, Any], fallback: str = "") -> list[tuple[str, Reason]]:
    """The same, each with the setting that it is about; of what is missing, "", for it is nowhere."""
    import jsonschema_rs

    schema = dict(settings)
    known = list(schema.get("properties", {}))
    found: list[tuple[str, Reason]] = []
    meant: set[str] = set()
    if schema.get("additionalProperties") is False:
        for name in use.settings:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                meant.update(near)
                said = f"`{use.plugin or fallback}` has no setting `{name}`"
                found.append((name, (said, _nearest(name, known))))
    given = {name: value for name, value in use.settings.items() if name in known or not found}
    for error in jsonschema_rs.Draft202012Validator({**schema, "required": []}).iter_errors(given):
        path = list(error.instance_path)
        found.extend((str(path[0]) if path else "", reason) for reason in reasons(error, schema))
    for name in schema.get("required", ()):
        if name not in use.settings and name not in meant:
            found.append(("", (f"it needs `{name}`", f"write `{name}: …` below `uses`")))
    return found


def reasons(error: Any, schema: Mapping[str, Any], under: str = "") -> Iterator[Reason]:
    """One error of the validator as its author would want it said; `under` is what the schema is of."""
    kind, path = error.kind, list(error.instance_path)
    place = ".".join(str(step) for step in (*((under,) if under else ()), *path))
    match kind.name:
        case "additionalProperties":
            owner = _at(schema, error.schema_path[:-1])
            known = list(owner.get("properties", {})) if isinstance(owner, Mapping) else []
            for name in kind.unexpected:
                what = f"`{place}` has no `{name}`" if place else f"`{name}` is not known here"
                yield what, _nearest(name, known)
        case "required":
            whose, where = (f"`{place}`", "in it") if place else ("it", "beside the others")
            yield f"{whose} needs `{kind.property}`", f"write `{kind.property}: …` {where}"
        case "anyOf" | "oneOf" if branches := [branch for branch in getattr(kind, "context", ()) if branch]:
            least = min(map(_distance, branches))
            near = [branch for branch in branches if _distance(branch) == least]
            if len(near) == 1:
                for inner in near[0]:
                    yield from reasons(inner, schema, under)
            else:
                all_of_them = dict.fromkeys(inner.message for branch in near for inner in branch)
                yield f"`{place}`: {', and '.join(all_of_them)}", _described(schema, path)
        case _ if _part(schema, path).get("writeOnly"):  # it may be what must not be seen: it is not repeated
            yield f"`{place}` does not say where a secret is", _described(schema, path)
        case _:
            said = _of_a_list(error) if kind.name == "enum" else error.message
            yield f"{f'`{place}`: ' if place else ''}{said}", _closest(error) or _described(schema, path)


def _distance(branch: Sequence[Any]) -> int:
    """How far a value is from one of the kinds it may be: 0 of that kind and wrong inside, 1 one of its values, but
    none of them, 2 of another kind."""
    kinds = {error.kind.name for error in branch if list(error.instance_path) == _shallowest(branch)}
    return 2 if "type" in kinds else 1 if kinds & {"enum", "const"} else 0


def _shallowest(branch: Sequence[Any]) -> list[Any]:
    return min((list(error.instance_path) for error in branch), key=len)


def _of_a_list(error: Any) -> str:
    """The sentence about a value that is none of those there are; where they are few it names them all."""
    options = [encode(one) for one in error.kind.options]
    if len(options) > _FEW:
        return str(error.message)
    *others, last = options
    known = f"one of {', '.join(others)} or {last}" if others else last
    return f"{encode(error.instance)} is not {known}"


def _closest(error: Any) -> str | None:
    """The value of a list of them that somebody may have meant."""
    if error.kind.name != "enum" or not isinstance(error.instance, str):
        return None
    options = [one for one in error.kind.options if isinstance(one, str)]
    near = get_close_matches(error.instance, options, n=1)
    return f"did you mean `{near[0]}`?" if near else None


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"it has {', '.join(known) or 'none'}"


def _at(schema: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        try:
            schema = schema[step]
        except (KeyError, IndexError, TypeError):
            return None
    return schema


def _described(schema: Mapping[str, Any], place: Sequence[str | int]) -> str | None:
    """What a schema says of the setting at a place, where it says anything."""
    about = _part(schema, place).get("description")
    return about if isinstance(about, str) else None


def _part(schema: Mapping[str, Any], place: Sequence[str | int]) -> Mapping[str, Any]:
    """The schema of the setting at a place, as far as a plain walk finds it."""
    about: Any = schema
    for step in place:
        if isinstance(about, Mapping):
            inside = about.get("items") if isinstance(step, int) else about.get("properties", {}).get(step)
            about = about.get("additionalProperties") if inside is None else inside
    return about if isinstance(about, Mapping) else {}
