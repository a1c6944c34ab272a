"""Writes over people. The actor is the first argument; ``None`` is the system itself (a command, the first start).

Hashing a password is slow on purpose and happens before the transaction, so these take hashes, never passwords.
"""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from accounts import access, given, queries
from accounts.access_models import HalfSignIn
from accounts.events import PersonDisabled, PersonMoved
from accounts.identity import forget_known, new_token, token_hash
from accounts.models import ApiToken, EmbedPass, LoginSession, SetupLink, User, UserRole
from accounts.permissions import P
from accounts.rules import SESSION_ABSOLUTE, SESSION_IDLE, USERNAME, Role, Way
from core import audit, clock
from core.actors import Actor
from core.chores import chore
from core.db import session
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import emit
from core.i18n import _
from core.permissions import require
from core.scopes import known


def _allow(actor: Actor | None) -> None:
    if actor is not None:
        require(actor, P.MANAGE_PEOPLE)


def _trail(actor: Actor | None, verb: str, user: User, **details: object) -> None:
    audit.record(actor, verb, subject_kind="user", subject_id=user.id, details=details)


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def add_user(
    actor: Actor | None,
    *,
    username: str,
    name: str = "",
    roles: Iterable[str],
    team: str | None = None,
    tier: str | None = None,
    email: str | None = None,
    locale: str | None = None,
    password_hash: str | None = None,
) -> User:
    """A new person; ``name`` defaults to the username, ``team`` and ``tier`` are slugs.

    Raises:
        Invalid: naming the field.
        Conflict: the username is taken (``username-taken``).
    """
    _allow(actor)
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise Invalid({"username": _("Use 2 to 40 letters, digits, dots, hyphens or underscores.")})
    if session.scalar(sa.select(User.id).where(User.username == username)) is not None:
        raise Conflict(_("%(username)s exists already.", username=username), code="username-taken")
    user = User(
        username=username,
        name=given.named(name or username),
        email=(email or "").strip() or None,
        locale=given.locale(locale),
        team=given.team(team),
        tier=given.tier(tier),
        password_hash=password_hash,
        active=True,
        created_at=clock.now(),
        role_rows=[UserRole(role=role) for role in given.roles(roles)],
    )
    session.add(user)
    session.flush()
    _trail(actor, "added", user, roles=sorted(user.roles), team=team)
    return _moved(user)


def _moved(user: User) -> User:
    """What depends on team, tier, roles and being there has followed."""
    emit(PersonMoved(user.id, clock.now()))
    return user


def change_person(
    actor: Actor | None,
    user: User,
    *,
    name: str,
    roles: Iterable[str],
    team: str | None,
    tier: str | None,
    email: str | None = None,
) -> None:
    """Set what an administrator may set. Other roles end every sign-in of the person: rights are read anew.

    Raises:
        Conflict: nobody would be left to administer (``last-admin``).
    """
    _allow(actor)
    wanted = frozenset(given.roles(roles))
    if Role.ADMIN in user.roles and Role.ADMIN not in wanted:
        must_not_be_the_last_admin(user)
        access.not_in_emergencies(user)
    before = {"name": user.name, "roles": sorted(user.roles), "team": user.team.slug if user.team else None}
    user.name, user.email = given.named(name), (email or "").strip() or None
    user.team, user.tier = given.team(team), given.tier(tier)
    if wanted != user.roles:
        user.role_rows = [UserRole(role=role) for role in sorted(wanted)]
        end_sessions(user)
    session.flush()
    after = {"name": user.name, "roles": sorted(wanted), "team": team}
    if after != before:
        _trail(actor, "changed", user, before=before, after=after)
    forget_known()
    _moved(user)


def disable(actor: Actor | None, user: User) -> None:
    """The person can no longer sign in; every sign-in and token ends now. What they wrote stays theirs."""
    _allow(actor)
    if actor is not None and actor.id == user.id:
        raise Forbidden(_("You cannot disable yourself."), code="own-account")
    if Role.ADMIN in user.roles:
        must_not_be_the_last_admin(user)
        access.not_in_emergencies(user)
    user.active = False
    end_sessions(user)
    _revoke_tokens(user)
    session.flush()
    _trail(actor, "disabled", user)
    emit(PersonDisabled(user.id, user.team_id, clock.now()))


