"""The vault of a hub: tokens sealed in its store, opened at the moment of a call and kept nowhere else.

Every change is one write of one entry, so whatever ends the process, each token is there whole, sealed under a key that
was there when it was written.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from atamo_rules.builtin.vaults.keys import Keys, KeySource
from atamo_rules.builtin.vaults.oauth import OAuth
from atamo_rules.builtin.vaults.sealing import Unopened, cipher, seal, unseal
from atamo_rules.errors import NotAllowed
from atamo_rules.hub.clock import Clock
from atamo_rules.hub.store import Store
from atamo_rules.model.audit import Kind, Note
from atamo_rules.model.secret import Secret
from atamo_rules.model.types import Json
from atamo_rules.model.work import Entry, Put
from atamo_rules.people.tokens import (
    KINDS,
    Binding,
    Rotation,
    Token,
    TokenKind,
    check_form,
    read_token,
)

BUCKET = "secrets"
LONGEST = 64 << 10
"""Characters of one token."""


class SealedVault:
    """Tokens of one hub. `token_hosts` are the servers that an OAuth refresh may be asked of: none, unless whoever runs
    the hub names them. Raises ValueError where there is no key."""

    store: Store
    clock: Clock

    def __init__(self, source: KeySource, token_hosts: frozenset[str] = frozenset()) -> None:
        self.source = source
        self.keys: Keys = source.read()
        cipher(self.keys.all[self.keys.first])
        self.oauth = OAuth(token_hosts)
        self.kept: dict[str, Token] = {}
        self.lock = asyncio.Lock()

    async def begin(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        for entry in await store.entries(BUCKET):
            if isinstance(entry.value, dict):
                self.kept[entry.key] = read_token(entry.value)

    def hear(self, entry: Entry) -> None:
        """Take a token that another hub, which shares the store, has set or removed."""
        if isinstance(entry.value, dict):
            self.kept[entry.key] = read_token(entry.value)
        elif self.kept.pop(entry.key, None) is not None:
            self.oauth.forget(entry.key)

    def tokens(self) -> tuple[Token, ...]:
        return tuple(self.kept.values())

    def holds(self, user: str, agent: str, organisation: str) -> bool:
        return any(one.binding.serves(user, agent, organisation) for one in self.kept.values())

    async def credential(self, user: str, agent: str, host: str, *, organisation: str = "") -> Secret | None:
        found = [one for one in self.kept.values() if one.binding.serves(user, agent, organisation)]
        if not found:
            return None
        token = next((one for one in found if one.binding.reaches(host)), None)
        if token is None:
            place = f"at `{host}`" if host else "without a host"
            raise NotAllowed(f"what `{user}` has for `{agent}` is not for use {place}")
        if token.kind != "oauth2":
            return Secret(self._opened(token), token.kind, token.id, token.version)

        async def renew(text: str, before: str) -> None:
            await self._renewed(token.binding, text, before)

        text = await self.oauth.access(token.id, self._opened(token), renew, self.clock.passed)
        return Secret(
            text, "bearer", token.id, self.kept[token.id].version if token.id in self.kept else token.version
        )

    def _opened(self, token: Token) -> str:
        try:
            return unseal(self.keys, token.sealed, token.associated())
        except Unopened as error:
            raise NotAllowed(f"the token `{token.id}` does not open: {error}") from None

    # --- changes ----------------------------------------------------------------------------------------

    async def keep(
        self, binding: Binding, kind: TokenKind, text: str, *, by: str = "", about: str = ""
    ) -> Token:
        if kind not in KINDS or not text or len(text) > LONGEST:
            raise ValueError(f"a token has 1 to {LONGEST} characters, and is one of {', '.join(KINDS)}")
        if kind == "oauth2":
            self.oauth.check(text)
        check_form(kind, text)
        async with self.lock:
            for other in self.kept.values():
                b = other.binding
                both = set(b.hosts) & set(binding.hosts) or not (b.hosts or binding.hosts)
                if (
                    other.id != binding.id
                    and b.serves(binding.who, binding.agent, binding.organisation)
                    and both
                ):
                    raise ValueError(f"`{other.id}` is for the same host already: remove it first")
            token = await self._write(binding, kind, text, by, about)
        await self._note("secret.set", token, by)
        return token

    async def _renewed(self, binding: Binding, text: str, before: str) -> None:
        """Keep what a token server gave in place of a refresh token, unless somebody set another meanwhile; its version
        does not say so, for one that is set after a removal begins at 1 again."""
        async with self.lock:
            known = self.kept.get(binding.id)
            if known is None or self._opened(known) != before:
                return
            token = await self._write(binding, known.kind, text, known.by, known.about)
        await self._note("secret.rotated", token, "", why="refresh")

    async def _write(self, binding: Binding, kind: TokenKind, text: str, by: str, about: str) -> Token:
        known = self.kept.get(binding.id)
        version = known.version + 1 if known is not None else 1
        bare = Token(binding, kind, version, "", self.clock.now().isoformat(), by, about)
        token = replace(bare, sealed=seal(self.keys, text, bare.associated()))
        await self.store.put(Put(BUCKET, token.id, token.kept()))
        self.kept[token.id] = token
        return token

    async def remove(self, id: str, by: str = "") -> Token | None:
        async with self.lock:
            token = self.kept.get(id)
            if token is None:
                return None
            await self.store.put(Put(BUCKET, id, None))
            del self.kept[id]
        self.oauth.forget(id)
        await self._note("secret.removed", token, by)
        return token

    async def rotate(self, by: str = "") -> Rotation:
        keys = await asyncio.to_thread(self.source.read)
        count, lost = 0, []
        async with self.lock:
            self.keys = keys
            for token in list(self.kept.values()):
                if token.key == keys.first:
                    continue
                try:
                    text = unseal(keys, token.sealed, token.associated())
                except Unopened:
                    lost.append(token.id)
                    continue
                anew = replace(token, sealed=seal(keys, text, token.associated()))
                await self.store.put(Put(BUCKET, anew.id, anew.kept()))
                self.kept[anew.id] = anew
                count += 1
                await self._note("secret.rotated", anew, by, why="key")
        return Rotation(keys.first, count, tuple(lost))

    async def _note(self, kind: Kind, token: Token, by: str, **more: str) -> None:
        b = token.binding
        what: dict[str, Json] = {
            "secret": token.id, "version": token.version, "as": b.who, "organisation": b.organisation,
            "agent": b.agent, "hosts": list(b.hosts), "key": token.key, **more,
        }  # fmt: skip
        await self.store.write([Note(self.clock.now(), kind, who=by, what=what)])
