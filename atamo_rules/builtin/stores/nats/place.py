"""Where a stream is, as the command line says it: `tls://HOST:PORT,HOST:PORT/STREAM?creds=FILE&ca=FILE`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

STREAM = "atamo"
PORT = 4222
MONITOR = 8222
"""The port at which a server says how it is set up, unless another is named."""

_SERVER = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")


@dataclass(frozen=True, slots=True)
class Server:
    """One server: where clients connect, and where it tells of itself."""

    host: str
    port: int
    monitor: int
    tls: bool = False

    @property
    def url(self) -> str:
        return f"{'tls' if self.tls else 'nats'}://{self.host}:{self.port}"

    @property
    def told_at(self) -> str:
        return f"http://{self.host}:{self.monitor}"


@dataclass(frozen=True, slots=True)
class Place:
    """All servers of the cluster, and the stream that the hubs share on them."""

    servers: tuple[Server, ...]
    stream: str = STREAM
    replicas: int = 1
    """On how many servers a new stream is kept."""
    creds: str = ""
    """A file of NATS credentials."""
    ca: str = ""
    """A file with the certificate of the authority that certifies the servers; empty for those of the system."""

    @property
    def tls(self) -> bool:
        return any(server.tls for server in self.servers)


def read_place(said: str) -> Place:
    """The place that was said. Raises ValueError, with what is wrong."""
    if "@" in said.partition("?")[0]:
        raise ValueError("a password has no place here, where everybody reads it: name a file, `?creds=FILE`")
    tls = said.startswith("tls://")
    address, _, query = said.removeprefix("tls:").removeprefix("//").partition("?")
    hosts, _, stream = address.partition("/")
    stream = stream or STREAM
    if not _NAME.fullmatch(stream):
        raise ValueError(f"`{stream}` is no name of a stream: letters, digits, `_` and `-` are allowed")
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(set(options) - {"ca", "creds", "monitor", "replicas"})
    if unknown:
        raise ValueError(f"`{unknown[0]}` is no setting: there are `ca`, `creds`, `monitor` and `replicas`")
    if "ca" in options and not tls:
        raise ValueError("`ca` is about TLS: write `tls://` before the servers")
    ports = [_number(one, "monitor") for one in options.get("monitor", str(MONITOR)).split(",")]
    written = hosts.split(",")
    if len(ports) == 1:
        ports *= len(written)
    if len(ports) != len(written):
        raise ValueError("`monitor` names one port for all servers, or one for each")
    servers = tuple(_server(one, monitor, tls) for one, monitor in zip(written, ports, strict=True))
    replicas = _number(options.get("replicas", str(min(len(servers), 5))), "replicas")
    if not 1 <= replicas <= len(servers):
        raise ValueError(f"`replicas={replicas}` needs as many servers: name them all, `host,host,host`")
    return Place(servers, stream, replicas, options.get("creds", ""), options.get("ca", ""))


def _server(written: str, monitor: int, tls: bool) -> Server:
    found = _SERVER.fullmatch(written)
    if found is None:
        raise ValueError(f"`{written}` is no server: write `HOST` or `HOST:PORT`")
    return Server(found[1], int(found[2] or PORT), monitor, tls)


def _number(written: str, name: str) -> int:
    if not written.isdecimal():
        raise ValueError(f"`{name}={written}` is no number")
    return int(written)
