"""Which addresses an agent may connect to: the public internet, and what its settings allow beyond that.

The address that is checked is the one that is connected to (OWASP, Server Side Request Forgery Prevention): a name is
resolved once for a call, here, and nobody looks it up again.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any, TypeAlias

Address: TypeAlias = "IPv4Address | IPv6Address"
Network: TypeAlias = "IPv4Network | IPv6Network"

SETTING: dict[str, Any] = {
    "anyOf": [
        {"type": "boolean"},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ]
}
"""The schema of the setting `private`: true for every private and local address, or the networks that are allowed."""

_PUBLIC_V6 = ip_network("2000::/3")  # all that IANA assigned as global unicast
_EMBEDDING = (ip_network("64:ff9b::/96"), ip_network("::/96"))  # RFC 6052, and the older IPv4-compatible form
_NEVER = (
    ip_network("169.254.0.0/16"),
    ip_network("fe80::/10"),
    ip_network("fd00:ec2::/32"),
    ip_network("100.100.100.200/32"),
    ip_network("192.0.0.192/32"),
    ip_network("168.63.129.16/32"),
)
"""Where clouds keep the credentials of a machine: `private: true` does not reach them, a network named there does. The
last is Azure's own and to IANA a public one: it answers from within a machine there alone."""


class Refused(Exception):
    """An address that may not be called; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an agent may go: the public internet, all private addresses too (`anywhere`), or some `networks`."""

    anywhere: bool = False
    networks: tuple[Network, ...] = ()

    def allows(self, text: str) -> bool:
        """Whether an address, as text, may be connected to."""
        given = ip_address(text.split("%")[0])
        forms = {given, innermost(given)}
        if any(one in network for one in forms for network in self.networks):
            return True
        if any(one in network for one in forms for network in _NEVER):
            return False
        if self.anywhere:
            return not any(one.is_multicast for one in forms)
        return public(text)

    async def resolve(self, host: str, port: int) -> str:
        """The address to connect to. Raises OSError when there is none, Refused when none of them may be called."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise OSError("it is no name of a host") from None
        for entry in found:
            address = str(entry[4][0])
            if self.allows(address):
                return address
        raise Refused(f"{host} is a private or local address; the setting `private` can allow it")


def reach(setting: bool | Sequence[str]) -> Reach:
    """What the setting `private` says. Raises ValueError for what is no network."""
    if isinstance(setting, bool):
        return Reach(anywhere=setting)
    try:
        return Reach(networks=tuple(ip_network(one) for one in setting))
    except ValueError as error:
        raise ValueError(f"`private` names what is no network: {error}") from None


def public(text: str) -> bool:
    """Whether an address is on the public internet, the IPv4 address inside an IPv6 one included."""
    address = ip_address(text.split("%")[0])
    inner = innermost(address)
    if isinstance(inner, IPv6Address) and inner not in _PUBLIC_V6:
        return False
    return inner.is_global and not inner.is_multicast


def innermost(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64, compatible), or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is not None:
        return inner
    if any(address in network for network in _EMBEDDING):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
