"""From a username and a password to a sign-in or a token: the one way in, for the page and for the interface.

The same answer, after the same work, for a person who is unknown or disabled and for a wrong password. Nothing is
hashed while a write transaction is open.
"""

import sqlalchemy as sa

from accounts import identity, ops, passwords, throttling
from accounts.models import LoginSession, User
from accounts.people import actor_of
from core.db import reading, session, writing
from core.errors import Unauthenticated
from core.i18n import _


def sign_in(username: str, password: str, *, address: str | None, agent: str | None) -> tuple[str, User, LoginSession]:
    """A sign-in: its secret token, the person (team and roles loaded), its row.

    Raises:
        Unauthenticated: username and password do not go together.
        Throttled: too many attempts.
    """
    account = known_as(username)
    seen, fresh = _verified(account, password, address)
    with writing():
        user = _welcome(account, seen, fresh, address)
        token, entry = ops.sign_in(user, address=address, agent=agent)
        identity.known_of(user, entry)  # loads team and tier while they can be loaded
        return token, user, entry


def make_token(username: str, password: str, *, address: str | None) -> str:
    """A bearer token with all the person's rights. Raises as ``sign_in``."""
    account = known_as(username)
    seen, fresh = _verified(account, password, address)
    with writing():
        user = _welcome(account, seen, fresh, address)
        return ops.create_token(actor_of(user), user, name="POST /tokens")


def confirm(user_id: int, password: str, *, address: str | None) -> None:
    """Make sure that the person at the keyboard knows the password of the account.

    Raises:
        Unauthenticated: they do not.
        Throttled: too many attempts.
    """
    with reading() as s:
        account = s.get_one(User, user_id).username
    _verified(account, password, address)
    with writing():
        throttling.succeeded(account, address)


def known_as(username: str) -> str:
    """The account that a typed username means."""
    return passwords.normal(username).strip().lower()


def _verified(account: str, password: str, address: str | None) -> tuple[str, str | None]:
    """(the hash that was verified, a new hash when its parameters are outdated)."""
    with writing():
        throttling.attempt(account, address)
        kept = session.scalar(sa.select(User.password_hash).where(User.username == account, User.active))
    if not passwords.verify(kept, password) or kept is None:
        raise _wrong()
    return kept, passwords.hashed(password) if passwords.outdated(kept) else None


def _welcome(account: str, seen: str, fresh: str | None, address: str | None) -> User:
    """The person, if nothing changed while the password was verified."""
    user = session.scalar(sa.select(User).where(User.username == account, User.active, User.password_hash == seen))
    if user is None:
        raise _wrong()
    if fresh is not None:
        user.password_hash = fresh
    throttling.succeeded(account, address)
    return user


def _wrong() -> Unauthenticated:
    return Unauthenticated(_("Username and password do not go together."), code="wrong-credentials")
