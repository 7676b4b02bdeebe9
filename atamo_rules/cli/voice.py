"""What the dispatcher says of itself, on standard error."""

from __future__ import annotations

from typing import Any

from atamo_rules.cli.console import say
from atamo_rules.cli.shown import show


class Voice:
    """What the dispatcher says of itself, on standard error."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.serving = ""

    def tell(self, text: str) -> None:
        """A line of news."""
        if not self.quiet:
            say(f"{text}\n", err=True)

    def warn(self, text: str) -> None:
        """A line that is said even when quiet."""
        say(f"{text}\n", err=True)

    def left(self, left: Any) -> None:
        """What a process before left open."""
        count = left.open + len(left.pending)
        if count:
            lost = f", {left.lost} of them were running" if left.lost else ""
            self.tell(f"going on with what was left open: {count}{lost}")

    def state(self, state: Any) -> None:
        """A state of the rules: taken, or refused with its diagnostics."""
        from atamo_rules.hub.generation import Generation

        if isinstance(state, Generation):
            count, beside = len(state.ruleset.rules), len(state.evaluators)
            more = f" and {beside} provider{'' if beside == 1 else 's'}" if beside else ""
            word = "live" if self.serving != state.digest else "live again"
            self.serving = state.digest
            self.tell(
                f"generation {state.digest[:12]} {word}: {count} rule{'' if count == 1 else 's'}{more}, "
                f"ready in {state.took * 1000:.0f} ms"
            )
            return
        show(state.diagnostics)
        if self.serving:
            self.warn(f"the change was not taken; still serving generation {self.serving[:12]}")
