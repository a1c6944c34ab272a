"""Writes of the boards: the badges of the product, a change of one, and somebody's choice about being ranked."""

from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa

from core import audit, clock
from core.actors import Actor
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _, choose_zone
from core.permissions import require
from wiki.scoring.boards_models import BadgeVersion, BoardChoice
from wiki.scoring.boards_permissions import P
from wiki.scoring.boards_rules import DEFAULTS
from wiki.scoring.rules import DEFAULTS_SINCE


def ensure_defaults() -> None:
    """Every badge and level of the product exists; what somebody changed stays as it is."""
    known = set(session.scalars(sa.select(BadgeVersion.code)))
    session.add_all(
        BadgeVersion(
            code=one.code,
            kind=one.kind,
            rules=list(one.rules),
            threshold=Decimal(one.threshold),
            valid_from=DEFAULTS_SINCE,
        )
        for one in DEFAULTS
        if one.code not in known
    )
    session.flush()


def change_badge(actor: Actor, code: str, *, threshold: Decimal, since: date) -> BadgeVersion:
    """From a day on a badge or level needs another threshold; what was given before stays given.

    Raises:
        NotFound: there is none. Invalid: the threshold is none, or the day lies in the past.
    """
    require(actor, P.CHANGE_BADGES)
    old = session.scalar(
        sa.select(BadgeVersion).where(BadgeVersion.code == code).order_by(BadgeVersion.valid_from.desc()).limit(1)
    )
    if old is None:
        raise NotFound(_("There is no badge %(code)s.", code=code))
    errors = {}
    if not 0 < threshold <= 1_000_000 or threshold != threshold.quantize(Decimal("0.01")):
        errors["threshold"] = _("Write a number above nought.")
    if since < clock.today(choose_zone()) or since <= old.valid_from:
        errors["since"] = _("Choose a day from today on, after the last change.")
    if errors:
        raise Invalid(errors)
    old.valid_to = since - timedelta(days=1)
    new = BadgeVersion(
        code=code, kind=old.kind, rules=old.rules, threshold=threshold, valid_from=since, made_by_id=actor.id
    )
    session.add(new)
    session.flush()
    about = {"code": code, "threshold": str(threshold), "since": since.isoformat()}
    audit.record(actor, "change_badge", subject_kind="badge", subject_id=new.id, details=about)
    return new


def choose(actor: Actor, *, hidden: bool) -> None:
    """Take part in rankings, or in none of them from now on. Sums of the team and the centre stay what they are."""
    row = session.get(BoardChoice, actor.id)
    if row is None:
        session.add(BoardChoice(user_id=actor.id, hidden=hidden, at=clock.now()))
    elif row.hidden != hidden:
        row.hidden, row.at = hidden, clock.now()
    session.flush()
