"""Functions on addresses: mail, URLs and IP."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from atamo_rules.functions.absent import ABSENT
from atamo_rules.functions.signature import Function, takes
from atamo_rules.model.types import Boolean, Text

TEXT = Text()


def _domain(mail: str) -> Any:
    local, at, domain = mail.rpartition("@")
    return domain.lower() if at and local and domain else ABSENT


def _local(mail: str) -> Any:
    local, at, domain = mail.rpartition("@")
    return local if at and local and domain else ABSENT


def _part(url: str, part: str) -> Any:
    try:
        found = getattr(urlsplit(url), part)
    except ValueError:
        return ABSENT
    return found if found else ABSENT


@lru_cache(4096)
def network(text: str) -> IPv4Network | IPv6Network | None:
    """The network a text writes, host bits allowed; None when it writes none."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def address_in(address: Any, where: str) -> bool:
    """Whether a text is an IP address inside a network. An IPv4-mapped IPv6 address is its IPv4 address."""
    if not isinstance(address, str) or len(address) > 64:
        return False
    found, ip = network(where), _address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None and isinstance(found, IPv4Network):
        ip = ip.ipv4_mapped
    return found is not None and ip is not None and ip.version == found.version and ip in found


FUNCTIONS = (
    Function("domain", "What follows the `@` of a mail address, in lower case.", takes("mail:text"), TEXT, _domain,
             (('domain("a@B.example")', "b.example"),)),
    Function("local_part", "What stands before the `@` of a mail address.", takes("mail:text"), TEXT, _local,
             (('local_part("a.b@c.example")', "a.b"),)),
    Function("host", "The host of a URL, in lower case.", takes("url:text"), TEXT, lambda u: _part(u, "hostname"),
             (('host("https://Ex.example:8/x")', "ex.example"),)),
    Function("scheme", "The scheme of a URL.", takes("url:text"), TEXT, lambda u: _part(u, "scheme"),
             (('scheme("https://a.example")', "https"),)),
    Function("path", "The path of a URL.", takes("url:text"), TEXT, lambda u: _part(u, "path"),
             (('path("https://a.example/x/y?z")', "/x/y"),)),
    Function("in_network", "Whether an IP address is inside a network.", takes("ip:text", "network:text"), Boolean(),
             address_in, (('in_network("10.1.2.3", "10.0.0.0/8")', True),)),
)  # fmt: skip
