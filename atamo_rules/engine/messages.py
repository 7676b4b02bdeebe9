"""An action as its agent is handed it: under the name the agent knows it by, with the message made of its arguments."""

from __future__ import annotations

from msgspec.structs import replace

from atamo_rules.engine.examples import with_defaults
from atamo_rules.engine.frame import bare
from atamo_rules.engine.held import hold
from atamo_rules.engine.render import value
from atamo_rules.model.decision import Action
from atamo_rules.model.rule import Ruleset


def handed(ruleset: Ruleset, action: Action) -> Action:
    """The action for the agent. Its id, by which the agent knows it again, stays. Raises Problem where its message
    cannot be made."""
    message = ruleset.messages.get(action.target)
    if message is None:
        return action
    if message.body is None:
        if message.held is not None:
            hold(message.held, action.body)
        return action if message.action == action.action else replace(action, action=message.action)
    body = with_defaults(action.body, ruleset.actions[action.target].parameters)
    made = value(message.body, bare(body))
    if message.held is not None:
        hold(message.held, made)
    return replace(action, action=message.action, body=made)
