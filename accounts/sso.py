"""Whom the identity provider vouched for: the person it leads to here, and what happens when there is none.

A link is made once and by the provider's own number for somebody. A name never leads to an account, and an e-mail only
when the provider says that it verified it, exactly one active person has it, and the setting allows it.
"""

import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from accounts import access, oidc, ops, signin
from accounts.access_models import LinkedIdentity, SpentState
from accounts.identity import token_hash
from accounts.models import User
from accounts.people import actor_of
from accounts.rules import USERNAME, Role, Way
from accounts.second_step import Owed
from core import audit, clock
from core.chores import chore
from core.db import session, writing
from core.errors import Conflict, NotFound, Unauthenticated
from core.i18n import _
from core.settings import Settings

AWAY_FOR = timedelta(minutes=15)  # at the provider's page


def provider() -> oidc.Provider:
    """The provider of this installation.

    Raises:
        NotFound: there is none.
    """
    about: Settings = access.settings()
    if not about.oidc_issuer:
        raise NotFound(_("There is no single sign-on here."))
    back = f"{about.base_url}/login/sso/back"
    return oidc.Provider(about.oidc_issuer, about.oidc_client_id, about.oidc_client_secret, back, about.internal)


def spend(state: str) -> None:
    """This way back leads in now, and never again. Opens a transaction of its own.

    Raises:
        Unauthenticated: it was used (``sso-refused``).
    """
    try:
        with writing():
            session.add(SpentState(state_hash=token_hash(state), at=clock.now()))
    except IntegrityError as error:
        raise oidc.refused("a state was used twice") from error


def _enter(claims: dict[str, Any], address: str | None, agent: str | None) -> signin.Entered | Owed:
    with writing():
        user = _person(str(claims["iss"]), str(claims["sub"]), claims)
        return signin.come_in(user, Way.SSO, address=address, agent=agent)


def enter(claims: dict[str, Any], *, address: str | None, agent: str | None) -> signin.Entered | Owed:
    """The person of these claims comes in. Opens a transaction of its own.

    Raises:
        Unauthenticated: nobody here is meant, or somebody who may not sign in.
    """
    try:
        return _enter(claims, address, agent)
    except IntegrityError as error:  # the same person, for the first time, in two windows at once
        raise oidc.refused("somebody was linked at the same moment") from error


def _person(issuer: str, subject: str, claims: dict[str, Any]) -> User:
    mine = sa.select(LinkedIdentity).where(LinkedIdentity.issuer == issuer, LinkedIdentity.subject == subject)
    link = session.scalar(mine)
    if link is not None:
        if not link.user.active:
            raise _unknown()
        return link.user
    user = _by_email(issuer, claims) or _made(claims)
    session.add(LinkedIdentity(issuer=issuer, subject=subject, user_id=user.id, created_at=clock.now()))
    session.flush()
    audit.record(actor_of(user), "linked", subject_kind="user", subject_id=user.id, details={"issuer": issuer})
    return user


def verified_email(claims: dict[str, Any]) -> str | None:
    """The e-mail, when the provider says that it is theirs: ``true``, and nothing that only looks like it."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    return email.strip().lower()[:200] or None


def _by_email(issuer: str, claims: dict[str, Any]) -> User | None:
    email = verified_email(claims)
    if email is None or not access.settings().oidc_link_email:
        return None
    linked = sa.exists().where(LinkedIdentity.user_id == User.id, LinkedIdentity.issuer == issuer)
    found = session.scalars(sa.select(User).where(sa.func.lower(User.email) == email, User.active).limit(2)).all()
    if len(found) != 1 or session.scalar(sa.select(linked.where(User.id == found[0].id))):
        return None
    return found[0]


def _made(claims: dict[str, Any]) -> User:
    if access.settings().oidc_new_people != "rep":
        raise _unknown()
    wanted = claims.get("preferred_username") or (verified_email(claims) or "").partition("@")[0]
    username = re.sub(r"[^a-z0-9._-]+", "-", str(wanted).lower()).strip("._-")[:40]
    if not USERNAME.fullmatch(username):
        raise _unknown()
    name = " ".join(str(claims.get("name") or "").split())[:120] or username
    try:
        return ops.add_user(None, username=username, name=name, roles=[Role.REP], email=verified_email(claims))
    except Conflict as error:
        raise _unknown() from error


def _unknown() -> Unauthenticated:
    return Unauthenticated(
        _("You are signed in there, but no account here is yours. Ask an administrator to add your e-mail to it."),
        code="sso-unknown",
    )


@chore(every=3600)
def sweep() -> None:
    """Forget ways back that are too old to be taken anyway."""
    session.execute(sa.delete(SpentState).where(SpentState.at < clock.now() - 2 * AWAY_FOR))
