"""Event patterns of EventBridge, event-ruler and quamina, read as rules."""

from atamo_rules.importers.eventbridge.read import DIALECTS as DIALECTS
from atamo_rules.importers.eventbridge.read import read as read
