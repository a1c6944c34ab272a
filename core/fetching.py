"""The one way in which the server itself asks another for something whose address came from outside.

An address is only asked when all it resolves to is public; hosts of the own network must be named in the settings. The
connection goes to the very address that was examined, so a name that resolves otherwise a moment later changes nothing.
No redirect is followed, the answer is bounded in size and time, and link-local addresses (where clouds keep their
secrets) are never asked.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import time
from typing import Any, Protocol
from urllib.parse import SplitResult, urlencode, urlsplit

LIMIT = 1 << 20  # bytes of an answer
PATIENCE = 8.0  # seconds in all
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class FetchError(Exception):
    """It was not asked, or did not answer as it should. The sentence is for the log, never for a reader."""


class Resolve(Protocol):
    """From a host and a port to addresses, as ``socket.getaddrinfo`` does it."""

    def __call__(self, host: str, port: int) -> list[Any]: ...


def get_json(url: str, internal: frozenset[str]) -> Any:
    """The JSON behind an address."""
    return _parsed(fetch("GET", url, internal))


def post_form(url: str, fields: dict[str, str], internal: frozenset[str], headers: dict[str, str]) -> Any:
    """The JSON that answers a form."""
    sent = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    return _parsed(fetch("POST", url, internal, body=urlencode(fields).encode(), headers=sent))


def fetch(
    method: str, url: str, internal: frozenset[str], *, body: bytes | None = None, headers: dict[str, str] | None = None
) -> bytes:
    """What an address answers with 200. ``internal``: hosts that may have addresses of the own network, and plain http.

    Raises:
        FetchError: see the head of this module.
    """
    parts = _examined(url, internal)
    where = chosen(parts.hostname or "", _port(parts), internal)
    deadline = time.monotonic() + PATIENCE
    connection = _Pinned(parts, where)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body, {"Accept": "application/json", **(headers or {})})
        answer = connection.getresponse()
        if answer.status != 200:
            raise FetchError(f"{parts.hostname} answered {answer.status}")
        return _read(answer, deadline)
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(f"{parts.hostname}: {error!r}") from error
    finally:
        connection.close()


def chosen(host: str, port: int, internal: frozenset[str], resolve: Resolve = socket.getaddrinfo) -> Address:
    """The address to connect to, after looking at all that the host resolves to.

    Raises:
        FetchError: one of them is not to be asked, or there is none.
    """
    try:
        rows = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise FetchError(f"{host} is unknown") from error
    found = [ipaddress.ip_address(str(row[4][0]).split("%")[0]) for row in rows]
    for address in found:
        if not bearable(address, inside=host.lower() in internal):
            raise FetchError(f"{host} leads to {address}: SPIRAL_INTERNAL_HOSTS names it not, or nobody may go there")
    if not found:
        raise FetchError(f"{host} is unknown")
    return found[0]


def bearable(address: Address, *, inside: bool) -> bool:
    """May the server connect there? ``inside``: the host was named as one of the own network."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if hidden is None and address in ipaddress.ip_network("64:ff9b::/96"):
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            return bearable(hidden, inside=inside)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return address.is_global or (inside and (address.is_private or address.is_loopback))


def _examined(url: str, internal: frozenset[str]) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise FetchError("this is no address") from error
    if any(ord(letter) < 33 for letter in url) or not parts.hostname or "@" in parts.netloc or port == 0:
        raise FetchError("this is no address")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in internal):
        raise FetchError(f"{parts.hostname} is not asked without TLS")
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, under the name of the host."""

    def __init__(self, parts: SplitResult, where: Address) -> None:
        super().__init__(parts.hostname or "", _port(parts), timeout=PATIENCE / 2)
        self.where, self.tls = where, parts.scheme == "https"
        if self.tls:
            self.default_port = 443  # no ':443' in the name that is asked for

    def connect(self) -> None:
        self.sock = socket.create_connection((str(self.where), self.port), self.timeout)
        if self.tls:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _read(answer: http.client.HTTPResponse, deadline: float) -> bytes:
    found = b""
    while piece := answer.read1(65_536):
        found += piece
        if len(found) > LIMIT:
            raise FetchError("the answer is too long")
        if time.monotonic() > deadline:
            raise FetchError("the answer took too long")
    return found


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FetchError("the answer is no JSON") from error
