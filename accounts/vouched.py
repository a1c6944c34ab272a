"""From what another house says about somebody to the person here: linked once, by that house's own number for them.

A name never leads to an account that is there; an e-mail only when the other house answers for it, exactly one active
person has it, and nobody of that house is linked to them.
"""

import re
from dataclasses import dataclass

import sqlalchemy as sa

from accounts import ops
from accounts.access_models import LinkedIdentity
from accounts.models import User
from accounts.people import actor_of
from accounts.rules import USERNAME
from core import audit, clock
from core.db import session
from core.errors import Conflict


@dataclass(frozen=True, slots=True)
class Vouched:
    """Somebody, in the words of the other house. ``email``: only one it answers for."""

    issuer: str
    subject: str
    username: str
    name: str
    email: str | None


def person(about: Vouched, *, by_email: bool, bare: bool, new_roles: tuple[str, ...]) -> User | None:
    """The person; ``None`` when there is none, or none that may sign in.

    ``by_email``: an e-mail may lead to somebody who is there. ``bare``: only to somebody without a password of ours.
    ``new_roles``: what somebody new becomes; empty: nobody is made.
    """
    mine = sa.select(LinkedIdentity).where(
        LinkedIdentity.issuer == about.issuer, LinkedIdentity.subject == about.subject
    )
    link = session.scalar(mine)
    if link is not None:
        return link.user if link.user.active else None
    found = _by_email(about, bare=bare) if by_email else None
    found = found or (_made(about, new_roles) if new_roles else None)
    if found is None:
        return None
    session.add(LinkedIdentity(issuer=about.issuer, subject=about.subject, user_id=found.id, created_at=clock.now()))
    session.flush()
    audit.record(actor_of(found), "linked", subject_kind="user", subject_id=found.id, details={"issuer": about.issuer})
    return found


def linked_to(issuer: str, user_id: int) -> bool:
    """Is the person linked to somebody of that house?"""
    mine = sa.select(LinkedIdentity.id).where(LinkedIdentity.issuer == issuer, LinkedIdentity.user_id == user_id)
    return session.scalar(mine) is not None


def _by_email(about: Vouched, *, bare: bool) -> User | None:
    if about.email is None:
        return None
    found = session.scalars(sa.select(User).where(sa.func.lower(User.email) == about.email, User.active).limit(2)).all()
    if len(found) != 1 or linked_to(about.issuer, found[0].id) or (bare and found[0].password_hash is not None):
        return None
    return found[0]


def _made(about: Vouched, roles: tuple[str, ...]) -> User | None:
    username = re.sub(r"[^a-z0-9._-]+", "-", about.username.lower()).strip("._-")[:40]
    if not USERNAME.fullmatch(username):
        return None
    name = " ".join(about.name.split())[:120] or username
    try:
        return ops.add_user(None, username=username, name=name, roles=roles, email=about.email)
    except Conflict:
        return None
