"""Types of actions at run time: every agent that does one is handed its own message, and each is told apart."""

from __future__ import annotations

import asyncio

from atamo_rules.model.outcome import Done, Failed
from atamo_rules.testing.agents import ScriptedAgent
from tests.hub.stage import stage, submit

RULES = """
event thing.broke
  name: text

request price.wanted
  name: text
  answer
    price: money

action ticket.open
  retry 1 times
  title: text
  urgency: one of low, high = low

action price.find
  name: text
  answer
    price: money

agent jira
  send create_issue
    summary: text
  does ticket.open with create_issue
    summary: "[{{ urgency }}] {{ title }}"

agent github
  does ticket.open

agent shop
  does price.find
    sku: lower(name)

rule both
  on thing.broke
  do
    send ticket.open
      title: name

rule answer
  on request price.wanted
  do
    ask price.find within 5 seconds as found
      name: name
    reply
      price: found.price
"""


def test_each_agent_is_handed_its_own_message_and_the_audit_knows_the_type() -> None:
    async def story() -> None:
        jira, github = ScriptedAgent(), ScriptedAgent()
        hub, heard = stage(RULES, {"jira": jira, "github": github, "shop": ScriptedAgent()})
        await hub.start()
        await submit(hub, "thing.broke", name="press")
        (told,), (as_it_is,) = jira.asked, github.asked
        assert (told.action, told.body) == ("create_issue", {"summary": "[low] press"})
        assert (as_it_is.action, as_it_is.body) == ("ticket.open", {"title": "press"})
        assert told.id != as_it_is.id
        done = sorted(f"{one['target']}" for one in heard.what("action.created"))
        assert done == ["github.ticket.open", "jira.ticket.open"]
        await hub.drain(5)

    asyncio.run(story())


def test_the_retries_of_a_type_hold_where_the_rule_says_nothing() -> None:
    hub, _ = stage(RULES, {})
    plans = next(rule.plans for rule in hub.current.ruleset.rules if rule.id == "both")
    assert [plan.retry for plan in plans] == [1, 1]
    assert len({plan.index for plan in plans}) == 2


def test_an_answer_is_held_to_the_type() -> None:
    async def story(answer: Done | Failed) -> list[str]:
        shop = ScriptedAgent(answer)
        hub, heard = stage(RULES, {"shop": shop, "jira": ScriptedAgent(), "github": ScriptedAgent()})
        await hub.start()
        await submit(hub, "price.wanted", name="NUT")
        assert shop.asked[0].body == {"sku": "nut"}
        await hub.drain(5)
        return heard.kinds()

    assert "reply.sent" in asyncio.run(story(Done({"price": 3})))
    kinds = asyncio.run(story(Done({"price": "much"})))
    assert "action.failed" in kinds
    assert "reply.sent" not in kinds
