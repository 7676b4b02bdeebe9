"""Addresses and networks as event-ruler reads them in patterns."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_V4 = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_V6 = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")


class NotANetwork(Exception):
    """Why a text is no network."""


def address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that a text is; an IPv4-mapped IPv6 address is its IPv4 address. None of any other text."""
    try:
        if _V4.fullmatch(text):
            return IPv4Address(".".join(part.lstrip("0") or "0" for part in text.split(".")))
        found = ip_address(text) if _V6.fullmatch(text) else None
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped if mapped is not None else found


def network(text: str) -> str:
    """The network of a `cidr`, with bits behind its prefix at zero. Raises NotANetwork."""
    front, slash, bits = text.partition("/")
    found = address(front)
    if not slash:
        raise NotANetwork("a network is an address, a slash and the bits of its prefix")
    if found is None:
        raise NotANetwork(f"`{front}` is not an IP address")
    if not (bits.isascii() and bits.isdigit()) or int(bits[:4]) >= found.max_prefixlen:
        raise NotANetwork(f"behind the slash stand fewer than {found.max_prefixlen} bits")
    return str(ip_network(f"{found}/{int(bits)}", strict=False))
