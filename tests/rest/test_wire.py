"""Answers on one connection are sent at once."""

from __future__ import annotations

import socket
from collections.abc import Callable

from tests.places import ORDERS
from tests.rest.conftest import Serving


def test_what_is_sent_waits_for_no_acknowledgement(serve: Callable[..., Serving]) -> None:
    """Also where the socket that listens was made without the number of TCP, as that of these tests and of `atamo run`:
    each answer took 40 ms more on a connection that stays open."""
    serving = serve(ORDERS)
    assert serving.web.get("/v1/types").status_code == 200
    lines = [one.transport.get_extra_info("socket") for one in serving.server.server_state.connections]
    assert [line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for line in lines] == [1]
