"""CloudEvents 1.0 as HTTP carries them: the JSON format, and the attributes of binary mode in headers.

Specification: CloudEvents 1.0.2, its JSON event format, and its HTTP protocol binding. What is called a CloudEvent must
be a whole one; extensions are allowed, and only `user` and `alerts` mean something here.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from atamo_rules.model.strict_json import JsonRefused, decode
from atamo_rules.model.types import Json
from atamo_rules.rest.ordered import JSON_MEDIA

Read: TypeAlias = tuple[dict[str, Json], tuple[str, ...]]
"""An envelope as the hub takes it, and what is wrong with it."""
REQUIRED = ("id", "source", "type")
KNOWN = (*REQUIRED, "specversion", "datacontenttype", "dataschema", "subject", "time", "data", "data_base64")
OURS = ("user", "alerts")
_NAME = re.compile(r"[a-z0-9]+")
_MEDIA = re.compile(JSON_MEDIA)


def structured(value: Json) -> Read:
    """An event of the JSON format."""
    if not isinstance(value, Mapping):
        return {}, ("a CloudEvent is an object",)
    wrong = [*_attributes(value)]
    data: Json = value.get("data", {})
    if "data_base64" in value:
        if "data" in value:
            wrong.append("`data` and `data_base64` are not given both")
        try:
            data = decode(base64.b64decode(str(value["data_base64"]), validate=True))
        except JsonRefused as error:
            wrong.append(f"`data_base64` holds no JSON: {error}")
        except (binascii.Error, ValueError):
            wrong.append("`data_base64` is not base64")
    return _envelope(value, data), tuple(wrong)


def binary(headers: Sequence[tuple[str, str]], raw: bytes) -> Read:
    """An event of binary mode: attributes in `ce-` headers, percent-encoded (HTTP binding, 3.1.3), data in the body.
    Raises JsonRefused."""
    value: dict[str, Json] = {}
    wrong: list[str] = []
    for name, text in headers:
        if not name.lower().startswith("ce-"):
            continue
        attribute = name.lower()[3:]
        if attribute in ("data", "data_base64", "datacontenttype"):
            where = "`Content-Type`" if attribute == "datacontenttype" else "the body"
            wrong.append(f"`{name.lower()}` is said by {where}")
        elif attribute in value:
            wrong.append(f"`{name.lower()}` is there more than once")
        else:
            value[attribute] = _text(name, text, wrong)
    if value.get("alerts") in ("true", "false"):
        value["alerts"] = value["alerts"] == "true"
    wrong += _attributes(value)
    return _envelope(value, decode(raw) if raw.strip() else {}), tuple(wrong)


def _text(name: str, text: str, wrong: list[str]) -> str:
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        wrong.append(f"`{name.lower()}` is not percent-encoded UTF-8")
        return "?"


def _attributes(value: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the attributes; ids, sources, users and times are looked at by the hub as well."""
    if value.get("specversion") != "1.0":
        yield "`specversion` is 1.0, and must be said"
    for name in REQUIRED:
        if name not in value:
            yield f"`{name}` is missing"
        elif not isinstance(value[name], str) or not value[name]:
            yield f"`{name}` is a text that is not empty"
    media = value.get("datacontenttype")
    if media is not None and not (isinstance(media, str) and _MEDIA.fullmatch(media)):
        yield "`datacontenttype` is JSON: no other data is understood"
    for name in ("subject", "dataschema"):
        if value.get(name) is not None and not (isinstance(value[name], str) and value[name]):
            yield f"`{name}` is a text that is not empty"
    for name, given in value.items():
        if name in KNOWN:
            continue
        if not _NAME.fullmatch(name):
            yield f"`{name[:80]}` is no name of an attribute: those have lower-case letters and digits"
        elif not (given is None or isinstance(given, str | bool) or _small(given)):
            yield f"`{name[:80]}` is a text, a whole number, or true or false"


def _small(given: Any) -> bool:
    """Whether a value is an Integer of the specification: 32 bits."""
    whole = isinstance(given, int) or (isinstance(given, Decimal) and given == given.to_integral_value())
    return whole and -(2**31) <= given < 2**31


def _envelope(value: Mapping[str, Json], data: Json) -> dict[str, Json]:
    """What the hub takes of it: attributes that mean something to it, and the data."""
    kept = {name: value[name] for name in (*REQUIRED, "time", *OURS) if name in value}
    return {**kept, "data": data}
