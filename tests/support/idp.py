"""An identity provider on loopback: a small real HTTP server that speaks OpenID Connect, and lies when told to."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from core import clock

CLIENT, SECRET = "spiral", "s3cret:with/odd+signs"
Lie = Callable[[dict[str, Any]], Any]


class Idp:
    """``person``: the claims about whoever signs in. ``lie``: changes the claims of the next tokens, or signs them
    its own way when it answers a string. ``publish`` overrides what the provider says about itself."""

    def __init__(self) -> None:
        self.key, self.old = RSAKey.generate_key(2048, {"kid": "one"}), RSAKey.generate_key(2048, {"kid": "one"})
        self.keys = [self.key]
        self.person: dict[str, Any] = {"sub": "248289"}
        self.publish: dict[str, Any] = {}
        self.lie: Lie | None = None
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def visit(self, address: str) -> str:
        """Somebody signs in at the provider's page: the address it sends their browser back to."""
        wanted = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (wanted["client_id"], wanted["response_type"]) == (CLIENT, "code")
        assert wanted["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = wanted
        back = urlsplit(wanted["redirect_uri"])
        query = urlencode({"code": code, "state": wanted["state"], "iss": self.issuer})
        return f"{back.path}?{query}"

    def get(self, path: str) -> Any:
        """What the provider publishes."""
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "end_session_endpoint": f"{self.issuer}/end",
                **self.publish,
            }
        return {"keys": [key.as_dict(private=False) for key in self.keys]} if path == "/keys" else None

    def token(self, fields: dict[str, str], credentials: str) -> Any:
        """An id_token for a code, once, for the client that shows its secret and the verifier of its challenge."""
        wanted = self.codes.pop(fields.get("code", ""), None)
        known = base64.b64encode(b"spiral:s3cret%3Awith%2Fodd%2Bsigns").decode()
        verifier = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if wanted is None or credentials != f"Basic {known}" or challenge != wanted["code_challenge"]:
            return None
        now = int(clock.now().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": wanted["nonce"]}
        said = {**claims, **self.person}
        lied = self.lie(said) if self.lie else None
        return {"id_token": lied if isinstance(lied, str) else self.sign(said), "access_token": "x"}

    def sign(self, claims: dict[str, Any], key: Any = None, **header: str) -> str:
        """A token as this provider signs them, or otherwise."""
        return jwt.encode({"alg": "RS256", "kid": "one", **header}, claims, key or self.key)


def _handler(idp: Idp) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(idp.get(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            fields = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(idp.token(fields, self.headers.get("Authorization", "")))

        def _answer(self, said: Any) -> None:
            data = said if isinstance(said, bytes) else json.dumps(said or {"error": "invalid_grant"}).encode()
            self.send_response(200 if said else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_words: Any) -> None:
            return

    return Handler


# ── what a provider must not get away with ───────────────────────────────────────────────────────────────────────────


def _without(name: str) -> Lie:
    return lambda claims: claims.pop(name) and None


def _raw(header: dict[str, str], claims: dict[str, Any]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join((*parts, ""))


LIES: dict[str, Any] = {
    "another issuer": lambda idp: lambda claims: claims.update(iss="http://evil.example"),
    "another audience": lambda idp: lambda claims: claims.update(aud="another"),
    "another audience, ours only as its party": lambda idp: lambda claims: claims.update(aud="another", azp=CLIENT),
    "one of two audiences, for the other": lambda idp: lambda claims: claims.update(aud=["other", CLIENT], azp="other"),
    "too old": lambda idp: lambda claims: claims.update(exp=claims["iat"] - 61, iat=claims["iat"] - 400),
    "from the future": lambda idp: lambda claims: claims.update(iat=claims["iat"] + 3600, nbf=claims["iat"] + 3600),
    "another sign-in's nonce": lambda idp: lambda claims: claims.update(nonce="x"),
    "no nonce": lambda idp: _without("nonce"),
    "no end": lambda idp: _without("exp"),
    "no issuer": lambda idp: _without("iss"),
    "no audience": lambda idp: _without("aud"),
    "no subject": lambda idp: _without("sub"),
    "an empty subject": lambda idp: lambda claims: claims.update(sub=""),
    "a subject that is no word": lambda idp: lambda claims: claims.update(sub={"a": 1}),
    "an end that is no number": lambda idp: lambda claims: claims.update(exp="never"),
    "another's access token": lambda idp: lambda claims: claims.update(at_hash="AAAA"),
    "the algorithm none": lambda idp: lambda claims: _raw({"alg": "none"}, claims),
    "the algorithm None": lambda idp: lambda claims: _raw({"alg": "nOnE", "kid": "one"}, claims),
    "a wrong key": lambda idp: lambda claims: idp.sign(claims, idp.old),
    "a key nobody published": lambda idp: lambda claims: idp.sign(claims, idp.old, kid="two"),
    "the public key as a secret": lambda idp: (
        lambda claims: jwt.encode(
            {"alg": "HS256", "kid": "one"},
            claims,
            OctKey.import_key(idp.key.as_pem(private=False)),
            algorithms=["HS256"],
        )
    ),
    "our own secret": lambda idp: (
        lambda claims: jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])
    ),
    "a changed claim": lambda idp: lambda claims: _changed(idp.sign(claims)),
    "no token at all": lambda idp: lambda claims: "x.y",
}


def _changed(token: str) -> str:
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "1"}).encode()).rstrip(b"=").decode()
    return f"{head}.{changed}.{signature}"
