"""A small OpenID Connect provider on loopback: discovery, keys, and the code flow with PKCE and nonce.

It lets everybody in without a question, as the person in ``claims``. What it does wrong on purpose is in ``tamper``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT_ID, SECRET = "fairstream", "s3cret %+/of the client"  # of a provider that lives for a test
Tamper = Callable[[dict[str, Any], dict[str, Any]], str | None]


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def signed(key: rsa.RSAPrivateKey | None, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return a JSON Web Token; without a key its signature is empty."""
    content = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    signature = b"" if key is None else key.sign(content.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{content}.{encoded(signature)}"


class Provider(ThreadingHTTPServer):
    """One provider.

    Attributes:
        claims: What it says of the person who logs in.
        tamper: Changes header and claims of a token, or returns another token.
        discovery: What replaces parts of the discovery document.
        n_key_requests: How often its keys were asked for.
        faults: What a client did wrong.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.claims: dict[str, Any] = {"sub": "person-1", "preferred_username": "grace", "roles": ["fair-audit"]}
        self.tamper: Tamper = lambda _header, _claims: None
        self.discovery: dict[str, Any] = {}
        self.n_key_requests = 0
        self.faults: list[str] = []
        self.key = rsa.generate_private_key(65537, 2048)
        self.key_id = "key-1"
        self.codes: dict[str, dict[str, str]] = {}

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        } | self.discovery

    def keys(self) -> dict[str, Any]:
        self.n_key_requests += 1
        numbers = self.key.public_key().public_numbers()
        parts = {name: encoded(number.to_bytes((number.bit_length() + 7) // 8)) for name, number in
                 (("n", numbers.n), ("e", numbers.e))}  # fmt: skip
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id, **parts}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Return the address to which a person is sent back."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert "openid" in query["scope"].split()
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def exchange(self, form: dict[str, str], authorization: str) -> dict[str, Any]:
        """Return tokens for a code.

        Raises:
            PermissionError: the client, the code or its verifier is wrong.
        """
        query = self.codes.pop(form["code"], None)
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if pair != f"{CLIENT_ID}:s3cret+%25%2B%2Fof+the+client":
            raise PermissionError("client")
        if query is None or query["redirect_uri"] != form["redirect_uri"]:
            raise PermissionError("code")
        if encoded(hashlib.sha256(form["code_verifier"].encode()).digest()) != query["code_challenge"]:
            raise PermissionError("verifier")
        now = int(time.time())
        header: dict[str, Any] = {"alg": "RS256", "kid": self.key_id, "typ": "JWT"}
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "exp": now + 300,
            "iat": now,
            "nonce": query["nonce"],
        } | self.claims
        token = self.tamper(header, claims) or signed(self.key, header, claims)
        return {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "id_token": token}


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/.well-known/openid-configuration":
            self._send(200, self.server.document())
        elif address.path == "/keys":
            self._send(200, self.server.keys())
        elif address.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            self.send_response(302)
            self.send_header("Location", self.server.authorize(query))
            self.end_headers()
        else:
            self._send(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        try:
            self._send(200, self.server.exchange(form, self.headers.get("Authorization", "")))
        except PermissionError as error:
            self.server.faults.append(str(error))
            self._send(400, {"error": "invalid_grant"})

    def _send(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def open_provider() -> Iterator[Provider]:
    """Run a provider until the block ends."""
    with Provider() as provider:
        thread = threading.Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield provider
        finally:
            provider.shutdown()
            thread.join()
