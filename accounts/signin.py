"""From a username and a password to a sign-in or a token: the one way in, for the page and for the interface.

The same answer, after the same work, for a person who is unknown or disabled and for a wrong password. Nothing is
hashed while a write transaction is open.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from accounts import access, identity, ops, passwords, second_step, throttling
from accounts.models import LoginSession, User
from accounts.people import actor_of
from accounts.rules import Way
from accounts.second_step import Owed
from core.db import reading, session, writing
from core.errors import Forbidden, Unauthenticated
from core.i18n import _


@dataclass(frozen=True, slots=True)
class Entered:
    """A sign-in: its secret token, the person (team and roles loaded), its row, and recovery codes just made."""

    token: str
    user: User
    entry: LoginSession
    codes: list[str] | None = None


def sign_in(username: str, password: str, *, address: str | None, agent: str | None) -> Entered | Owed:
    """In, or on to the second step.

    Raises:
        Unauthenticated: username and password do not go together.
        Throttled: too many attempts.
    """
    account = known_as(username)
    seen, fresh = _verified(account, password, address)
    with writing():
        return come_in(_welcome(account, seen, fresh, address), Way.PASSWORD, address=address, agent=agent)


def come_in(user: User, way: Way, *, address: str | None, agent: str | None) -> Entered | Owed:
    """Somebody who proved who they are comes in, or goes on to the second step. In the caller's transaction."""
    owed = second_step.owed(user, way)
    if owed is not None:
        return second_step.begin(user, way, fresh=owed)
    token, entry = ops.sign_in(user, address=address, agent=agent, way=way)
    identity.known_of(user, entry)  # loads team and tier while they can be loaded
    return Entered(token, user, entry)


def second(token: str, code: str, *, address: str | None, agent: str | None) -> Entered:
    """In, with the second step. Raises as ``second_step.finish``."""
    return Entered(*second_step.finish(token, code, address=address, agent=agent))


def make_token(username: str, password: str, *, address: str | None, code: str | None = None) -> str:
    """A bearer token with all the person's rights, for whoever also passes the second step where one is owed.

    Raises:
        Unauthenticated: username and password do not go together; the code is missing (``second-step``) or wrong.
        Forbidden: a second step has to be set up first, in a browser.
        Throttled: too many attempts.
    """
    account = known_as(username)
    seen, fresh = _verified(account, password, address)
    with writing():
        user = _welcome(account, seen, fresh, address)
        owed = second_step.owed(user, Way.PASSWORD)
        user_id = user.id
    if owed:
        raise _set_up_first()
    if owed is False and not code:
        raise Unauthenticated(_("The code of your app is needed, too."), code="second-step")
    if owed is False:
        second_step.count(user_id, address)
    with writing():
        user = _unchanged(account, seen if fresh is None else fresh)
        if owed is False:
            second_step.spend(user, code or "")
            second_step.forgive(user.id, address)
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
    """The person, if nothing changed while the password was verified, and if a password opens the door for them."""
    user = _unchanged(account, seen)
    if not access.now().opens(user.id):
        raise _wrong()
    if fresh is not None:
        user.password_hash = fresh
    throttling.succeeded(account, address)
    return user


def _unchanged(account: str, seen: str) -> User:
    user = session.scalar(sa.select(User).where(User.username == account, User.active, User.password_hash == seen))
    if user is None:
        raise _wrong()
    return user


def _set_up_first() -> Forbidden:
    return Forbidden(
        _("Your role asks for a second step. Sign in with a browser and set it up first."), code="second-step-needed"
    )


def _wrong() -> Unauthenticated:
    return Unauthenticated(_("Username and password do not go together."), code="wrong-credentials")
