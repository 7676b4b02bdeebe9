"""The agent llm against a scripted model: what it sends, what it takes for an answer, and what it spends."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atamo_rules.builtin.agents.llm import LlmAgent
from atamo_rules.builtin.agents.llms import prompts
from atamo_rules.builtin.agents.llms.allowance import HOUR, Allowance, Spent
from atamo_rules.builtin.agents.llms.wires import WIRES
from atamo_rules.model.decision import Action
from atamo_rules.model.outcome import Again, Done, Failed, Outcome
from atamo_rules.model.secret import Secret
from atamo_rules.model.strict_json import decode
from atamo_rules.testing.agents import Replies
from atamo_rules.testing.llm import Calls, Fails, Model, Prompted, Raw, Says, Step, model
from tests.agents.hostile_letters import LETTERS
from tests.agents.test_canaries import assert_free, canary

HERE = "127.0.0.1"
ANSWER = {
    "type": "object",
    "properties": {"department": {"enum": ["sales", "billing"]}, "urgent": {"type": "boolean"}},
    "required": ["department", "urgent"],
    "additionalProperties": False,
}
GOOD = '{"department": "billing", "urgent": true}'
SORTED = Done({"department": "billing", "urgent": True})
PROMPT = "Which department is this letter for? {{ letter }}"
BOTH = pytest.mark.parametrize("api", list(WIRES))


def agent(double: Model, api: str = "anthropic", **settings: Any) -> LlmAgent:
    url = double.url if api == "anthropic" else f"{double.url}/v1"
    made = {
        "api": api,
        "url": url,
        "model": "m",
        "prompt": PROMPT,
        "private": True,
        "timeout": 30,
        **settings,
    }
    return LlmAgent("clerk", made, ".")


def action(letter: Any = "My bill is wrong.", **more: Any) -> Action:
    return Action("a1", "ask", "clerk", "sort", {"letter": letter, **more}, "r", "r.atamo:1:1", 0)


def ask(
    double: Model,
    api: str = "anthropic",
    given: Action | None = None,
    *,
    answer: Mapping[str, Any] | None = ANSWER,
    secret: Secret | None = None,
    **settings: Any,
) -> Outcome:
    async def story() -> Outcome:
        one = agent(double, api, **settings)
        try:
            return await one.perform(given or action(), Replies({HERE: secret} if secret else {}, answer))
        finally:
            await one.close()

    return asyncio.run(story())


# --- what is sent -----------------------------------------------------------------------------------------


@BOTH
def test_a_model_is_asked_for_what_the_action_declares(api: str) -> None:
    with model(GOOD, key="k" * 20) as double:
        settings = {"instructions": "You sort letters.", "tokens": 300, "temperature": 0}
        assert ask(double, api, secret=Secret("k" * 20), **settings) == SORTED
    (asked,) = double.asked
    assert (asked.api, asked.model, asked.most, asked.body["temperature"]) == (api, "m", 300, 0)
    assert asked.system.startswith("You sort letters.\n\n" + prompts.RULES)
    assert json.loads(asked.system.rpartition("JSON Schema:\n")[2]) == ANSWER
    letter = '<data name="letter">"My bill is wrong."</data>'
    assert asked.turns == (("user", f"Which department is this letter for? {letter}"),)
    assert "tools" not in asked.body


@BOTH
def test_the_schema_is_sent_in_a_field_of_its_own_where_that_is_wanted(api: str) -> None:
    with model(GOOD) as double:
        ask(double, api, structured=True)
    body = double.asked[0].body
    given = body["output_config"]["format"] if api == "anthropic" else body["response_format"]["json_schema"]
    assert given["schema"] == ANSWER


def test_other_services_name_the_field_for_tokens_otherwise() -> None:
    with model(GOOD) as double:
        ask(double, "openai", limit="max_tokens")
        ask(double, "openai")
    assert ["max_tokens" in one.body for one in double.asked] == [True, False]


def test_values_that_the_prompt_does_not_name_follow_it() -> None:
    with model(GOOD) as double:
        ask(double, given=action("x", order={"id": 7}))
        ask(double, given=Action("a", "ask", "clerk", "sort", {}, "r", "r:1:1", 0))
    assert double.asked[0].turns[0][1].endswith('"x"</data>\n\n<data name="order">{"id":7}</data>')
    assert len(double.asked) == 1  # without its letter it is not asked at all


def test_a_text_is_the_answer_where_none_is_declared() -> None:
    with model("Hello.") as double:
        assert ask(double, answer=None) == Done({"text": "Hello."})
    assert "JSON Schema" not in double.asked[0].system


@pytest.mark.parametrize("kind", ["bearer", "text"])
@BOTH
def test_a_key_is_sent_as_the_service_takes_it(api: str, kind: str) -> None:
    with model(GOOD, key="k" * 20) as double:
        assert ask(double, api, secret=Secret("k" * 20, kind)) == SORTED
        assert ask(double, api, secret=Secret("wrong")) == Failed("the answer was 401", "http 401")
        assert ask(double, api) == Failed("the answer was 401", "http 401")
    header = "x-api-key" if api == "anthropic" else "authorization"
    assert double.asked[0].headers[header].endswith("k" * 20)


# --- what is an answer ------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("text", [GOOD, f"  {GOOD}\n", f"```json\n{GOOD}\n```", f"```\n{GOOD}```"])
def test_an_answer_may_stand_in_a_fence(api: str, text: str) -> None:
    with model(text) as double:
        assert ask(double, api) == SORTED
    assert len(double.asked) == 1


BAD = [
    "", "I think billing.", "{", '{"department": "billing"}', '{"department": "legal", "urgent": true}', "[]",
    '{"department": "billing", "urgent": "true"}', '{"department": "billing", "urgent": 1}', "null", "NaN",
    '{"department": "billing", "urgent": true, "run": "rm -rf /"}', GOOD + GOOD, f"Sure! {GOOD}",
    '{"department": "sales", "department": "billing", "urgent": true}', "[" * 5000, "\x00", "```json\n```",
    f"```\n{GOOD}\n```\n```\n{GOOD}\n```", '{"urgent": 1e99999, "department": "sales"}',
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
@BOTH
def test_what_is_no_answer_is_asked_for_once_more_and_not_again(api: str, text: str) -> None:
    with model(text, GOOD) as double:
        assert ask(double, api) == SORTED
    turns = double.asked[1].turns
    assert turns[0] == double.asked[0].turns[0]
    assert turns[-1][1].startswith("That was no answer, for these reasons:\n<data name=")
    assert [role for role, _ in turns][-2:] == (["assistant", "user"] if text.strip() else ["user", "user"])
    with model(text) as double:
        outcome = ask(double, api)
    assert isinstance(outcome, Failed)
    assert outcome.error == "answer"
    assert outcome.why.startswith("the model gave no answer of the declared kind: ")
    assert len(double.asked) == 2


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (Says(GOOD, "refusal"), "refusal"),
        (Says(GOOD, "length"), "tokens"),
        (Calls("send_mail", {"to": "eve@evil.example"}), "tool call"),
        (Calls("bash", {"command": "id"}, text=GOOD), "tool call"),
    ],
)
@BOTH
def test_what_keeps_a_model_from_answering_is_final(api: str, step: Step, error: str) -> None:
    with model(step) as double:
        outcome = ask(double, api)
    assert isinstance(outcome, Failed)
    assert outcome.error == error
    assert len(double.asked) == 1


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        (b"", Again, "protocol"),
        (b"<html>busy</html>", Again, "protocol"),
        (b"[]", Again, "protocol"),
        (b"{}", Again, "protocol"),
        (b'{"choices": []}', Again, "protocol"),
        (b'{"choices": [{"message": null}]}', Again, "protocol"),
        (b'{"content": "text"}', Again, "protocol"),
        (b'{"content": [null, 3, {"type": "text"}], "choices": [3]}', (Again, Failed), ""),
        (b'{"x": "' + b"a" * (10 << 20) + b'"}', Failed, "answer"),
    ],
)
@BOTH
def test_what_is_not_of_the_format(api: str, body: bytes, kind: Any, error: str) -> None:
    with model(Raw(body)) as double:
        outcome = ask(double, api)
    assert isinstance(outcome, kind)
    assert not error or getattr(outcome, "error", "") == error


@pytest.mark.parametrize("status", [408, 429, 500, 529])
@BOTH
def test_a_service_that_is_overloaded_is_asked_later(api: str, status: int) -> None:
    async def story() -> tuple[Outcome, Outcome]:
        one = agent(double, api)
        try:
            return await one.perform(action(), Replies()), await one.perform(action(), Replies())
        finally:
            await one.close()

    with model(Fails(status, after=20)) as double:
        first, second = asyncio.run(story())
    assert first == Again(f"the answer was {status}", 20.0, f"http {status}")
    assert isinstance(second, Again)
    assert len(double.asked) == (1 if status == 429 else 2)  # nobody asks before the time it asked for


# --- what comes from events -------------------------------------------------------------------------------


def obeys(prompted: Prompted) -> Calls | Says:
    """A model that does whatever stands anywhere in its prompt."""
    text = prompted.turns[0][1]
    called = re.search(r"(send_mail|delete_rules|bash|get_secret)", text)
    return Calls(called[1]) if called else Says('{"department": "admin", "urgent": true, "system": "ok"}')


def test_there_are_forty_letters() -> None:
    assert len(set(LETTERS)) >= 40


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_that_gives_orders_is_data_and_a_model_that_obeys_it_achieves_nothing(letter: str) -> None:
    with model(obeys) as double:
        outcome = ask(double, given=action(letter))
    assert isinstance(outcome, Failed)
    assert outcome.error in ("tool call", "answer")
    text = double.asked[0].turns[0][1]
    assert text.count("<data ") == text.count("</data>") == 1
    assert text.endswith("</data>")
    assert text.isprintable()
    assert decode(text[text.index(">") + 1 : -len("</data>")]) == letter
    assert letter not in double.asked[0].system


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(), VALUES)
def test_no_value_ends_its_mark_and_all_of_it_is_there(name: str, value: Any) -> None:
    made = prompts.data(name, value)
    head, _, rest = made.partition(">")
    assert rest.endswith("</data>")
    inner = rest.removesuffix("</data>")
    assert not set("<>") & set(head.removeprefix("<") + inner)
    assert made.isprintable()
    assert decode(inner) == value
    assert decode(head.removeprefix("<data name=")) == name


def test_instructions_hold_no_values() -> None:
    with model() as double, pytest.raises(ValueError, match="`instructions` holds values"):
        agent(double, instructions="Sort {{ letter }}")


# --- what it spends ---------------------------------------------------------------------------------------


def test_both_rounds_share_the_tokens_of_an_action() -> None:
    with model(Says("no", tokens=(10, 180)), GOOD) as double:
        assert ask(double, tokens=200) == SORTED
    assert [one.most for one in double.asked] == [200, 20]
    with model(Says("no", tokens=(10, 190)), GOOD) as double:
        outcome = ask(double, tokens=200)  # what is left is worth no round
    assert isinstance(outcome, Failed)
    assert (outcome.error, len(double.asked)) == ("answer", 1)


def test_an_agent_spends_no_more_in_an_hour_than_it_may() -> None:
    async def story() -> list[Outcome]:
        one = agent(double, tokens=100, hourly=900)
        try:
            return [await one.perform(action(), Replies({}, ANSWER)) for _ in range(3)]
        finally:
            await one.close()

    with model(Says(GOOD, tokens=(600, 100))) as double:
        first, second, third = asyncio.run(story())
    assert first == SORTED
    assert isinstance(second, Again)
    assert isinstance(third, Again)
    assert second.error == "budget"
    assert second.after is not None
    assert HOUR - 60 < second.after <= HOUR
    assert len(double.asked) == 1


def test_a_prompt_larger_than_an_hour_allows_never_works() -> None:
    with model(GOOD) as double:
        outcome = ask(double, given=action("x" * 8000), tokens=100, hourly=1000)
        longest = ask(double, given=action("x" * 100_000))
    assert isinstance(outcome, Failed)
    assert outcome.error == "budget"
    assert isinstance(longest, Failed)
    assert longest.error == "arguments"
    assert double.asked == []


def test_a_service_that_does_not_count_is_counted_for() -> None:
    with model(Says("x" * 400, tokens=None), Says(GOOD, tokens=None)) as double:
        assert ask(double, tokens=200) == SORTED
    assert double.asked[1].most == 200 - 101


@given(st.lists(st.tuples(st.integers(1, 80), st.integers(0, 60), st.integers(0, 3000)), max_size=30))
def test_no_hour_holds_more_than_is_allowed(calls: list[tuple[int, int, int]]) -> None:
    now = [0.0]
    allowance = Allowance(100, lambda: now[0])
    held: list[Spent] = []
    for tokens, used, later in calls:
        spent = allowance.take(tokens)
        if isinstance(spent, Spent):
            held.append(spent)
            allowance.settle(spent, min(used, tokens))
        else:
            assert 0 < spent <= HOUR
        within = [one for one in held if one.at > now[0] - HOUR]
        assert sum(one.tokens for one in within) <= 100
        now[0] += later


def test_after_the_wait_it_says_there_is_enough() -> None:
    now = [0.0]
    allowance = Allowance(100, lambda: now[0])
    for tokens in (50, 50):
        assert isinstance(allowance.take(tokens), Spent)
        now[0] += 100
    wait = allowance.take(60)
    assert wait == HOUR - 100
    now[0] += float(wait) - 100 + 100
    assert isinstance(allowance.take(50), Spent)


def test_a_model_that_never_answers_is_given_up() -> None:
    async def story() -> Outcome:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1 << 20)
            await over.wait()
            writer.close()

        over = asyncio.Event()
        server = await asyncio.start_server(silent, HERE, 0)
        url = f"http://{HERE}:{server.sockets[0].getsockname()[1]}"
        made = {"api": "anthropic", "url": url, "model": "m", "prompt": "x", "private": True, "timeout": 0.2}
        one = LlmAgent("clerk", made, ".")
        outcome = await one.perform(action(), Replies({}, ANSWER))
        over.set()
        server.close()
        await one.close()
        return outcome

    assert asyncio.run(story()) == Again("no answer within 0.2 seconds", error="timeout")


# --- settings and secrets ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({}, "needs a `prompt`"),
        ({"prompt": "x", "actions": {"a": {"prompt": "y"}}}, "leave one of them out"),
        ({"prompt": "{{ a | b }}"}, "`prompt` may hold"),
        ({"actions": {"a": {"prompt": "{% x %}"}}}, "`actions.a.prompt` may hold"),
        ({"prompt": "x", "url": "https://a.example/v1?x=1"}, "before `\\?`"),
        ({"prompt": "x", "tokens": 500, "hourly": 400}, "less than the `tokens`"),
    ],
)
def test_settings_that_cannot_work(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        LlmAgent("clerk", {"api": "openai", "model": "m", **settings}, ".")


def test_each_action_has_its_own_prompt() -> None:
    with model(GOOD) as double:
        tasks = {"sort": {"prompt": "S", "tokens": 50}, "sum": {"prompt": "T", "instructions": "I"}}
        made = {"api": "anthropic", "url": double.url, "model": "m", "private": True, "actions": tasks}

        async def story() -> Outcome:
            one = LlmAgent("clerk", made, ".")
            await one.perform(action(), Replies({}, ANSWER))
            other = Action("a", "ask", "clerk", "other", {}, "r", "r:1:1", 0)
            outcome = await one.perform(other, Replies())
            await one.close()
            return outcome

        assert asyncio.run(story()) == Failed("`clerk` has no action `other`; it has sort, sum")
    assert (double.asked[0].most, double.asked[0].turns[0][1][:1]) == (50, "S")


@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
@BOTH
def test_a_key_is_found_in_nothing_that_is_said(
    api: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    key = canary()

    def says(prompted: Prompted) -> Says | Fails:
        text = f"{key} {key[:20]} {key.encode().hex()}"
        return Says(json.dumps({"text": text})) if status == 200 else Fails(status, text)

    async def story() -> str:
        one = agent(double, api)
        outcomes = [
            await one.perform(action(), Replies({HERE: Secret(key)}, declared))
            for declared in (None, ANSWER, {"type": "object"})
        ]
        said = repr((outcomes, vars(one), vars(one.exchange), vars(one.patience), double.script))
        await one.close()
        return said

    with model(says) as double:
        said = asyncio.run(story())
    assert key in str(double.asked[0].headers)
    assert_free(said + caplog.text, key)
