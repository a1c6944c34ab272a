"""Whom the identity provider vouched for: the person it leads to here, and what happens when there is none.

How a link is made: ``vouched``. An e-mail counts only when the provider says that it verified it.
"""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from accounts import access, oidc, signin, vouched
from accounts.access_models import SpentState
from accounts.identity import token_hash
from accounts.models import User
from accounts.rules import Role, Way
from accounts.second_step import Owed
from accounts.vouched import Vouched
from core import clock
from core.chores import chore
from core.db import session, writing
from core.errors import NotFound, Unauthenticated
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
    about, email = access.settings(), verified_email(claims)
    username = str(claims.get("preferred_username") or (email or "").partition("@")[0])
    them = Vouched(issuer, subject, username, str(claims.get("name") or ""), email)
    new = (Role.REP,) if about.oidc_new_people == "rep" else ()
    found = vouched.person(them, by_email=about.oidc_link_email, bare=False, new_roles=new)
    if found is None:
        raise _unknown()
    return found


def verified_email(claims: dict[str, Any]) -> str | None:
    """The e-mail, when the provider says that it is theirs: ``true``, and nothing that only looks like it."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    return email.strip().lower()[:200] or None


def _unknown() -> Unauthenticated:
    return Unauthenticated(
        _("You are signed in there, but no account here is yours. Ask an administrator to add your e-mail to it."),
        code="sso-unknown",
    )


@chore(every=3600)
def sweep() -> None:
    """Forget ways back that are too old to be taken anyway."""
    session.execute(sa.delete(SpentState).where(SpentState.at < clock.now() - 2 * AWAY_FOR))
