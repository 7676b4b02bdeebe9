"""The two formats in which language models are spoken with over HTTP.

Sources: Anthropic, "Messages API" (version 2023-06-01); OpenAI, "Chat Completions", which many other services and
programs speak too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from atamo_rules.builtin.agents.web.credentials import Proof, sent
from atamo_rules.model.secret import Secret
from atamo_rules.model.types import Json

Turn: TypeAlias = "tuple[Literal['user', 'assistant'], str]"
Why: TypeAlias = Literal["", "refused", "cut", "tools"]


class Unreadable(ValueError):
    """A body that is not of the format; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said. `why` tells what kept it from answering; `taken` and `made` count its tokens, None where the
    service does not."""

    text: str
    why: Why = ""
    taken: int | None = None
    made: int | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """A format: where its services are, the path below that, fixed headers, how a key is sent, how what is asked
    becomes a body, and how the answer is read, which raises Unreadable."""

    url: str
    path: str
    headers: Mapping[str, str]
    proof: Callable[[Secret], Proof]
    body: Callable[[str, Sequence[Turn], int, str], dict[str, Any]]
    structured: Callable[[Mapping[str, Any]], dict[str, Any]]
    said: Callable[[Json], Said]


# --- Anthropic --------------------------------------------------------------------------------------------


def _x_api_key(secret: Secret) -> Proof:
    if secret.kind in ("bearer", "text"):
        return Proof({"x-api-key": secret.reveal()}, (secret.reveal(),))
    return sent(secret)


def _messages(system: str, turns: Sequence[Turn], most: int, limit: str) -> dict[str, Any]:
    said = [{"role": role, "content": text} for role, text in turns]
    return {"system": system, "messages": said, "max_tokens": most}


def _message(body: Json) -> Said:
    blocks = body.get("content") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(blocks, list):
        raise Unreadable("it has no `content`")
    kinds = [block.get("type") if isinstance(block, dict) else None for block in blocks]
    texts = [block.get("text") for block in blocks if isinstance(block, dict) and block.get("type") == "text"]
    why: Why = ""
    match body.get("stop_reason"):
        case "refusal":
            why = "refused"
        case "max_tokens" | "model_context_window_exceeded":
            why = "cut"
        case "tool_use" | "pause_turn":
            why = "tools"
    if any(isinstance(kind, str) and kind.endswith("tool_use") for kind in kinds):
        why = "tools"
    usage = body.get("usage")
    inputs = [_count(usage, f"{kind}input_tokens") for kind in ("", "cache_creation_", "cache_read_")]
    taken = None if inputs[0] is None else sum(one or 0 for one in inputs)
    text = "".join(one for one in texts if isinstance(one, str))
    return Said(text, why, taken, _count(usage, "output_tokens"))


# --- OpenAI -----------------------------------------------------------------------------------------------


def _bearer(secret: Secret) -> Proof:
    if secret.kind == "text":
        return Proof({"Authorization": f"Bearer {secret.reveal()}"}, (secret.reveal(),))
    return sent(secret)


def _chat(system: str, turns: Sequence[Turn], most: int, limit: str) -> dict[str, Any]:
    said = [{"role": role, "content": text} for role, text in (("system", system), *turns)]
    return {"messages": said, limit: most}


def _choice(body: Json) -> Said:
    choices = body.get("choices") if isinstance(body, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(body, dict) or not isinstance(first, dict) or not isinstance(message, dict):
        raise Unreadable("it has no `choices` with a `message`")
    content = message.get("content")
    why: Why = ""
    match first.get("finish_reason"):
        case "content_filter":
            why = "refused"
        case "length":
            why = "cut"
        case "tool_calls" | "function_call":
            why = "tools"
    if message.get("refusal"):
        why = "refused"
    if message.get("tool_calls") or message.get("function_call"):
        why = "tools"
    usage = body.get("usage")
    return Said(
        content if isinstance(content, str) else "", why,
        _count(usage, "prompt_tokens"), _count(usage, "completion_tokens"),
    )  # fmt: skip


def _count(usage: Any, name: str) -> int | None:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


WIRES: Mapping[str, Wire] = {
    "anthropic": Wire(
        "https://api.anthropic.com", "/v1/messages", {"anthropic-version": "2023-06-01"},
        _x_api_key, _messages,
        lambda schema: {"output_config": {"format": {"type": "json_schema", "schema": dict(schema)}}},
        _message,
    ),
    "openai": Wire(
        "https://api.openai.com/v1", "/chat/completions", {},
        _bearer, _chat,
        lambda schema: {
            "response_format": {
                "type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema)},
            }
        },
        _choice,
    ),
}  # fmt: skip
