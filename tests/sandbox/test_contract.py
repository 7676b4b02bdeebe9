"""A Python file is an evaluator as any other: it passes the suite that plug-in authors have."""

from __future__ import annotations

from atamo_rules.builtin.configuration.python_files import PythonFile, Written
from atamo_rules.model.event import Event
from atamo_rules.source.span import Source
from atamo_rules.testing.contracts import EvaluatorContract
from atamo_rules.testing.laws_of_providing import event
from tests.providers.beside import RULES
from tests.sandbox.walls import needs_walls

ROUTED = """
def evaluate(event):
    if event["type"] == "thing.seen":
        return [{"send": "desk.note", "with": {"n": event["data"]["n"]}}]
"""


@needs_walls
class TestPythonFile(EvaluatorContract):
    def provider(self) -> PythonFile:
        return PythonFile(Written(Source("providers/routed.py", ROUTED), "routed", "d1g"))

    def event(self) -> Event:
        return event(n=1)

    def rules(self) -> str:
        return RULES
