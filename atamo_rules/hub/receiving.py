"""What a provider that others post to makes of one post: a message for the hub, an answer of its own, or a refusal; and
why a provider does not hand answers back."""

from __future__ import annotations

from dataclasses import dataclass

from atamo_rules.model.types import Json


@dataclass(frozen=True, slots=True)
class Received:
    """A post that is genuine. `message` is an envelope as `Hub.submit_json` takes it, or None where nothing happened;
    `answer` is then what the sender waits for, as when it asks whether anybody is there. `client` is who posted, as
    far as the provider knows."""

    message: dict[str, Json] | None
    answer: Json = None
    client: str = ""


class Undeliverable(Exception):
    """Answers that nobody will ever take: whoever asked cannot be answered, or must not be. The text says why."""


class NotYet(Exception):
    """Answers that cannot be handed back now; `after` are the seconds that whoever should take them asks for."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class Refused(Exception):
    """A post that is not taken; its text is a sentence for the sender."""

    status = 400
    code = "malformed"


class Unsigned(Refused):
    """A post that nobody can show to be genuine."""

    status = 401
    code = "signature"
