"""Webhooks as events: a post is shown to be genuine by its signature, and only then read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from atamo_rules.builtin.events.callback import SETTING as CALLBACK
from atamo_rules.builtin.events.callback import Callback
from atamo_rules.builtin.events.secrets import REFERENCE, secrets
from atamo_rules.builtin.events.signatures import SCHEMES, TOLERANCE, Scheme, plain, verify
from atamo_rules.hub.receiving import Received, Refused
from atamo_rules.model.strict_json import JsonRefused, decode
from atamo_rules.model.types import Json

FORM = "application/x-www-form-urlencoded"
_PICK = {"type": "string", "pattern": "^(header|field|text) [^ ]+$|^body$"}
_PICKS = {"anyOf": [_PICK, {"type": "array", "items": _PICK, "minItems": 1}]}
_OBJECT = {"type": "string", "pattern": "^field [^ ]+$|^body$"}
_OBJECTS = {
    "anyOf": [_OBJECT, {"type": "array", "items": _OBJECT, "minItems": 1}],
    "description": "where the data stand, which are an object: `body` or `field PATH`; a header and a text are none",
}

DEFAULTS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "github": {
            "type": ("header X-GitHub-Event",),
            "id": ("header X-GitHub-Delivery",),
            "data": ("body",),
        },
        "stripe": {"type": ("field type",), "id": ("field id",), "data": ("body",)},
        "slack": {
            "type": ("field event.type", "field type", "text command"),
            "id": ("field event_id", "field trigger_id"),
            "data": ("body",),
        },
        "standard": {"type": ("field type",), "id": ("header webhook-id",), "data": ("field data",)},
        "hmac": {"type": ("field type",), "id": ("field id",), "data": ("body",)},
    }
)
"""Where each scheme's senders say the type, the id and the data of what they post; the first that is there counts."""


class Webhook:
    """Settings: `path`, `scheme`, `secrets` by reference; `tolerance` in seconds; `header`, `prefix` and `encoding` of
    `scheme: hmac`; `type`, `id` and `data`, where they stand (`header NAME`, `field PATH`, `text VALUE`, `body`, or a
    list of them); `named`, put before the type; `others`, what becomes of types that the rules do not declare;
    `answers`, where answers to requests are posted.

    Raises ValueError when there is no secret to check with.
    """

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "path": {
                "type": "string",
                "pattern": "^/hooks/[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$",
                "description": "where others post to: the path of an address, below `/hooks/`",
            },
            "scheme": {"enum": [*SCHEMES, "hmac"]},
            "secrets": {"type": "array", "items": dict(REFERENCE), "minItems": 1, "maxItems": 8},
            "tolerance": {"type": "number", "exclusiveMinimum": 0, "maximum": 86400},
            "header": {"type": "string", "pattern": "^[A-Za-z0-9-]+$"},
            "prefix": {"type": "string"},
            "encoding": {"enum": ["hex", "base64"]},
            "type": _PICKS,
            "id": _PICKS,
            "data": _OBJECTS,
            "named": {"type": "string"},
            "others": {"enum": ["refuse", "ignore"]},
            "answers": CALLBACK,
        },
        "required": ["path", "scheme", "secrets"],
        "if": {"properties": {"scheme": {"const": "hmac"}}},
        "then": {"required": ["header"]},
        "else": {"properties": {"header": False, "prefix": False, "encoding": False}},
        "additionalProperties": False,
    }

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        self.path: str = settings["path"]
        self.folder, self.references = folder, settings["secrets"]
        self.tolerance = float(settings.get("tolerance", TOLERANCE))
        self.named: str = settings.get("named", "")
        self.ignores = settings.get("others") == "ignore"
        kind: str = settings["scheme"]
        self.kind = kind
        self.scheme: Scheme = (
            plain(settings["header"], settings.get("prefix", ""), settings.get("encoding", "hex"))
            if kind == "hmac"
            else SCHEMES[kind]
        )
        self.picks = {
            part: _listed(settings[part]) if part in settings else DEFAULTS[kind][part]
            for part in ("type", "id", "data")
        }
        for one in secrets(self.references, folder):
            self.scheme.key(one)
        if "answers" in settings:
            self.respond = Callback(settings["answers"], folder).post

    @staticmethod
    def messages(settings: Mapping[str, Any]) -> Mapping[str, str]:
        """The type that the settings themselves name, where they do; every other is its sender's, and so is all data.
        With `others: ignore` it may stand behind other places, for what is to be ignored."""
        places = _listed(settings.get("type", ()))
        for number, place in enumerate(places):
            word, _, name = place.partition(" ")
            if word == "text":
                last = number > 0 and settings.get("others") == "ignore"
                return {} if last else {settings.get("named", "") + name: ""}
        return {}

    def receive(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Received:
        """A post, checked over the bytes as they came and read after that. Secrets are looked up each time, so that a
        new one counts at once."""
        verify(self.scheme, headers, body, secrets(self.references, self.folder), now, self.tolerance)
        whole = _read(headers, body)
        if self.kind == "slack" and whole.get("type") == "url_verification":
            return Received(None, {"challenge": whole.get("challenge")})
        type = self.pick("type", headers, whole)
        if not isinstance(type, str) or not type:
            raise Refused(f"it does not say its type: {' or '.join(self.picks['type'])} is a text")
        id = self.pick("id", headers, whole)
        if not isinstance(id, str) or not id:
            # The same post again is the same event: what it says of itself is all there is to tell it by.
            id = hashlib.sha256(body).hexdigest()
        data = self.pick("data", headers, whole)
        message: dict[str, Json] = {"type": self.named + type, "id": id, "source": self.path, "data": data}
        return Received(message, client=headers.get("User-Agent", "")[:100])

    def pick(self, part: str, headers: Mapping[str, str], whole: Mapping[str, Json]) -> Json:
        """The first value there is at the places of a part."""
        for place in self.picks[part]:
            word, _, name = place.partition(" ")
            found: Json = None
            match word:
                case "header":
                    found = headers.get(name)
                case "field":
                    found = _field(whole, name)
                case "text":
                    found = name
                case _:
                    found = dict(whole)
            if found is not None:
                return found
        return None


def _listed(picks: str | Iterable[str]) -> tuple[str, ...]:
    return (picks,) if isinstance(picks, str) else tuple(picks)


def _field(whole: Mapping[str, Json], path: str) -> Json:
    value: Any = whole
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    found: Json = value
    return found


def _read(headers: Mapping[str, str], body: bytes) -> dict[str, Json]:
    """The object that a body writes: JSON, a form, or JSON in the `payload` of a form. Raises Refused."""
    media = headers.get("Content-Type", "").split(";")[0].strip().lower()
    try:
        if media == FORM:
            pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=1000)
            form: dict[str, Json] = dict(pairs)
            if len(form) != len(pairs):
                raise Refused("a field of the form is there twice")
            value = decode(str(form["payload"])) if "payload" in form else form
        else:
            value = decode(body)
    except JsonRefused as error:
        raise Refused(str(error)) from None
    except ValueError as error:  # more fields than that, or not UTF-8
        raise Refused(f"the form cannot be read: {error}") from None
    if not isinstance(value, dict):
        raise Refused("the body is not an object")
    return value
