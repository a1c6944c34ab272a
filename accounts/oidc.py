"""OpenID Connect: the code flow with PKCE, from the address of the provider's page to the claims it signed.

Knows nothing of people and keeps nothing but what the provider published about itself, for an hour. What a browser must
not know before it comes back (the verifier, the nonce) is made of its ``state`` and the installation's key.
"""

import base64
import hmac
import logging
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from core import fetching
from core.caches import Cache
from core.errors import Unauthenticated, Unavailable
from core.i18n import _
from core.later import Later

_grant, _challenge = Later("authlib.oauth2.rfc6749.parameters"), Later("authlib.oauth2.rfc7636")
_core, _jwt, _jwk, _errors = (
    Later("authlib.oidc.core"),
    Later("joserfc.jwt"),
    Later("joserfc.jwk"),
    Later("joserfc.errors"),
)
log = logging.getLogger(__name__)
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
LEEWAY = 60  # seconds by which clocks may differ
ASKED = "openid profile email"
KEYS_AGAIN = 60.0  # seconds before keys are fetched anew for a signature that fits none

_published: Cache[dict[str, Any]] = Cache(16, seconds=3600)
_keys: Cache[tuple[float, Any]] = Cache(16, seconds=3600)
_away: Cache[bool] = Cache(16, seconds=10)  # a provider that is away is not asked by every visitor


@dataclass(frozen=True, slots=True)
class Provider:
    """Whom we trust to say who somebody is, and as whom it knows us."""

    issuer: str
    client_id: str
    client_secret: str
    back: str  # our address, to which it sends people back
    internal: frozenset[str]


def start(provider: Provider, state: str, key: str) -> str:
    """The address of the provider's sign-in page, for a browser that holds this ``state``.

    Raises:
        Unavailable: the provider does not say where it is.
    """
    return str(
        _grant.prepare_grant_uri(
            _endpoint(provider, "authorization_endpoint"),
            client_id=provider.client_id,
            response_type="code",
            redirect_uri=provider.back,
            scope=ASKED,
            state=state,
            nonce=_made(key, "nonce", state),
            code_challenge=_challenge.create_s256_code_challenge(_made(key, "verifier", state)),
            code_challenge_method="S256",
        )
    )


def arrive(provider: Provider, code: str, state: str, key: str, now: datetime) -> dict[str, Any]:
    """The claims about whoever came back with this code and the ``state`` they left with.

    Raises:
        Unauthenticated: what the provider says is not signed by it, not for us, not for this sign-in, or too old.
        Unavailable: it does not answer.
    """
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": provider.back,
        "code_verifier": _made(key, "verifier", state),
    }
    headers: dict[str, str] = {}
    methods = published(provider).get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if not provider.client_secret or "client_secret_basic" not in methods:
        fields["client_id"] = provider.client_id
        if provider.client_secret:
            fields["client_secret"] = provider.client_secret
    else:
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    try:
        answer = fetching.post_form(_endpoint(provider, "token_endpoint"), fields, provider.internal, headers)
    except fetching.FetchError as error:
        raise refused(f"the code was not exchanged: {error}") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("id_token"), str):
        raise refused("the answer carries no id_token")
    access_token = answer.get("access_token")
    return _proven(provider, answer["id_token"], access_token, _made(key, "nonce", state), now)


def end_address(provider: Provider, back: str) -> str | None:
    """Where somebody signs out of the provider as well; ``None`` when it has no such page, or is away."""
    try:
        where = published(provider).get("end_session_endpoint")
    except Unavailable:
        return None
    if not isinstance(where, str) or not _sound(where, provider):
        return None
    query = urlencode({"client_id": provider.client_id, "post_logout_redirect_uri": back})
    return f"{where}{'&' if '?' in where else '?'}{query}"


def published(provider: Provider) -> dict[str, Any]:
    """What the provider says about itself.

    Raises:
        Unavailable: it does not answer, or answers as somebody else.
    """
    found = _published.get(provider.issuer)
    if found is not None:
        return found
    if _away.get(provider.issuer):
        raise _unavailable()
    url = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        said = fetching.get_json(url, provider.internal)
    except fetching.FetchError as error:
        log.warning("single sign-on: %s", error)
        _away.put(provider.issuer, True)
        raise _unavailable() from error
    if not isinstance(said, dict) or said.get("issuer") != provider.issuer:
        log.warning("single sign-on: the provider calls itself otherwise than SPIRAL_OIDC_ISSUER")
        _away.put(provider.issuer, True)
        raise _unavailable()
    _published.put(provider.issuer, said)
    return said


def refused(why: str) -> Unauthenticated:
    """One refusal for people; what was wrong goes to the log."""
    log.warning("single sign-on refused: %s", why)
    return Unauthenticated(_("Signing in there did not work. Please try again."), code="sso-refused")


def _proven(provider: Provider, token: str, access_token: object, nonce: str, now: datetime) -> dict[str, Any]:
    try:
        signed = _signed(provider, token)
        claims = _core.CodeIDToken(
            signed.claims,
            signed.header,
            options={
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
            },
            params={
                "nonce": nonce,
                "client_id": provider.client_id,
                "access_token": access_token if isinstance(access_token, str) else None,
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
    except (_errors.JoseError, LookupError, TypeError, ValueError) as error:
        raise refused(f"the id_token: {type(error).__name__} {error}") from error
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise refused("the id_token names nobody")
    return dict(claims)


def _signed(provider: Provider, token: str) -> Any:
    """The token, signed with a key of the provider; its keys are asked for anew when none fits, once a minute."""
    fetched, keys = _keyset(provider)
    try:
        return _jwt.decode(token, keys, algorithms=ALGORITHMS)
    except (_errors.JoseError, ValueError):
        if time.monotonic() - fetched < KEYS_AGAIN:
            raise
    _keys.forget(provider.issuer)
    return _jwt.decode(token, _keyset(provider)[1], algorithms=ALGORITHMS)


def _keyset(provider: Provider) -> tuple[float, Any]:
    found = _keys.get(provider.issuer)
    if found is None:
        try:
            said = fetching.get_json(_endpoint(provider, "jwks_uri"), provider.internal)
        except fetching.FetchError as error:
            log.warning("single sign-on: %s", error)
            raise _unavailable() from error
        # a key for secrets has no place in a published set: with one, whoever reads it could sign
        rows = [row for row in said["keys"] if row["kty"] in {"RSA", "EC"}]
        found = (time.monotonic(), _jwk.KeySet.import_key_set({"keys": rows}))
        _keys.put(provider.issuer, found)
    return found


def _endpoint(provider: Provider, name: str) -> str:
    where = published(provider).get(name)
    if not isinstance(where, str) or not _sound(where, provider):
        log.warning("single sign-on: the provider names no %s", name)
        raise _unavailable()
    return where


def _sound(where: str, provider: Provider) -> bool:
    parts = urlsplit(where)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in provider.internal)


def _made(key: str, what: str, state: str) -> str:
    digest = hmac.digest(key.encode(), f"spiral oidc {what} {state}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _unavailable() -> Unavailable:
    said = _("Single sign-on does not answer at the moment. Please try again in a minute.")
    return Unavailable(said, code="sso-away")
