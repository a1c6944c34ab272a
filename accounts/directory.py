"""The centre's directory (LDAP): does this name go with this password there, and who is it.

Knows nothing of people here. A password leaves only over TLS – unless the setting says otherwise –, to a server whose
certificate is good, and never as an empty one, which many servers would welcome without looking.
"""

import logging
import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from core.caches import Cache
from core.errors import Unavailable
from core.i18n import _
from core.later import Later
from core.settings import Settings

ldap3, _errors, _conv = Later("ldap3"), Later("ldap3.core.exceptions"), Later("ldap3.utils.conv")

log = logging.getLogger(__name__)
PATIENCE = 4  # seconds for a connection, and for each answer
LONGEST = 1024
WANTED = ["cn", "displayName", "mail", "entryUUID", "objectGUID"]
BAD_CREDENTIALS = 49
_away: Cache[bool] = Cache(4, seconds=10)  # a directory that is away is not waited for by every visitor


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody as the directory knows them. ``roles`` is ``None`` where no groups are mapped."""

    subject: str
    name: str
    email: str | None
    roles: tuple[str, ...] | None


def check(about: Settings, username: str, password: str) -> Entry | None:
    """Who it is, if the password is theirs; ``None`` for a wrong one and for nobody, after the same questions.

    Raises:
        Unavailable: the directory does not answer, or not safely.
    """
    if not about.ldap_url or not password or not username or len(password) > LONGEST or "\0" in username + password:
        return None
    if _away.get(about.ldap_url):
        raise _unavailable()
    try:
        return _asked(about, username, password)
    except (_errors.LDAPException, OSError, ssl.SSLError) as error:
        log.warning("the directory: %s: %s", type(error).__name__, error)
        _away.put(about.ldap_url, True)
        raise _unavailable() from error


def filter_for(pattern: str, username: str) -> str:
    """The search for one name; nothing in it is more than a letter."""
    return pattern.replace("{username}", _conv.escape_filter_chars(username))


def _asked(about: Settings, username: str, password: str) -> Entry | None:
    with _connected(about, about.ldap_bind_dn, about.ldap_bind_password) as service:
        if not service.bind():
            raise _errors.LDAPException(f"it does not let Spiral look: {service.result.get('description')}")
        wanted = filter_for(about.ldap_filter, username)
        service.search(about.ldap_base, wanted, attributes=WANTED, size_limit=2)
        found = [row for row in service.response or [] if row.get("type") == "searchResEntry"]
        # as long for nobody as for somebody: a name that is nobody's is tried, too
        dn = str(found[0]["dn"]) if len(found) == 1 else f"cn={secrets.token_hex(8)},{about.ldap_base}"
        with _connected(about, dn, password) as person:
            good = person.bind()
            if not good and person.result.get("result") != BAD_CREDENTIALS:
                log.info("the directory refuses somebody: %s", person.result.get("description"))
        if not good or len(found) != 1:
            return None
        return _entry(about, service, found[0])


@contextmanager
def _connected(about: Settings, dn: str, password: str) -> Iterator[Any]:
    """A connection, with TLS before the first word about anybody."""
    parts = urlsplit(about.ldap_url)
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, version=ssl.PROTOCOL_TLS_CLIENT, ca_certs_file=about.ldap_ca or None)
    server = ldap3.Server(
        parts.hostname,
        port=parts.port or (636 if parts.scheme == "ldaps" else 389),
        use_ssl=parts.scheme == "ldaps",
        tls=tls,
        get_info=ldap3.NONE,
        connect_timeout=PATIENCE,
    )
    made = ldap3.Connection(
        server, user=dn or None, password=password or None, auto_referrals=False, receive_timeout=PATIENCE
    )
    try:
        made.open()
        if parts.scheme == "ldap" and about.ldap_starttls and not made.start_tls():
            raise _errors.LDAPException("it speaks no TLS")
        yield made
    finally:
        with suppress(_errors.LDAPException, OSError):  # of a connection that failed it says nothing worth hearing
            made.unbind()


def _entry(about: Settings, service: Any, row: dict[str, Any]) -> Entry:
    said, dn = row["attributes"], str(row["dn"])
    subject = _first(said.get("entryUUID")) or _first(said.get("objectGUID")) or dn
    name = _first(said.get("displayName")) or _first(said.get("cn"))
    roles = None
    if about.group_roles:
        roles = tuple(sorted({role for role, group in about.group_roles if _belongs(service, group, dn)}))
    return Entry(subject[:255], name, _first(said.get("mail")).lower() or None, roles)


def _belongs(service: Any, group: str, dn: str) -> bool:
    return any(service.compare(group, attribute, dn) for attribute in ("member", "uniqueMember"))


def _first(value: Any) -> str:
    found = value[0] if isinstance(value, list) and value else value
    return "" if not found else str(found).strip()


def _unavailable() -> Unavailable:
    return Unavailable(
        _("The directory does not answer at the moment. Please try again in a minute."), code="ldap-away"
    )
