"""The scripted model is honest: the services' own libraries take it for the service, and say the same of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from atamo_rules.testing.llm import Calls, Fails, Model, Says, model

anthropic = pytest.importorskip("anthropic")
openai = pytest.importorskip("openai")
TURNS = [{"role": "user", "content": "Hello"}]
KEY = "k" * 20


@pytest.fixture
def double() -> Iterator[Model]:
    with model("Hello.", key=KEY) as served:
        yield served


def test_anthropics_library_takes_it_for_the_service(double: Model) -> None:
    with anthropic.Anthropic(base_url=double.url, api_key=KEY, max_retries=0) as client:
        made = client.messages.create(model="m", max_tokens=9, system="S", messages=TURNS)
        assert (made.content[0].text, made.stop_reason, made.usage.output_tokens) == ("Hello.", "end_turn", 5)
        double.script = [Calls("look", {"n": 1})]
        made = client.messages.create(model="m", max_tokens=9, messages=TURNS)
        assert (made.stop_reason, made.content[0].name, made.content[0].input) == (
            "tool_use",
            "look",
            {"n": 1},
        )
        double.script = [Says("x", "length"), Says("", "refusal")]
        reasons = [
            client.messages.create(model="m", max_tokens=9, messages=TURNS).stop_reason for _ in range(2)
        ]
        assert reasons == ["max_tokens", "refusal"]
        double.script = [Fails(429, "rate_limit_error", 1), Fails(529, "overloaded_error")]
        with pytest.raises(anthropic.RateLimitError):
            client.messages.create(model="m", max_tokens=9, messages=TURNS)
        with pytest.raises(anthropic.APIStatusError) as raised:
            client.messages.create(model="m", max_tokens=9, messages=TURNS)
        assert raised.value.status_code == 529
        with pytest.raises(anthropic.BadRequestError):
            client.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": ""}])
    with (
        anthropic.Anthropic(base_url=double.url, api_key="wrong", max_retries=0) as client,
        pytest.raises(anthropic.AuthenticationError),
    ):
        client.messages.create(model="m", max_tokens=9, messages=TURNS)
    assert (double.asked[0].system, double.asked[0].turns) == ("S", (("user", "Hello"),))


def test_openais_library_takes_it_for_the_service(double: Model) -> None:
    with openai.OpenAI(base_url=f"{double.url}/v1", api_key=KEY, max_retries=0) as client:
        made = client.chat.completions.create(model="m", messages=TURNS)
        choice = made.choices[0]
        assert (choice.message.content, choice.finish_reason, made.usage.completion_tokens) == (
            "Hello.", "stop", 5,
        )  # fmt: skip
        double.script = [Calls("look", {"n": 1})]
        choice = client.chat.completions.create(model="m", messages=TURNS).choices[0]
        called = choice.message.tool_calls[0].function
        assert (choice.finish_reason, called.name, json.loads(called.arguments)) == (
            "tool_calls", "look", {"n": 1},
        )  # fmt: skip
        double.script = [Says("no", "refusal")]
        assert client.chat.completions.create(model="m", messages=TURNS).choices[0].message.refusal == "no"
        double.script = [Fails(429, "rate_limit", 1)]
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(model="m", messages=TURNS)
        double.script = ["x"]
        with pytest.raises(openai.BadRequestError):
            client.chat.completions.create(model="m", messages=TURNS, stream=True)
    with (
        openai.OpenAI(base_url=f"{double.url}/v1", api_key="wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.chat.completions.create(model="m", messages=TURNS)


def test_a_script_goes_on_with_its_last_step(double: Model) -> None:
    double.script = ["a", lambda prompted: prompted.turns[-1][1].upper()]
    with anthropic.Anthropic(base_url=double.url, api_key=KEY, max_retries=0) as client:
        said = [
            client.messages.create(model="m", max_tokens=9, messages=TURNS).content[0].text for _ in range(3)
        ]
    assert said == ["a", "HELLO", "HELLO"]
