"""An agent that asks a language model, and takes for an answer only what the action declares.

uses llm
  api: anthropic
  model: "claude-sonnet-4-5"
  actions:
    sort: { prompt: "Which department is this letter for? {{ letter }}" }
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlunsplit

from atamo_rules.builtin.agents.llms import prompts
from atamo_rules.builtin.agents.llms.allowance import Allowance
from atamo_rules.builtin.agents.llms.answers import answer
from atamo_rules.builtin.agents.llms.wires import WIRES, Said, Turn, Unreadable
from atamo_rules.builtin.agents.masking import Mask
from atamo_rules.builtin.agents.web import templates
from atamo_rules.builtin.agents.web.answers import failure
from atamo_rules.builtin.agents.web.credentials import AUTH, Proof, given, needed
from atamo_rules.builtin.agents.web.exchange import Broken, Request
from atamo_rules.builtin.agents.web.health import PAGE, health
from atamo_rules.builtin.agents.web.patience import Patience
from atamo_rules.builtin.agents.web.settings import ADDRESS, CONNECTION, base_address, exchange
from atamo_rules.hub.agents.reading import EVERY, Reads
from atamo_rules.hub.generation import Declared
from atamo_rules.hub.ports import Reply
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.strict_json import JsonRefused, decode, encode

LONGEST = 100_000
"""Characters of a prompt, the data in it included."""
_QUOTED = 20_000
"""Characters of a failed answer that the model is shown again."""
_WORTH = 16
"""Tokens below which a second round is not begun."""
_TASK: dict[str, Any] = {
    "prompt": {"type": "string", "minLength": 1},
    "instructions": {"type": "string"},
    "tokens": {"type": "integer", "minimum": _WORTH, "maximum": 200_000},
}


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for by one action."""

    prompt: str
    instructions: str
    tokens: int


