"""What an administrator asks of those who sign in: who takes a second step, whether passwords still open the door."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app

from accounts.access_models import AccessRules, HalfSignIn, LinkedIdentity, SecondFactor
from accounts.identity import forget_known
from accounts.models import ApiToken, LoginSession, User, UserRole
from accounts.permissions import P
from accounts.rules import Role, Way
from core import audit, clock
from core.actors import Actor
from core.chores import chore
from core.db import session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.permissions import require
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Access:
    """What holds now."""

    second_roles: frozenset[Role] = frozenset()
    second_after_sso: bool = False
    passwords: bool = True
    break_glass_id: int | None = None

    def owed_by(self, roles: Iterable[str], way: Way) -> bool:
        """Must somebody with these roles, who came in this way, take a second step?"""
        return bool(self.second_roles & set(roles)) and (way is Way.PASSWORD or self.second_after_sso)

    def opens(self, user_id: int) -> bool:
        """Does a password open the door for this person?"""
        return self.passwords or user_id == self.break_glass_id


DEFAULT = Access()


def now() -> Access:
    """What holds."""
    row = session.get(AccessRules, 1)
    if row is None:
        return DEFAULT
    roles = frozenset(Role(role) for role in row.second_roles)
    passwords = row.passwords or not settings().oidc_issuer  # without its provider nobody would come in at all
    return Access(roles, row.second_after_sso, passwords, row.break_glass_id)


def settings() -> Settings:
    """The settings of this installation."""
    found: Settings = current_app.config["SPIRAL"]
    return found


def save(actor: Actor | None, wanted: Access, *, tokens_end: bool = False) -> int:
    """From now on this holds. Sign-ins that no longer suffice end – without a second step that is asked for, or by a
    password that opens nothing any more –; how many did. ``tokens_end``: all API tokens but those of whoever is kept
    for emergencies end, too.

    Raises:
        Invalid: naming the field, when it would lock the administrator who saves it out, or everybody.
    """
    if actor is not None:
        require(actor, P.MANAGE_PEOPLE)
        _not_out_oneself(actor, wanted)
    if not wanted.passwords:
        _somebody_for_emergencies(wanted)
    before, row = now(), session.get(AccessRules, 1) or AccessRules(id=1)
    row.second_roles = sorted(wanted.second_roles)
    row.second_after_sso, row.passwords = wanted.second_after_sso, wanted.passwords
    row.break_glass_id = wanted.break_glass_id
    session.add(row)
    session.flush()
    if wanted != before:
        details = {"before": _said(before), "after": _said(wanted)}
        audit.record(actor, "access changed", subject_kind="access", subject_id=1, details=details)
    if tokens_end:
        _end_tokens(actor, wanted)
    return _end_unstepped(wanted) + _end_by_password(wanted)


def allow_passwords() -> None:
    """Passwords open the door for everybody again: the way back for whoever has a shell on the machine."""
    held = now()
    save(None, Access(held.second_roles, held.second_after_sso, passwords=True, break_glass_id=held.break_glass_id))


def not_in_emergencies(user: User) -> None:
    """Refuse to take rights from the one who may come in with a password when nobody else may.

    Raises:
        Conflict: it is them (``break-glass``).
    """
    held = now()
    if not held.passwords and held.break_glass_id == user.id:
        said = _(
            "%(name)s is the one who may sign in with a password. Choose somebody else for that first.", name=user.name
        )
        raise Conflict(said, code="break-glass")


def keepers() -> sa.Select[User]:
    """Administrators with a password, by name: one of them may be kept for emergencies."""
    mine = sa.exists().where(UserRole.user_id == User.id, UserRole.role == Role.ADMIN)
    return sa.select(User).where(User.active, User.password_hash.is_not(None), mine).order_by(User.name, User.id)


def _not_out_oneself(actor: Actor, wanted: Access) -> None:
    factor = session.get(SecondFactor, actor.id)
    if wanted.second_roles & set(actor.roles) and (factor is None or factor.confirmed_at is None):
        raise Invalid({"roles": _("You hold one of these roles yourself: set up your own second step first.")})
    linked = sa.select(LinkedIdentity.id).where(
        LinkedIdentity.issuer == settings().oidc_issuer, LinkedIdentity.user_id == actor.id
    )
    if not wanted.passwords and wanted.break_glass_id != actor.id and session.scalar(linked) is None:
        said = _("You would be locked out yourself: choose yourself, or come in by single sign-on once before.")
        raise Invalid({"keeper": said})


def _somebody_for_emergencies(wanted: Access) -> None:
    if not settings().oidc_issuer:
        raise Invalid({"passwords": _("There is no other way to sign in: single sign-on is not set up.")})
    if wanted.break_glass_id not in set(session.scalars(keepers().with_only_columns(User.id))):
        raise Invalid({"keeper": _("Choose an administrator with a password, for the day when single sign-on fails.")})


def _end_unstepped(wanted: Access) -> int:
    ways = list(Way) if wanted.second_after_sso else [Way.PASSWORD]
    held = sa.select(UserRole.user_id).where(UserRole.role.in_(wanted.second_roles))
    ended = session.execute(
        sa.delete(LoginSession)
        .where(LoginSession.stepped.is_(False), LoginSession.way.in_(ways), LoginSession.user_id.in_(held))
        .returning(LoginSession.id)
    ).all()
    forget_known()
    return len(ended)


def _end_by_password(held: Access) -> int:
    """Whoever came in with a password that opens nothing any more is out, and so is who was on the way in."""
    if held.passwords:
        return 0
    kinds: tuple[type[LoginSession | HalfSignIn], ...] = (LoginSession, HalfSignIn)
    ended = [
        session.execute(
            sa.delete(kind)
            .where(kind.way == Way.PASSWORD, kind.user_id.is_distinct_from(held.break_glass_id))
            .returning(kind.user_id)
        ).all()
        for kind in kinds
    ]
    forget_known()
    return len(ended[0])


def _end_tokens(actor: Actor | None, held: Access) -> None:
    ended = session.execute(
        sa.update(ApiToken)
        .where(ApiToken.revoked_at.is_(None), ApiToken.user_id.is_distinct_from(held.break_glass_id))
        .values(revoked_at=clock.now())
        .returning(ApiToken.id)
    ).all()
    audit.record(actor, "tokens revoked", subject_kind="access", subject_id=1, details={"tokens": len(ended)})
    forget_known()


@chore(every=600)
def end_what_does_not_suffice() -> None:
    """Passwords that were switched off open nothing, also where the settings said otherwise for a while."""
    _end_by_password(now())


def _said(access: Access) -> dict[str, object]:
    return {
        "second_roles": sorted(access.second_roles),
        "second_after_sso": access.second_after_sso,
        "passwords": access.passwords,
        "break_glass_id": access.break_glass_id,
    }
