"""JsonLogic rules, as json-logic-js decides them, read as ours."""

from atamo_rules.importers.jsonlogic.read import read as read