class LlmAgent:
    """Settings: `api`, `anthropic` or `openai`, and `url` where it is another service that speaks one of them; `model`;
    `prompt`, or `actions` with a `prompt` each; `instructions`; `tokens` that an action's answers may have together
    (1024); `hourly`, tokens of all kinds that the agent may spend in an hour; `temperature`; `structured`, whether the
    service is given the schema of the answer in a field of its own; `limit`, the name of OpenAI's field for tokens;
    `timeout` in seconds for everything together (60); `auth` (without `webhook`), `private`, `ca` and `health` (a page
    such as `/models`) as for `http`."""

    settings_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "api": {"enum": list(WIRES)},
            "url": ADDRESS,
            "model": {"type": "string", "minLength": 1},
            **_TASK,
            "actions": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {
                    "type": "object",
                    "properties": _TASK,
                    "required": ["prompt"],
                    "additionalProperties": False,
                },
            },
            "hourly": {"type": "integer", "minimum": 1},
            "temperature": {"type": "number", "minimum": 0, "maximum": 2},
            "structured": {"type": "boolean"},
            "limit": {"enum": ["max_completion_tokens", "max_tokens"]},
            "auth": AUTH,
            "health": PAGE,
            **CONNECTION,
        },
        "required": ["api", "model"],
        "additionalProperties": False,
    }
    concurrency = 4

    def __init__(self, name: str, settings: Mapping[str, Any], folder: str) -> None:
        self.name = name
        self.wire = WIRES[settings["api"]]
        self.url = base_address(str(settings.get("url", self.wire.url)))
        if self.url.query:
            raise ValueError("`url` ends before `?`")
        self.timeout = float(settings.get("timeout", 60))
        if "actions" not in settings and "prompt" not in settings:
            raise ValueError("it needs a `prompt`, or `actions` with a `prompt` each")
        if "actions" in settings and "prompt" in settings:
            raise ValueError("it has a `prompt` of its own and `actions` with theirs; leave one of them out")
        self.every = _task(settings, settings, "") if "prompt" in settings else None
        self.tasks = {
            action: _task(one, settings, f"actions.{action}.")
            for action, one in settings.get("actions", {}).items()
        }
        asked = {**self.tasks, **({EVERY: self.every} if self.every else {})}
        self.takes = {action: Reads(frozenset(templates.names(one.prompt))) for action, one in asked.items()}
        self.more = {"model": settings["model"]}
        if "temperature" in settings:
            self.more["temperature"] = settings["temperature"]
        self.structured = bool(settings.get("structured", False))
        self.limit = str(settings.get("limit", "max_completion_tokens"))
        self.exchange = exchange({"timeout": self.timeout, **settings}, folder)
        self.need = needed(settings)
        self.page = str(settings.get("health", ""))
        self.patience = Patience()
        self.allowance = Allowance(settings.get("hourly"))
        most = max(task.tokens for task in asked.values())
        if self.allowance.hourly is not None and self.allowance.hourly < most:
            raise ValueError("`hourly` is less than the `tokens` of one action")

    async def health(self) -> str:
        """Whether the page `health` says that all is well, or somebody is there at all; the model is asked nothing."""
        return await health(self.exchange, self.url, self.page)

    async def perform(self, action: Action, reply: Reply) -> Outcome:
        task = self.tasks.get(action.action, self.every)
        if task is None:
            return Failed(
                f"`{self.name}` has no action `{action.action}`; it has {', '.join(sorted(self.tasks))}"
            )
        try:
            values = action.body if isinstance(action.body, dict) else {"value": action.body}
            prompt = prompts.prompt(task.prompt, values)
        except templates.Unfilled as error:
            return Failed(f"`{action.target}` cannot be asked: {error}", "arguments")
        if len(prompt) > LONGEST:
            return Failed(
                f"`{action.target}` cannot be asked: it is longer than {LONGEST} characters", "arguments"
            )
        mask = Mask(())
        try:
            async with asyncio.timeout(self.timeout) as limit:
                secret = await given(reply, self.url.hostname or "", self.need)
                proof = self.wire.proof(secret) if secret is not None else Proof()
                mask = Mask(proof.secrets)
                outcome = await self._answered(task, prompt, reply.declared(), proof)
        except Broken as broken:
            outcome = broken.outcome
        except TimeoutError:
            if not limit.expired():
                raise
            outcome = Again(f"no answer within {self.timeout:g} seconds", error="timeout")
        return mask.outcome(outcome)

    async def _answered(self, task: Task, prompt: str, declared: Declared | None, proof: Proof) -> Outcome:
        """What comes of asking, and of asking once more where the first answer was none. Raises Broken."""
        turns: list[Turn] = [("user", prompt)]
        system = prompts.system(task.instructions, declared.schema if declared is not None else None)
        left, reasons = task.tokens, tuple[str, ...]()
        for _ in range(2):
            if left < _WORTH:
                break
            said = await self._said(system, turns, left, declared, proof)
            left -= said.made if said.made is not None else _estimate(said.text)
            match said.why:
                case "tools":
                    return Failed("the model called a tool; none was offered, and none is run", "tool call")
                case "refused":
                    return Failed("the model refused to answer", "refusal")
                case "cut":
                    return Failed(f"the answer has more than {task.tokens} tokens", "tokens")
            if declared is None:
                return Done({"text": said.text})
            value, reasons = answer(said.text, declared.reasons)
            if not reasons:
                return Done(value)
            if said.text.strip():
                turns.append(("assistant", said.text[:_QUOTED]))
            turns.append(("user", prompts.again(reasons)))
        return Failed(f"the model gave no answer of the declared kind: {'; '.join(reasons)}", "answer")

    async def _said(
        self, system: str, turns: list[Turn], most: int, declared: Declared | None, proof: Proof
    ) -> Said:
        """One round. Raises Broken."""
        body = {**self.more, **self.wire.body(system, turns, most, self.limit)}
        if self.structured and declared is not None:
            body |= self.wire.structured(declared.schema)
        place = hashlib.sha256("".join(proof.secrets).encode()).digest()
        early = self.patience.left(place)
        if early is not None:
            raise Broken(early)
        taken = _estimate(system) + sum(_estimate(text) for _, text in turns)
        spent = self.allowance.take(taken + most)
        if isinstance(spent, float):
            hourly = self.allowance.hourly or 0
            if taken + most > hourly:
                raise Broken(Failed(f"it would take more than the {hourly} tokens of an hour", "budget"))
            raise Broken(Again(f"the {hourly} tokens of this hour are spent", spent, "budget"))
        path = self.url.path.rstrip("/") + self.wire.path
        url = urlunsplit((self.url.scheme, self.url.netloc, path, "", ""))
        headers = {"Content-Type": "application/json", **self.wire.headers, **proof.headers}
        answer = await self.exchange.send(Request("POST", url, headers, encode(body).encode()))
        wrong = failure(answer)
        if wrong is not None:
            self.allowance.settle(spent, 0)
            if isinstance(wrong, Again) and wrong.error == "http 429" and wrong.after:
                self.patience.asked(place, wrong.after)
            raise Broken(wrong)
        if answer.cut:
            raise Broken(Failed("the answer is larger than 1 MiB", "answer"))
        try:
            said = self.wire.said(decode(answer.body))
        except (JsonRefused, Unreadable) as error:
            raise Broken(Again(f"the answer is none of this service: {error}", error="protocol")) from None
        counted = said.taken if said.taken is not None else taken
        self.allowance.settle(spent, counted + (said.made if said.made is not None else _estimate(said.text)))
        return said

    async def close(self) -> None:
        await self.exchange.close()


def _task(settings: Mapping[str, Any], shared: Mapping[str, Any], place: str) -> Task:
    """What an action asks for. Raises ValueError."""
    instructions = str(settings.get("instructions", shared.get("instructions", "")))
    if "{{" in instructions or "}}" in instructions:
        raise ValueError(
            f"`{place}instructions` holds values: they stand in the `prompt`, where they are marked as data"
        )
    templates.check(settings["prompt"], f"{place}prompt")
    return Task(settings["prompt"], instructions, int(settings.get("tokens", shared.get("tokens", 1024))))


def _estimate(text: str) -> int:
    """Tokens of a text, where nobody counted them: one for four bytes, which few texts have more of."""
    return len(text.encode("utf-8", "surrogatepass")) // 4 + 1
