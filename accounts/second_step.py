"""The second step: setting it up, taking it, losing the phone. Each code opens once, each recovery code once.

A wrong code is counted before it is looked at, as a wrong password is (``throttling``); so these come in pairs: count
in a transaction of its own, then ``spend``.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app

from accounts import access, identity, ops, throttling, totp
from accounts.access_models import HalfSignIn, RecoveryCode, SecondFactor
from accounts.identity import new_token, token_hash
from accounts.models import LoginSession, User
from accounts.people import actor_of
from accounts.permissions import P
from accounts.rules import HALF_LASTS, RECOVERY_CODES, Way
from core import audit, clock
from core.actors import Actor
from core.chores import chore
from core.db import session, writing
from core.errors import Conflict, Forbidden, Unauthenticated
from core.i18n import _
from core.permissions import require

KIND = "second"  # of the counters


@dataclass(frozen=True, slots=True)
class Owed:
    """Somebody may go on to the second step with this token, and nowhere else. ``fresh``: they set it up first."""

    token: str
    fresh: bool


def factor_of(user_id: int) -> SecondFactor | None:
    """What is set up and confirmed for a person."""
    found = session.get(SecondFactor, user_id)
    return found if found is not None and found.confirmed_at is not None else None


def codes_left(user_id: int) -> int:
    """How many recovery codes are unused."""
    mine = sa.select(sa.func.count()).select_from(RecoveryCode)
    return session.scalar(mine.where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))) or 0


# ── setting it up ────────────────────────────────────────────────────────────────────────────────────────────────────


def must_be_missing(user_id: int) -> None:
    """The person has none yet.

    Raises:
        Conflict: it is set up already (``second-step-there``).
    """
    if factor_of(user_id) is not None:
        raise Conflict(_("Your second step is set up already."), code="second-step-there")


def offer(user_id: int, showing: str) -> str:
    """The secret of one showing of the picture. It is kept nowhere before its first code came back, so that nobody
    else – at another browser, or at this one later – sees what somebody's app was told.

    ``showing``: what only the browser that was shown it knows (``identity.showing``).
    """
    return totp.offered(_key(), f"{user_id} {showing}")


def confirm(user: User, typed: str, showing: str | None, *, keep: int | None = None) -> list[str]:
    """The app is set up, as this first code of it shows: the recovery codes, told this once.

    Other sign-ins of the person end: they took no second step.

    Raises:
        Unauthenticated: it is not the code of the app that was shown this picture (``wrong-code``).
    """
    session.execute(sa.select(User.id).where(User.id == user.id).with_for_update())  # one confirms at a time
    found = session.get(SecondFactor, user.id, populate_existing=True)
    secret = offer(user.id, showing) if showing else None
    step = totp.step_of(secret, totp.plain(typed), clock.now(), 0) if secret else None
    if secret is None or step is None or (found is not None and found.confirmed_at is not None):
        raise wrong()
    found = found or SecondFactor(user_id=user.id, created_at=clock.now())
    found.sealed, found.confirmed_at, found.last_step = totp.seal(secret, _key()), clock.now(), step
    session.add(found)
    if keep is not None:
        session.execute(sa.update(LoginSession).where(LoginSession.id == keep).values(stepped=True))
    ops.end_sessions(user, keep=keep)
    _trail(user, "second step set up")
    return new_codes(user)


def holder(user_id: int) -> User:
    """The person, who has a second step set up.

    Raises:
        Conflict: they have none (``second-step-missing``).
    """
    if factor_of(user_id) is None:
        raise Conflict(_("You have no second step; set one up first."), code="second-step-missing")
    return session.get_one(User, user_id)


def new_codes(user: User) -> list[str]:
    """Fresh recovery codes; the old ones open nothing any more."""
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    made = [totp.recovery_code() for _i in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(user_id=user.id, code_hash=totp.recovery_hash(user.id, code)) for code in made)
    session.flush()
    _trail(user, "recovery codes made")
    return made


# ── taking it ────────────────────────────────────────────────────────────────────────────────────────────────────────


def owed(user: User, way: Way) -> bool | None:
    """``None``: nothing is owed. ``True``: it has to be set up first. ``False``: a code is asked for."""
    rules = access.now()
    if factor_of(user.id) is not None:
        return False if way is Way.PASSWORD or rules.owed_by(user.roles, way) else None
    return True if rules.owed_by(user.roles, way) else None


def begin(user: User, way: Way, *, fresh: bool) -> Owed:
    """The person is known, and owes the second step: for ten minutes."""
    token = new_token()
    session.add(HalfSignIn(token_hash=token_hash(token), user_id=user.id, way=way, created_at=clock.now()))
    session.flush()
    return Owed(token, fresh)


def half(token: str) -> HalfSignIn:
    """Who holds this token, with their way.

    Raises:
        Unauthenticated: nobody, or for too long (``half-over``).
    """
    found = session.scalar(
        sa.select(HalfSignIn)
        .join(User)
        .where(
            HalfSignIn.token_hash == token_hash(token),
            HalfSignIn.created_at > clock.now() - HALF_LASTS,
            User.active,
        )
    )
    if found is None:
        raise Unauthenticated(_("This took too long. Please sign in again."), code="half-over")
    return found


def finish(
    token: str, typed: str, showing: str | None, *, address: str | None, agent: str | None
) -> tuple[str, User, LoginSession, list[str] | None]:
    """The sign-in that the second step completes: secret token, person, row, and fresh recovery codes if it was set up.

    Raises:
        Unauthenticated: the code is wrong or used, or the token is.
        Throttled: too many attempts.
    """
    with writing():
        user_id = half(token).user_id
    count(user_id, address)
    with writing():
        held = half(token)
        user, way, codes = held.user, held.way, None
        gone = sa.delete(HalfSignIn).where(HalfSignIn.token_hash == token_hash(token)).returning(HalfSignIn.user_id)
        if session.execute(gone).first() is None:  # somebody with a copy of the cookie was faster
            raise wrong()
        if factor_of(user.id) is None:
            codes = confirm(user, typed, showing)
        else:
            spend(user, typed)
        forgive(user.id, address)
        made, entry = ops.sign_in(user, address=address, agent=agent, way=way, stepped=True)
        identity.known_of(user, entry)  # loads team and tier while they can be loaded
        return made, user, entry, codes


def spend(user: User, typed: str) -> None:
    """The code is the person's, and opens nothing any more.

    Raises:
        Unauthenticated: it is none of theirs, or was used (``wrong-code``).
    """
    code, now = totp.plain(typed), clock.now()
    found = factor_of(user.id)
    secret = totp.unseal(found.sealed, _key()) if found is not None else None
    if found is not None and secret and (step := totp.step_of(secret, code, now, found.last_step)):
        later = sa.update(SecondFactor).where(SecondFactor.user_id == user.id, SecondFactor.last_step < step)
        if session.execute(later.values(last_step=step).returning(SecondFactor.user_id)).first() is not None:
            return
    one = sa.update(RecoveryCode).where(
        RecoveryCode.code_hash == totp.recovery_hash(user.id, code),
        RecoveryCode.user_id == user.id,
        RecoveryCode.used_at.is_(None),
    )
    if session.execute(one.values(used_at=now).returning(RecoveryCode.id)).first() is None:
        raise wrong()
    _trail(user, "recovery code used")


def ask(user_id: int, typed: str, address: str | None) -> None:
    """Somebody who is signed in shows that they still hold their second factor; nothing is asked of who has none.

    Opens transactions of its own.

    Raises:
        Unauthenticated: they do not (``wrong-code``).
        Throttled: too many attempts.
    """
    with writing():
        there = factor_of(user_id) is not None
    if there:
        count(user_id, address)
        with writing():
            spend(session.get_one(User, user_id), typed)
            forgive(user_id, address)


def count(user_id: int, address: str | None) -> None:
    """Count an attempt before it is looked at.

    Raises:
        Throttled: it comes too early.
    """
    with writing():
        throttling.attempt(str(user_id), address, KIND)


def forgive(user_id: int, address: str | None) -> None:
    """The attempt was a good one."""
    throttling.succeeded(str(user_id), address, KIND)


def wrong() -> Unauthenticated:
    """One refusal for a wrong code, a used one and one of somebody else."""
    return Unauthenticated(_("This code is wrong, or it was used already. Wait for the next one."), code="wrong-code")


# ── losing it ────────────────────────────────────────────────────────────────────────────────────────────────────────


def remove(actor: Actor) -> None:
    """Somebody signs in without a second step again.

    Raises:
        Forbidden: a role of theirs asks for it (``second-step-needed``).
    """
    if access.now().owed_by(actor.roles, Way.PASSWORD):
        said = _("Your role asks for a second step; an administrator decides that.")
        raise Forbidden(said, code="second-step-needed")
    user = session.get_one(User, actor.id)
    _forget(user)
    _trail(user, "second step removed")


def reset(actor: Actor | None, user: User) -> None:
    """An administrator takes a lost second step away; sign-ins end, and the person sets up a new one."""
    if actor is not None:
        require(actor, P.MANAGE_PEOPLE)
    _forget(user)
    ops.end_sessions(user)
    audit.record(actor, "second step reset", subject_kind="user", subject_id=user.id)


@chore(every=600)
def sweep() -> None:
    """Forget those who never came to the second step, and secrets that earlier programs kept before they counted."""
    over = clock.now() - HALF_LASTS
    session.execute(sa.delete(HalfSignIn).where(HalfSignIn.created_at < over))
    session.execute(sa.delete(SecondFactor).where(SecondFactor.confirmed_at.is_(None), SecondFactor.created_at < over))


def _forget(user: User) -> None:
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    session.execute(sa.delete(SecondFactor).where(SecondFactor.user_id == user.id))


def _trail(user: User, verb: str) -> None:
    audit.record(actor_of(user), verb, subject_kind="user", subject_id=user.id)


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])
