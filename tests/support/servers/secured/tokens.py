"""An OAuth 2 token endpoint over TLS that issues signed JSON web tokens for client credentials."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AUDIENCE = "kafka"
_KEY_ID = "test"


@dataclass
class TokenIssuer:
    """The key of an issuer, its clients, and what it has been asked.

    Attributes:
        secrets: Secret of each client id.
        n_requests: Requests that were answered with a token.
        scopes: Scope of each of them.
    """

    secrets: dict[str, str]
    n_requests: int = 0
    scopes: list[str] = field(default_factory=list)
    url: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048), repr=False)

    def write_keys(self, path: Path) -> None:
        """Write the public key as a JSON web key set, which the broker reads."""
        numbers = self.key.public_key().public_numbers()
        key = {"kty": "RSA", "kid": _KEY_ID, "use": "sig", "alg": "RS256"}
        key |= {"n": _base64(numbers.n.to_bytes(256, "big")), "e": _base64(numbers.e.to_bytes(3, "big"))}
        path.write_text(json.dumps({"keys": [key]}), "utf-8")

    def token(self, client: str) -> str:
        """Return a token for a client."""
        now = int(time.time())
        claims = {"sub": client, "aud": AUDIENCE, "iat": now, "exp": now + 300, "scope": "kafka"}
        parts = [{"alg": "RS256", "kid": _KEY_ID, "typ": "JWT"}, claims]
        text = ".".join(_base64(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_base64(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def answer(self, credentials: str, form: dict[str, list[str]]) -> tuple[int, Any]:
        """Return status and body of an answer."""
        kind, _, encoded = credentials.partition(" ")
        client, _, secret = base64.b64decode(encoded).decode().partition(":")
        client, secret = unquote_plus(client), unquote_plus(secret)
        is_known = kind == "Basic" and self.secrets.get(client) == secret
        if not is_known or form.get("grant_type") != ["client_credentials"]:
            return 401, {"error": "invalid_client"}
        self.n_requests += 1
        self.scopes += form.get("scope", [])
        return 200, {"access_token": self.token(client), "token_type": "Bearer", "expires_in": 300}


@contextmanager
def serve_tokens(issuer: TokenIssuer, certificate: Path) -> Iterator[TokenIssuer]:
    """Answer at a free port of this machine until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, body = issuer.answer(self.headers.get("Authorization", ""), form)
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", issuer.url)
                self.end_headers()
                return
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    issuer.url = f"https://localhost:{server.server_port}/token"
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
