"""Somebody asks people to confirm a text; those who have not are reminded, and after the deadline their supervisor is
told. Everybody is told once of each: what was told is kept (``ReadingTold``)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from core import audit, clock
from core.actors import Actor
from core.chores import chore
from core.db import session
from core.errors import Conflict, Invalid
from core.events import emit
from core.i18n import _, local
from core.permissions import require
from wiki.articles.models import Article
from wiki.articles.rules import READER_TOKEN, tokens_of
from wiki.training.acknowledging import Ask, asked, asked_about, everybody, is_unreviewed_change, open_row, who_answered
from wiki.training.events import MustReadAsked, MustReadDue, MustReadOverdue
from wiki.training.must_read_models import ReadingAsk, ReadingTold
from wiki.training.must_read_rules import deadline, is_for_supervisor, is_near
from wiki.training.permissions import P

ASKED, REMINDED, ESCALATED = "asked", "reminded", "escalated"


def ask(
    actor: Actor, article: Article, *, due_at: datetime, circle: Iterable[str] = (), urgent: bool = False
) -> ReadingAsk:
    """The people of the circle (none: all who may read it) are asked to confirm what is live now; an earlier asking
    about this text ends.

    Raises:
        Forbidden, Invalid, Conflict: a change of the text still waits for its review.
    """
    require(actor, P.ASK_TO_CONFIRM, article)
    tokens = list(dict.fromkeys(circle))
    if due_at <= clock.now():
        raise Invalid({"due_at": _("Please choose a time that is still to come.")})
    if any(READER_TOKEN.fullmatch(token) is None for token in tokens):
        raise Invalid({"circle": _("A reader is role:qa, team:3, tier:2 or user:7.")})
    if is_unreviewed_change(article) or article.revision_id is None:
        raise Conflict(_("A change of this text waits for its review; ask when it is approved."), code="not-reviewed")
    close(actor, article)
    row = ReadingAsk(
        article_id=article.id, revision_id=article.revision_id, circle=tokens, due_at=due_at, urgent=urgent,
        asked_by_id=actor.id, created_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(
        actor, "ask_to_confirm", subject_kind="article", subject_id=article.id, revision_id=article.revision_id,
        details={"ask": row.id, "circle": tokens, "due_at": due_at.isoformat(), "urgent": urgent},
    )  # fmt: skip
    _tell_all(row, article, actor)
    return row


def _tell_all(row: ReadingAsk, article: Article, actor: Actor) -> None:
    now, found = clock.now(), asked_about(article)
    if found is None:
        return
    done = who_answered(found)
    people = [one.id for one in everybody() if one.id not in done and found.concerns(one)]
    _keep(found.key, people, ASKED, now)
    if people:
        emit(MustReadAsked(article.id, tuple(people), row.due_at, row.urgent, actor.id, now))


def close(actor: Actor, article: Article) -> bool:
    """Nobody is asked about this text any more (a notice asks by its own fields again); what was confirmed stays.

    Raises:
        Forbidden.
    """
    require(actor, P.ASK_TO_CONFIRM, article)
    row = open_row(article.id)
    if row is None:
        return False
    row.closed_at, row.closed_by_id = clock.now(), actor.id
    audit.record(
        actor, "stop_asking", subject_kind="article", subject_id=article.id, details={"ask": row.id},
    )  # fmt: skip
    session.flush()
    return True


def _keep(key: str, people: Iterable[int], step: str, at: datetime) -> None:
    rows = [{"ask": key, "user_id": user_id, "step": step, "at": at} for user_id in people]
    if rows:
        session.execute(sa.insert(ReadingTold), rows)


def told_of(key: str) -> dict[str, dict[int, datetime]]:
    """Per step who was told of an ask when."""
    out: dict[str, dict[int, datetime]] = {}
    found = sa.select(ReadingTold.step, ReadingTold.user_id, ReadingTold.at).where(ReadingTold.ask == key)
    for step, user_id, at in session.execute(found):
        out.setdefault(step, {})[user_id] = at
    return out


def remind(actor: Actor, found: Ask, people: Iterable[int]) -> int:
    """These people are reminded by somebody, each at most once a day; returns how many were."""
    require(actor, P.CHASE)
    step, now = f"chased:{local(clock.now()).date().isoformat()}", clock.now()
    done = who_answered(found)
    known = told_of(found.key).get(step, {})
    fresh = sorted({user_id for user_id in people if user_id not in known and user_id not in done})
    _keep(found.key, fresh, step, now)
    if fresh:
        audit.record(
            actor, "remind_to_confirm", subject_kind="article", subject_id=found.article.id,
            details={"ask": found.key, "people": len(fresh)},
        )  # fmt: skip
        emit(MustReadDue(found.article.id, tuple(fresh), found.due_at, actor.id, now))
    return len(fresh)


# ── the clock ────────────────────────────────────────────────────────────────────────────────────────────────────────


@chore(every=300)
def keep_asking() -> None:
    """Joiners are asked, who has not confirmed is reminded before the deadline, and supervisors hear of it after."""
    asks = asked()
    if not asks:
        return
    people = [(one, tokens_of(one)) for one in everybody()]
    for found in asks:
        done = who_answered(found)
        waiting = {one.id: one for one, tokens in people if one.id not in done and found.concerns(one, tokens)}
        if waiting:
            _follow(found, waiting)


def _follow(found: Ask, waiting: Mapping[int, Actor]) -> None:
    now, told = clock.now(), told_of(found.key)
    known = told.get(ASKED, {})
    fresh = [user_id for user_id in waiting if user_id not in known]
    first = not known and found.row is None  # a notice: everybody was told when it was published
    at = {user_id: known.get(user_id, found.since if first else now) for user_id in waiting}
    _keep(found.key, fresh, ASKED, found.since if first else now)
    if fresh and not first:
        emit(MustReadAsked(found.article.id, tuple(fresh), deadline(found.due_at, now), found.urgent, None, now))
    due = {user_id: deadline(found.due_at, at[user_id]) for user_id in waiting}
    near = [u for u in waiting if u not in told.get(REMINDED, {}) and is_near(at[u], due[u], now)]
    _keep(found.key, near, REMINDED, now)
    if near:
        emit(MustReadDue(found.article.id, tuple(near), found.due_at, None, now))
    late = [u for u in waiting if u not in told.get(ESCALATED, {}) and is_for_supervisor(due[u], now)]
    _keep(found.key, late, ESCALATED, now)
    for team_id in dict.fromkeys(waiting[u].team_id for u in late):
        team = tuple(u for u in late if waiting[u].team_id == team_id)
        emit(MustReadOverdue(found.article.id, team, team_id, found.due_at, now))
