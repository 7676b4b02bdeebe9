"""What the hub relies on of vaults: a suite for plug-in authors."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from atamo_rules.errors import NotAllowed
from atamo_rules.hub.ports import Vault


class VaultContract:
    """What the hub relies on of a vault."""

    def vault(self, holds: Mapping[tuple[str, str, str], str]) -> Vault:
        """A vault that holds some texts, each by user (`user NAME` or `group NAME`), agent and host."""
        raise NotImplementedError

    KEPT: Mapping[tuple[str, str, str], str] = {
        ("user ada", "crm", "crm.example"): "ada's own",
        ("user bob", "crm", "crm.example"): "bob's own",
        ("group desk", "mail", "mail.example"): "the desk's",
    }

    def test_it_gives_what_a_user_has_for_an_agent_at_a_host(self) -> None:
        async def story() -> None:
            vault = self.vault(self.KEPT)
            for (user, agent, host), text in self.KEPT.items():
                found = await vault.credential(user, agent, host)
                assert found is not None
                assert found.reveal() == text

        asyncio.run(story())

    def test_it_gives_nothing_to_anybody_else_nor_for_anything_else(self) -> None:
        async def story() -> None:
            vault = self.vault(self.KEPT)
            for asked in (
                ("user eve", "crm", "crm.example"),
                ("group ada", "crm", "crm.example"),
                ("user desk", "mail", "mail.example"),
                ("user ada", "mail", "mail.example"),
                ("user ada", "crm", "evil.example"),
                ("user ada", "crm", "crm.example.evil.example"),
                ("user ada", "", ""),
            ):
                try:
                    found = await vault.credential(*asked)
                except NotAllowed as error:
                    found, said = None, str(error)
                else:
                    said = ""
                assert found is None
                assert not any(text in said for text in self.KEPT.values())

        asyncio.run(story())

    def test_a_user_of_an_organisation_is_not_the_one_of_that_name_without(self) -> None:
        async def story() -> None:
            vault = self.vault(self.KEPT)
            found = await vault.credential("user ada", "crm", "crm.example", organisation="")
            assert found is not None
            with suppress(NotAllowed):
                assert await vault.credential("user ada", "crm", "crm.example", organisation="acme") is None

        asyncio.run(story())

    def test_what_it_gives_is_not_shown_by_accident(self) -> None:
        async def story() -> None:
            found = await self.vault(self.KEPT).credential("user ada", "crm", "crm.example")
            assert not any("ada's own" in shown for shown in (repr(found), str(found), f"{found}"))

        asyncio.run(story())
