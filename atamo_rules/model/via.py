"""By which way a message came in: what the audit says of it beside its user."""

from __future__ import annotations

from typing import NamedTuple


class Via(NamedTuple):
    """The name of the event provider, and its client as the provider knows it: a key, an address, a mailbox. Both empty
    for what a program hands to its own hub."""

    provider: str = ""
    client: str = ""

    def facts(self) -> dict[str, str]:
        """What a record says; nothing of what is not known."""
        named = {"via": self.provider, "client": self.client}
        return {name: text for name, text in named.items() if text}


DIRECT = Via()
