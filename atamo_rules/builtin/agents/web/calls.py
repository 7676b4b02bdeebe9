"""What one action of an http agent is on the wire: settings checked once, then filled with each action's arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlunsplit

from atamo_rules.builtin.agents.web import templates
from atamo_rules.builtin.agents.web.answers import body_of
from atamo_rules.builtin.agents.web.exchange import Answer, Request, blemished
from atamo_rules.model.decision import Action
from atamo_rules.model.strict_json import encode
from atamo_rules.model.types import Json

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
BODILESS = {"GET", "HEAD"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_OURS = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "idempotency-key"}
_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain; charset=utf-8",
}

SETTING: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "type": "object",
        "properties": {
            "method": {"enum": METHODS},
            "path": {"type": "string"},
            "query": {"type": "object"},
            "headers": {"type": "object", "additionalProperties": {"type": "string"}},
            "as": {"enum": ["json", "form", "text", "none"]},
            "body": {},
            "answer": {},
        },
        "additionalProperties": False,
    },
}
"""The schema of the setting `actions`."""


@dataclass(frozen=True, slots=True)
class Call:
    """How an action is sent. `body` None: the arguments that nothing else of the call reads."""

    method: str
    path: str = ""
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    encoding: str = "json"
    body: Any = None
    answer: Any = None
    used: frozenset[str] = frozenset()

    def needs(self) -> frozenset[str]:
        """The arguments that something of the call names."""
        return self.used | templates.names(self.body)

    def request(self, base: SplitResult, action: Action) -> Request:
        """The request of an action, below the base address. Raises Unfilled."""
        values: Json = action.body if isinstance(action.body, dict) else {"value": action.body}
        path = base.path.rstrip("/") + templates.path(self.path, values) if self.path else base.path
        query = [*parse_qsl(base.query, keep_blank_values=True), *templates.pairs(self.query, values)]
        # An address is sent as its author wrote it, unless there is something to add.
        text = urlencode(query) if self.query else base.query
        headers = {**self._headers(values), "Idempotency-Key": action.id}
        content = None
        if self.method not in BODILESS and self.encoding != "none":
            content = self._content(action.body, values)
            headers = {"Content-Type": _TYPES[self.encoding], **headers}
        return Request(self.method, urlunsplit((base.scheme, base.netloc, path, text, "")), headers, content)

    def _headers(self, values: Json) -> dict[str, str]:
        made = {}
        for name, template in self.headers.items():
            value = templates.fill(template, values)
            if value is templates.ABSENT or value is None:
                continue
            text = templates.text_of(value, name)
            if blemished(text):
                raise templates.Unfilled(f"the header `{name}` would hold a line end or a control character")
            if not text.isascii():
                raise templates.Unfilled(f"the header `{name}` would hold characters beyond ASCII")
            made[name] = text
        return made

    def _content(self, given: Json, values: Json) -> bytes:
        body: Any
        if self.body is not None:
            body = templates.fill(self.body, values)
        elif self.used and isinstance(values, dict):
            body = {name: value for name, value in values.items() if name not in self.used}
        else:
            body = given
        match self.encoding:
            case "form":
                if not isinstance(body, dict):
                    raise templates.Unfilled("a form needs an object of names and values")
                return urlencode(templates.listed(body)).encode()
            case "text":
                return templates.text_of(body, "body").encode()
        return encode(None if body is templates.ABSENT else body).encode()

    def said(self, answer: Answer) -> Json:
        """What an answer is to the rule that asked."""
        body = body_of(answer)
        if self.answer is None:
            return body
        values: Json = {"status": answer.status, "headers": dict(answer.headers), "body": body}
        filled = templates.fill(self.answer, values)
        return None if filled is templates.ABSENT else filled


def call(settings: Mapping[str, Any], name: str, method: str, headers: Mapping[str, str]) -> Call:
    """The call that settings describe; `method` and `headers` are those of the agent. Raises ValueError."""
    place = f"actions.{name}" if name else ""
    prefix = f"{place}." if place else ""
    path = str(settings.get("path", ""))
    query = settings.get("query", {})
    all_headers = {**headers, **settings.get("headers", {})}
    for part, template in (
        ("path", path), ("query", query), ("headers", all_headers),
        ("body", settings.get("body")), ("answer", settings.get("answer")),
    ):  # fmt: skip
        templates.check(template, prefix + part)
    _check_path(path, prefix + "path")
    for header, text in all_headers.items():
        if not _TOKEN.fullmatch(header):
            raise ValueError(f"`{prefix}headers`: `{header[:40]}` is no name of a header")
        if header.lower() in _OURS:
            raise ValueError(f"`{prefix}headers`: the agent itself sends `{header}`")
        if blemished(text):
            raise ValueError(
                f"`{prefix}headers`: the header `{header}` holds a line end or a control character"
            )
    chosen = settings.get("method", method)
    if chosen in BODILESS and ("body" in settings or settings.get("as", "none") != "none"):
        raise ValueError(f"`{place or 'method'}`: {chosen} has no body")
    used = templates.names(path) | templates.names(query) | templates.names(all_headers)
    return Call(
        chosen, path, query, all_headers, settings.get("as", "json"), settings.get("body"),
        settings.get("answer"), frozenset(used),
    )  # fmt: skip


def _check_path(path: str, place: str) -> None:
    rest = re.sub(r"\{\{.*?\}\}", "x", path)
    if path and not path.startswith("/"):
        raise ValueError(f"`{place}` begins with `/`: {path}")
    if not _PATH.fullmatch(rest):
        raise ValueError(f"`{place}` holds what no path does, such as `?` or a space: {path}")
    lowered = rest.lower().replace("%2e", ".")
    if "//" in rest or any(part in (".", "..") for part in lowered.split("/")):
        raise ValueError(f"`{place}` leads out of the base address: {path}")
