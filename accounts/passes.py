"""Passes for the frame beside a customer's file. A browser gives no cookie to a frame of another site, so it holds
a short signed token. It opens ``/embed/…`` and nothing else, for half a day at most, and ends with the sign-in
it came from or with all of its person's.

The token names a row, signed; the row says whose it is and until when. Whoever reads the table has no token.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import joinedload

from accounts.identity import Known, forget_known, remember, remembered_as
from accounts.models import EmbedPass, User
from accounts.people import actor_of
from accounts.permissions import P
from core import audit, clock
from core.actors import Actor
from core.chores import chore
from core.db import reading, session
from core.errors import Conflict, Invalid, Unauthenticated
from core.i18n import _
from core.permissions import require

LONGEST = timedelta(hours=12)
USUAL = timedelta(hours=8)
SCOPE = "embed"


def allowed_origins() -> tuple[str, ...]:
    """Who may show the frame; empty where nobody may."""
    found: tuple[str, ...] = current_app.config["SPIRAL"].frames
    return found


def give(actor: Actor, user: User, *, lasts: timedelta = USUAL, login_id: int | None = None) -> tuple[str, datetime]:
    """A new pass: its token, told this once, and until when it opens the frame.

    One's own ends with the sign-in ``login_id``. One for others needs the right to let them in.

    Raises:
        Conflict: nobody may show the frame (``embed-off``).
        Invalid: a pass does not last so long.
    """
    if actor.id != user.id:
        require(actor, P.LET_IN)
    if not allowed_origins():
        raise Conflict(_("No program may show the frame here: SPIRAL_EMBED_ORIGINS is empty."), code="embed-off")
    if not timedelta(0) < lasts <= LONGEST:
        raise Invalid({"minutes": _("A pass lasts 1 minute to 12 hours.")})
    now = clock.now()
    row = EmbedPass(
        user_id=user.id,
        login_id=login_id,
        made_by_id=actor.id if actor.id != user.id else None,
        created_at=now,
        expires_at=now + lasts,
    )
    session.add(row)
    session.flush()
    audit.record(actor, "frame opened", subject_kind="user", subject_id=user.id, details={"until": str(row.expires_at)})
    return _signer().dumps([row.id, user.id]), row.expires_at


def holder(token: str) -> Actor:
    """Who may find, read and mark with this pass, now.

    Raises:
        Unauthenticated: it is none of ours, its time is over, or it was ended.
    """
    known = remembered_as(f"pass {token}") or _ask(token)
    if known is None or known.expires_at is None or known.expires_at <= clock.now():
        raise Unauthenticated(_("This pass has ended. Connect again."))
    return known.actor


def _ask(token: str) -> Known | None:
    try:
        pass_id, user_id = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    with reading() as s:
        found = (
            sa.select(EmbedPass.expires_at, User)
            .join(User, User.id == EmbedPass.user_id)
            .options(joinedload(User.team))
            .where(EmbedPass.id == pass_id, EmbedPass.user_id == user_id, User.active)
        )
        row = s.execute(found).first()
        if row is None:
            return None
        known = Known(actor_of(row.User, scopes=frozenset({SCOPE})), expires_at=row.expires_at)
    remember(f"pass {token}", known)
    return known


def in_force() -> int:
    """How many passes open the frame now."""
    found = sa.select(sa.func.count()).select_from(EmbedPass).where(EmbedPass.expires_at > clock.now())
    return session.scalar(found) or 0


def end_all(actor: Actor) -> None:
    """No pass opens the frame any more; everybody connects again."""
    require(actor, P.LET_IN)
    session.execute(sa.delete(EmbedPass))
    audit.record(actor, "frames closed", subject_kind="user", subject_id=actor.id)
    forget_known()


@chore(every=3600)
def sweep() -> None:
    """Remove passes whose time is over."""
    session.execute(sa.delete(EmbedPass).where(EmbedPass.expires_at < clock.now()))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="spiral.embed.pass")