def _revoke_tokens(user: User) -> None:
    session.execute(
        sa.update(ApiToken)
        .where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


def enable(actor: Actor | None, user: User) -> None:
    """The person may sign in again; old tokens stay revoked."""
    _allow(actor)
    user.active = True
    session.flush()
    _trail(actor, "enabled", user)
    _moved(user)


def set_password(actor: Actor | None, user: User, password_hash: str, *, keep: int | None = None) -> None:
    """A new password; every sign-in but ``keep`` (the one it was changed from) ends.

    One that somebody else sets may mean that a stranger knew the old one, and asked for tokens with it: they end, too.
    """
    if actor is None or actor.id != user.id:
        _allow(actor)
        _revoke_tokens(user)
    user.password_hash = password_hash
    end_sessions(user, keep=keep)
    session.flush()
    _trail(actor, "password changed", user)


def change_own(actor: Actor, *, name: str | None = None, locale: str | None = None) -> User:
    """What people may change about themselves."""
    user = session.get_one(User, actor.id)
    if name is not None:
        user.name = given.named(name)
    if locale is not None:
        user.locale = given.locale(locale)
    if session.is_modified(user):
        _trail(actor, "changed", user)
    session.flush()
    forget_known()
    return user


def must_not_be_the_last_admin(user: User) -> None:
    """Somebody else administers, too, or this person does not.

    Raises:
        Conflict: ``last-admin``.
    """
    if Role.ADMIN not in user.roles:
        return
    others = sa.select(sa.func.count()).select_from(
        queries.holders(Role.ADMIN).where(User.id != user.id).order_by(None).subquery()
    )
    if not session.scalar(others):
        raise Conflict(
            _("%(name)s is the last administrator; make somebody else one first.", name=user.name), code="last-admin"
        )


# ── sign-ins ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def sign_in(
    user: User, *, address: str | None, agent: str | None, way: Way = Way.PASSWORD, stepped: bool = False
) -> tuple[str, LoginSession]:
    """A new sign-in of somebody who proved who they are: its secret token and its row."""
    token, now = new_token(), clock.now()
    entry = LoginSession(
        token_hash=token_hash(token),
        user_id=user.id,
        created_at=now,
        seen_at=now,
        address=(address or "")[:64] or None,
        agent=(agent or "")[:200] or None,
        way=way,
        stepped=stepped,
    )
    session.add(entry)
    user.seen_at = now
    session.flush()
    _trail(None, "signed in", user, way=way, second_step=stepped)
    return token, entry


def sign_out(token: str) -> None:
    """End the sign-in of this secret token, for everybody who has a copy of the cookie."""
    session.execute(sa.delete(LoginSession).where(LoginSession.token_hash == token_hash(token)))
    forget_known()


def end_sessions(user: User, *, keep: int | None = None) -> None:
    """End every sign-in of a person but ``keep``, and their passes for frames and halves of sign-ins with them."""
    gone = sa.delete(LoginSession).where(LoginSession.user_id == user.id)
    session.execute(gone if keep is None else gone.where(LoginSession.id != keep))
    frames = sa.delete(EmbedPass).where(EmbedPass.user_id == user.id)
    kept = EmbedPass.login_id.is_not_distinct_from(keep)
    session.execute(frames if keep is None else frames.where(sa.not_(kept)))
    session.execute(sa.delete(HalfSignIn).where(HalfSignIn.user_id == user.id))
    forget_known()


def end_every_sign_in() -> None:
    """Nobody is signed in: what was restored knows sign-ins that have ended since."""
    for kind in (LoginSession, HalfSignIn, EmbedPass):
        session.execute(sa.delete(kind))
    forget_known()


def end_session(actor: Actor, session_id: int) -> None:
    """End one of one's own sign-ins.

    Raises:
        NotFound: it is not there, or somebody else's.
    """
    ended = session.execute(
        sa.delete(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.user_id == actor.id)
        .returning(LoginSession.id)
    ).first()
    if ended is None:
        raise NotFound(_("This sign-in has ended already."))
    _trail(actor, "sign-in ended", session.get_one(User, actor.id))
    forget_known()


