"""A language model that says what a test tells it to, over HTTP, in the formats of Anthropic and OpenAI.

    with model("yes", Fails(529)) as double:
        …  # `double.url` for Anthropic's format, `double.url + "/v1"` for OpenAI's

It checks what it is asked as the services do, so that their own libraries can be pointed at it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, TypeAlias

Why: TypeAlias = Literal["end", "length", "refusal"]


@dataclass(frozen=True, slots=True)
class Says:
    """A text, why it ends there, and the tokens it is said to have taken and made; None: it is not said."""

    text: str
    why: Why = "end"
    tokens: tuple[int, int] | None = (10, 5)


@dataclass(frozen=True, slots=True)
class Calls:
    """It calls a tool, whether it was offered one or not."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fails:
    """A status that is no success, with the service's word for it and `Retry-After`."""

    status: int
    kind: str = "api_error"
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """A success whose body is these bytes."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Prompted:
    """What it was asked, headers in lower case. `system` is what stands above the turns, `most` the tokens allowed."""

    api: Literal["anthropic", "openai"]
    model: str
    system: str
    turns: tuple[tuple[str, str], ...]
    most: int | None
    headers: Mapping[str, str]
    body: Mapping[str, Any]


Step: TypeAlias = "str | Says | Calls | Fails | Raw | Callable[[Prompted], str | Says | Calls | Fails | Raw]"
_Sent: TypeAlias = "tuple[int, dict[str, str], bytes]"


@dataclass(slots=True)
class Model:
    """Takes one step of its script for each call, and the last again once the script is over. Where it has a `key`,
    whoever calls without it is refused, and no step taken."""

    script: list[Step]
    key: str | None = None
    port: int = 0
    asked: list[Prompted] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str, headers: Mapping[str, str], raw: bytes) -> _Sent:
        """What is sent back for a post."""
        readers = {"/v1/messages": _anthropic, "/v1/chat/completions": _openai}
        if path not in readers:
            return _failed(Fails(404, "not_found_error"), "there is no such path")
        try:
            prompted = readers[path](json.loads(raw), headers)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _failed(Fails(400, "invalid_request_error"), f"not a request: {error}")
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        given = headers.get("x-api-key", bearer) if prompted.api == "anthropic" else bearer
        if self.key is not None and given != self.key:
            return _failed(Fails(401, "authentication_error"), "the key is wrong")
        with self._turn:
            self.asked.append(prompted)
            step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        said = step(prompted) if callable(step) else step
        match said:
            case Fails():
                return _failed(said, said.kind)
            case Raw():
                return 200, {"Content-Type": "application/json"}, said.body
            case str():
                said = Says(said)
        made = _message(prompted, said) if prompted.api == "anthropic" else _completion(prompted, said)
        return 200, {"Content-Type": "application/json"}, json.dumps(made).encode()


@contextmanager
def model(*script: Step, key: str | None = None) -> Iterator[Model]:
    """A model at an address of this machine, for as long as the block lasts."""
    double = Model(list(script) or ["{}"], key)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, body = double.answer(self.path.partition("?")[0], headers, raw)
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            return None

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            return None  # whoever called went away

    server = Quiet(("127.0.0.1", 0), Handler)
    double.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# --- what it is asked -------------------------------------------------------------------------------------


def _anthropic(body: Any, headers: Mapping[str, str]) -> Prompted:
    if "anthropic-version" not in headers:
        raise ValueError("the header `anthropic-version` is missing")
    system = body.get("system", "")
    most = body["max_tokens"]
    turns = _turns(body, ("user", "assistant"))
    if not turns or turns[0][0] != "user":
        raise ValueError("the first turn is the user's")
    return Prompted("anthropic", body["model"], _words(system), turns, most, headers, body)


def _openai(body: Any, headers: Mapping[str, str]) -> Prompted:
    turns = _turns(body, ("system", "developer", "user", "assistant"))
    system = "\n".join(text for role, text in turns if role in ("system", "developer"))
    rest = tuple(turn for turn in turns if turn[0] not in ("system", "developer"))
    most = body.get("max_completion_tokens", body.get("max_tokens"))
    return Prompted("openai", body["model"], system, rest, most, headers, body)


def _turns(body: Any, roles: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    if body.get("stream"):
        raise ValueError("it does not stream")
    turns = tuple((turn["role"], _words(turn["content"])) for turn in body["messages"])
    for role, text in turns:
        if role not in roles or not text:
            raise ValueError(f"a turn of `{role}` that is empty, or not known")
    return turns


def _words(content: Any) -> str:
    """A text, or the texts of a list of blocks."""
    if isinstance(content, str):
        return content
    return "".join(block["text"] for block in content)


# --- what it says -----------------------------------------------------------------------------------------


def _message(prompted: Prompted, said: Says | Calls) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": said.text}] if said.text else []
    if isinstance(said, Calls):
        content.append(
            {"type": "tool_use", "id": "toolu_1", "name": said.tool, "input": dict(said.arguments)}
        )
        reason, tokens = "tool_use", (10, 5)
    else:
        reason = {"end": "end_turn", "length": "max_tokens", "refusal": "refusal"}[said.why]
        tokens = said.tokens or (0, 0)
    made = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": prompted.model, "content": content,
        "stop_reason": reason, "stop_sequence": None,
        "usage": {"input_tokens": tokens[0], "output_tokens": tokens[1]},
    }  # fmt: skip
    if isinstance(said, Says) and said.tokens is None:
        del made["usage"]
    return made


def _completion(prompted: Prompted, said: Says | Calls) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": said.text or None, "refusal": None}
    tokens: tuple[int, int] | None = (10, 5)
    if isinstance(said, Calls):
        called = {"name": said.tool, "arguments": json.dumps(dict(said.arguments))}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": called}]
        reason = "tool_calls"
    else:
        reason, tokens = "length" if said.why == "length" else "stop", said.tokens
        if said.why == "refusal":
            message |= {"content": None, "refusal": said.text or "I cannot help with that."}
    made: dict[str, Any] = {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": prompted.model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
    }  # fmt: skip
    if tokens is not None:
        taken, said_tokens = tokens
        made["usage"] = {
            "prompt_tokens": taken, "completion_tokens": said_tokens, "total_tokens": taken + said_tokens,
        }  # fmt: skip
    return made


def _failed(fails: Fails, message: str) -> _Sent:
    headers = {"Content-Type": "application/json"}
    if fails.after is not None:
        headers["Retry-After"] = f"{fails.after:g}"
    body = {"type": "error", "error": {"type": fails.kind, "message": message}}
    return fails.status, headers, json.dumps(body).encode()
