"""From a username and a password to a sign-in or a token: the one way in, for the page and for the interface.

The same answer, after the same work, for a person who is unknown or disabled and for a wrong password. Nothing is
hashed while a write transaction is open.
"""

import logging
from dataclasses import dataclass, replace

import sqlalchemy as sa

from accounts import access, directory, identity, ops, passwords, second_step, throttling, vouched
from accounts.directory import Entry
from accounts.models import LoginSession, User
from accounts.people import actor_of
from accounts.rules import Role, Way
from accounts.second_step import Owed
from accounts.vouched import Vouched
from core.db import reading, session, writing
from core.errors import Conflict, Forbidden, Unauthenticated
from core.i18n import _

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entered:
    """A sign-in: its secret token, the person (team and roles loaded), its row, and recovery codes just made."""

    token: str
    user: User
    entry: LoginSession
    codes: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A password that was verified: against the hash ``seen`` (with ``fresh``, where it should be made anew), or by the
    directory, which knows its owner as ``entry``."""

    account: str
    seen: str | None = None
    fresh: str | None = None
    entry: Entry | None = None


def sign_in(username: str, password: str, *, address: str | None, agent: str | None) -> Entered | Owed:
    """In, or on to the second step.

    Raises:
        Unauthenticated: username and password do not go together.
        Throttled: too many attempts.
    """
    proof = _verified(known_as(username), password, address)
    with writing():
        return come_in(_welcome(proof, address), Way.PASSWORD, address=address, agent=agent)


def come_in(user: User, way: Way, *, address: str | None, agent: str | None) -> Entered | Owed:
    """Somebody who proved who they are comes in, or goes on to the second step. In the caller's transaction."""
    owed = second_step.owed(user, way)
    if owed is not None:
        return second_step.begin(user, way, fresh=owed)
    token, entry = ops.sign_in(user, address=address, agent=agent, way=way)
    identity.known_of(user, entry)  # loads team and tier while they can be loaded
    return Entered(token, user, entry)


def second(token: str, code: str, showing: str | None, *, address: str | None, agent: str | None) -> Entered:
    """In, with the second step. Raises as ``second_step.finish``."""
    return Entered(*second_step.finish(token, code, showing, address=address, agent=agent))


def make_token(username: str, password: str, *, address: str | None, code: str | None = None) -> str:
    """A bearer token with all the person's rights, for whoever also passes the second step where one is owed.

    Raises:
        Unauthenticated: username and password do not go together; the code is missing (``second-step``) or wrong.
        Forbidden: a second step has to be set up first, in a browser.
        Throttled: too many attempts.
    """
    proof = _verified(known_as(username), password, address)
    with writing():
        user = _welcome(proof, address)
        owed = second_step.owed(user, Way.PASSWORD)
        user_id = user.id
    if owed:
        raise _set_up_first()
    if owed is False and not code:
        raise Unauthenticated(_("The code of your app is needed, too."), code="second-step")
    if owed is False:
        second_step.count(user_id, address)
    with writing():
        user = _person(replace(proof, seen=proof.fresh or proof.seen))
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
    proof = _verified(account, password, address)
    with writing():
        if _person(proof).id != user_id:
            raise _wrong()
        throttling.succeeded(account, address)


def known_as(username: str) -> str:
    """The account that a typed username means."""
    return passwords.normal(username).strip().lower()


def _verified(account: str, password: str, address: str | None) -> Proof:
    """The proof that account and password go together. The directory is asked only where there is no password here."""
    with writing():
        throttling.attempt(account, address)
        who, kept = session.execute(
            sa.select(User.id, User.password_hash).where(User.username == account, User.active)
        ).one_or_none() or (None, None)
    good = passwords.verify(kept, password)
    if kept is None:
        entry = directory.check(access.settings(), account, password)
        if entry is not None:
            return Proof(account, entry=entry)
    if not good or kept is None:  # the name itself is not told: many type their password there once
        log.warning("sign-in refused, for %s from %s", f"user {who}" if who else "a name that is none", address)
        raise _wrong()
    return Proof(account, kept, passwords.hashed(password) if passwords.outdated(kept) else None)


def _welcome(proof: Proof, address: str | None) -> User:
    """The person, if nothing changed while the password was verified, and if a password opens the door for them."""
    user = _person(proof)
    if not access.now().opens(user.id):
        raise _wrong()
    if proof.fresh is not None:
        user.password_hash = proof.fresh
    throttling.succeeded(proof.account, address)
    return user


def _person(proof: Proof) -> User:
    if proof.entry is not None:
        user = _of_the_directory(proof.account, proof.entry)
    else:
        mine = sa.select(User).where(User.username == proof.account, User.active, User.password_hash == proof.seen)
        user = session.scalar(mine)
    if user is None:
        raise _wrong()
    return user


def _of_the_directory(account: str, entry: Entry) -> User | None:
    """The person of an entry, with the roles that its groups give; nobody, when they give none."""
    about = access.settings()
    roles = (Role.REP,) if entry.roles is None else entry.roles
    if not roles:
        return None
    them = Vouched(f"{about.ldap_url}/{about.ldap_base}"[:300], entry.subject, account, entry.name, entry.email)
    user = vouched.person(them, by_email=about.ldap_link_email, bare=True, new_roles=roles)
    if user is not None and entry.roles is not None and user.roles != frozenset(entry.roles):
        team, tier = (place.slug if place else None for place in (user.team, user.tier))
        try:
            ops.change_person(None, user, name=user.name, roles=entry.roles, team=team, tier=tier, email=user.email)
        except Conflict as kept:  # the last administrator stays one, whatever the directory says
            log.warning("roles of %s stay as they are: %s", user.username, kept.sentence)
    return user


def _set_up_first() -> Forbidden:
    return Forbidden(
        _("Your role asks for a second step. Sign in with a browser and set it up first."), code="second-step-needed"
    )


def _wrong() -> Unauthenticated:
    return Unauthenticated(_("Username and password do not go together."), code="wrong-credentials")