@chore(every=600)
def sweep_sessions() -> None:
    """Remove sign-ins whose time is over."""
    now = clock.now()
    over = sa.or_(LoginSession.seen_at < now - SESSION_IDLE, LoginSession.created_at < now - SESSION_ABSOLUTE)
    session.execute(sa.delete(LoginSession).where(over))


# ── tokens and the set-up link ───────────────────────────────────────────────────────────────────────────────────────


def create_token(actor: Actor | None, user: User, *, name: str = "", scopes: list[str] | None = None) -> str:
    """A bearer token for the person, told this once; without scopes it carries all their rights."""
    if actor is None or actor.id != user.id:
        _allow(actor)
    scopes = None if scopes is None else known(scopes)
    token = new_token()
    session.add(
        ApiToken(
            token_hash=token_hash(token), user_id=user.id, name=name.strip()[:80], scopes=scopes, created_at=clock.now()
        )
    )
    session.flush()
    _trail(actor, "token made", user, name=name.strip()[:80])
    return token


def revoke_token(actor: Actor, token_id: int) -> None:
    """One of one's own tokens stops working.

    Raises:
        NotFound: it is not there, or somebody else's.
    """
    found = session.get(ApiToken, token_id)
    if found is None or found.user_id != actor.id or found.revoked_at is not None:
        raise NotFound(_("This token does not work any more."))
    found.revoked_at = clock.now()
    _trail(actor, "token revoked", session.get_one(User, actor.id), name=found.name)
    session.flush()
    forget_known()


def make_setup_link(now: datetime | None = None) -> str:
    """The secret of a fresh one-time set-up link; links made before and not used stop working."""
    session.execute(sa.delete(SetupLink).where(SetupLink.used_at.is_(None)))
    token = new_token()
    session.add(SetupLink(token_hash=token_hash(token), created_at=now or clock.now()))
    session.flush()
    return token


def setup_link(token: str) -> SetupLink:
    """The unused link of this secret.

    Raises:
        NotFound: there is none, or it was used, or somebody administers already.
    """
    found = session.scalar(
        sa.select(SetupLink).where(SetupLink.token_hash == token_hash(token), SetupLink.used_at.is_(None))
    )
    if found is None or session.scalar(sa.select(UserRole.user_id).where(UserRole.role == Role.ADMIN).limit(1)):
        raise NotFound(_("This set-up link was used already, or is not one of ours."))
    return found


def use_setup_link(token: str, *, username: str, name: str, password_hash: str, locale: str | None = None) -> User:
    """The first administrator, made by whoever holds the one-time link; the link is spent.

    Raises:
        NotFound: see ``setup_link``.
    """
    link = setup_link(token)
    spent = session.execute(
        sa.update(SetupLink)
        .where(SetupLink.token_hash == link.token_hash, SetupLink.used_at.is_(None))
        .values(used_at=clock.now())
        .returning(SetupLink.token_hash)
    ).first()
    if spent is None:
        raise NotFound(_("This set-up link was used already, or is not one of ours."))
    roles = (Role.ADMIN, Role.MANAGER)
    return add_user(None, username=username, name=name, roles=roles, password_hash=password_hash, locale=locale)


def remembered(username: str, name: str) -> tuple[User, bool]:
    """The person of this username, and whether they were made for it: as somebody inactive, without roles or password,
    so that what they wrote elsewhere keeps its author.

    Raises:
        Invalid: no person can have this username.
    """
    username = username.strip().lower()
    found = session.scalar(sa.select(User).where(User.username == username))
    if found is not None:
        return found, False
    if not USERNAME.fullmatch(username):
        raise Invalid({"username": _("Use 2 to 40 letters, digits, dots, hyphens or underscores.")})
    user = User(
        username=username, name=given.named(name or username), active=False, created_at=clock.now(), role_rows=[]
    )
    session.add(user)
    session.flush()
    _trail(None, "remembered", user)
    return user, True
