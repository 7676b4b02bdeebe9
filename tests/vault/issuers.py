"""A small OpenID Connect issuer on this machine: it describes itself, shows its keys, and signs what it is asked to."""

from __future__ import annotations

import base64
import hmac
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from atamo_rules.model.strict_json import encode
from atamo_rules.rest.keysets import WELL_KNOWN

URL, AUDIENCE = "https://login.example", "atamo"


class LocalIssuer:
    """Signs with keys of its own, and shows their public halves."""

    def __init__(self) -> None:
        self.keys = {"k1": ec.generate_private_key(ec.SECP256R1())}
        self.asked = 0
        self.down = False
        self.described: dict[str, str] = {}
        """What its description says in place of the truth."""
        self.more: list[dict[str, str]] = []
        """Keys that it shows beside its own."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                discovery = self.path == WELL_KNOWN
                outer.asked += not discovery
                self.send_response(500 if outer.down else 200)
                self.end_headers()
                self.wfile.write((outer.description() if discovery else outer.key_set()).encode())

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def description(self) -> str:
        return encode({"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.described})

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def key_set(self) -> str:
        shown = jwt.algorithms.ECAlgorithm.to_jwk
        own = [{**shown(key.public_key(), as_dict=True), "kid": id} for id, key in self.keys.items()]
        return encode({"keys": [*own, *self.more]})

    def token(self, kid: str = "k1", **claims: Any) -> str:
        whole = {"iss": URL, "aud": AUDIENCE, "sub": "ann", "exp": int(time.time()) + 600, **claims}
        kept = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(kept, self.keys[kid], "ES256", headers={"kid": kid})


def forged(claims: dict[str, Any], public: bytes) -> str:
    """A token that the issuer's public key is the HMAC key of: whoever lets the token choose takes it for good."""

    def coded(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    signed = f"{coded(encode({'alg': 'HS256', 'kid': 'k1'}).encode())}.{coded(encode(claims).encode())}"
    return f"{signed}.{coded(hmac.digest(public, signed.encode(), 'sha256'))}"
