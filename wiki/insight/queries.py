"""Figures of the home pages, each from the package that owns it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from accounts.models import User
from core import clock
from core.actors import Actor
from core.db import session
from core.i18n import _, choose_zone, format_day, local
from core.permissions import allowed
from wiki.articles.models import Article, Publication, Revision, Submission, SubmissionAuthor, SubmissionState
from wiki.articles.permissions import P as Articles
from wiki.articles.queries import written_by
from wiki.articles.titles import BLOCK
from wiki.feedback.models import Feedback, stands
from wiki.feedback.queries import counted_use
from wiki.kpi.computed import per_person
from wiki.kpi.periods import Period, Span, of_moment
from wiki.scoring.models import LedgerEntry
from wiki.scoring.rules import Unit
from wiki.training.models import Course
from wiki.training.queries import progress_in
from wiki.training.rules import CourseState
from workflows.flow import epoch, raw_rows
from workflows.flow_rules import StageFlow, Visit, Window, bottleneck, stage_flows
from workflows.models import Decision, Review, Task
from workflows.rules import TaskState, Verb

QUOTAS = {"approved_items": 150, "training_credits": 40}  # docs/domain.md §4: per person-quarter and per half-year
OPEN_STATES = (SubmissionState.DRAFT, SubmissionState.IN_REVIEW, SubmissionState.RETURNED)


def my_open(actor: Actor, *, limit: int = 4) -> list[Submission]:
    """My drafts, what is under review and what came back; last touched first."""
    found = (
        sa.select(Submission)
        .where(Submission.state.in_(OPEN_STATES))
        .where(written_by(actor))
        .options(joinedload(Submission.head), joinedload(Submission.article), joinedload(Submission.author))
        .order_by(Submission.state == SubmissionState.DRAFT, Submission.updated_at.desc())
    )
    return list(session.scalars(found.limit(limit)))


def just_published(actor: Actor, *, limit: int = 6) -> list[Article]:
    """What readers got last."""
    found = (
        sa.select(Article)
        .where(allowed(actor, Articles.READ), Article.kind != BLOCK)
        .order_by(Article.updated_at.desc(), Article.id.desc())
    )
    return list(session.scalars(found.limit(limit)))


def much_used(actor: Actor, *, limit: int = 6) -> list[Article]:
    """What colleagues used in calls during the last week, most used first."""
    since = clock.now() - timedelta(days=7)
    uses = (
        sa.select(Feedback.article_id, sa.func.count().label("uses"))
        .where(counted_use(), sa.not_(Feedback.own), Feedback.at >= since)
        .group_by(Feedback.article_id)
        .subquery()
    )
    found = (
        sa.select(Article)
        .join(uses, uses.c.article_id == Article.id)
        .where(allowed(actor, Articles.READ), Article.kind != BLOCK)
        .order_by(uses.c.uses.desc(), Article.id)
    )
    return list(session.scalars(found.limit(limit)))


def week_of(actor: Actor) -> dict[str, Any] | None:
    """What a reviewer decided in the last seven days: how many, how many at first sight, and how fast half of them."""
    since = clock.now() - timedelta(days=7)
    rows = session.execute(
        sa.select(Decision.verb, Decision.decided_at, Task.opened_at)
        .join(Task, Task.id == Decision.task_id)
        .where(Decision.actor_id == actor.id, Decision.decided_at >= since, Decision.verb != Verb.COMMENT)
    ).all()
    if not rows:
        return None
    approved = sum(1 for row in rows if row.verb is Verb.APPROVE)
    return {
        "decided": len(rows),
        "first_pass": f"{100 * approved // len(rows)} %",
        "median": span(median((row.decided_at - row.opened_at).total_seconds() for row in rows)),
        "url": None,
    }


def span(seconds: float) -> str:
    """A stretch of time in one unit."""
    if seconds < 5400:
        return _("%(n)s min", n=max(1, round(seconds / 60)))
    if seconds < 48 * 3600:
        return _("%(n)s h", n=f"{seconds / 3600:.1f}".rstrip("0").rstrip("."))
    return _("%(n)s days", n=round(seconds / 86400))


def flow() -> list[dict[str, Any]]:
    """Per stage role: what waits, what is overdue, the oldest, and how fast half of the last month's were decided.

    The bottleneck is named by the rule of the flow page, over these thirty days.
    """
    now = clock.now()
    waiting = session.execute(
        sa.select(
            Task.role,
            sa.func.count().label("waiting"),
            sa.func.sum(sa.case((Task.due_at < now, 1), else_=0)).label("overdue"),
            sa.func.min(Task.opened_at).label("oldest"),
        )
        .where(Task.state == TaskState.OPEN, sa.not_(Task.blind))
        .group_by(Task.role)
    ).all()
    known = {row.role: row for row in waiting}
    flows = {one.stage: one for one in _month_by_role(now)}
    worst = bottleneck(list(flows.values()))
    order = ["business", "qa", "training", "supervisor"]
    found = set(known) | set(flows)
    roles = [r for r in order if r in found] + sorted(found - set(order))
    return [_flow_row(r, known.get(r), flows.get(r), worst is not None and worst.flow.stage == r) for r in roles]


def _month_by_role(now: datetime) -> list[StageFlow]:
    """The flow of the last thirty days, every role taken as one stage."""
    since = now - timedelta(days=30)
    rows = raw_rows(
        sa.select(Task.role, epoch(Task.opened_at), epoch(Task.closed_at), Task.state == TaskState.DONE).where(
            sa.not_(Task.blind), sa.or_(Task.closed_at.is_(None), Task.closed_at >= since)
        )
    )
    visits = (Visit(role, opened, None, closed, done) for role, opened, closed, done in rows)
    return stage_flows(visits, Window(since.timestamp(), now.timestamp()))


def _flow_row(role: str, row: Any, flow: StageFlow | None, bottleneck: bool) -> dict[str, Any]:
    oldest: datetime | None = row.oldest if row else None
    half = flow.lead.median if flow else None
    return {
        "role": role,
        "waiting": row.waiting if row else 0,
        "overdue": int(row.overdue or 0) if row else 0,
        "oldest_at": oldest,
        "median": "–" if half is None else span(half * 3600),
        "bottleneck": bottleneck,
    }


def counted(team_id: int | None, since: datetime) -> dict[int, dict[str, int]]:
    """Per active member of a team: submissions handed in and approved since a moment."""
    member = (User.team_id == team_id) & User.active
    out: dict[int, dict[str, int]] = {
        uid: {"submitted": 0, "approved": 0} for uid in session.scalars(sa.select(User.id).where(member))
    }
    joined = (
        sa.select(SubmissionAuthor.user_id, sa.func.count())
        .join(Submission, Submission.id == SubmissionAuthor.submission_id)
        .where(SubmissionAuthor.user_id.in_(out))
        .group_by(SubmissionAuthor.user_id)
    )
    for uid, count in session.execute(joined.where(Submission.submitted_at >= since)):
        out[uid]["submitted"] = count
    published = Submission.state == SubmissionState.PUBLISHED
    for uid, count in session.execute(joined.where(published, Submission.closed_at >= since)):
        out[uid]["approved"] = count
    return out


def spiral(since: datetime) -> dict[str, int]:
    """Acts per SECI phase since a moment: externalised (submitted), combined (decided), internalised (used, learnt)."""
    submitted = sa.select(sa.func.count()).select_from(Submission).where(Submission.submitted_at >= since)
    decided = (
        sa.select(sa.func.count())
        .select_from(Decision)
        .where(Decision.decided_at >= since, Decision.verb != Verb.COMMENT)
    )
    used = sa.select(sa.func.count()).select_from(Feedback).where(Feedback.at >= since)
    remarks = (
        sa.select(sa.func.count())
        .select_from(Decision)
        .where(Decision.decided_at >= since, Decision.verb == Verb.COMMENT)
    )
    return {
        "s": session.scalar(remarks) or 0,
        "e": session.scalar(submitted) or 0,
        "c": session.scalar(decided) or 0,
        "i": session.scalar(used) or 0,
    }


def acts(phase: str, since: datetime) -> Any:
    """The acts of a SECI phase since a moment, newest first: (at, person, act, title, slug, submission id)."""
    found: Any
    said = sa.select(
        Decision.decided_at.label("at"),
        User.name.label("name"),
        Decision.verb.label("act"),
        Review.title.label("title"),
        sa.null().label("slug"),
        Review.subject_id.label("submission_id"),
    )
    said = said.join(User, User.id == Decision.actor_id).join(Review, Review.id == Decision.review_id)
    if phase == "s":
        found = said.where(Decision.decided_at >= since, Decision.verb == Verb.COMMENT)
    elif phase == "c":
        found = said.where(Decision.decided_at >= since, Decision.verb != Verb.COMMENT)
    elif phase == "e":
        found = (
            sa.select(
                Submission.submitted_at.label("at"),
                User.name.label("name"),
                sa.literal("submit").label("act"),
                Revision.title.label("title"),
                sa.null().label("slug"),
                Submission.id.label("submission_id"),
            )
            .join(User, User.id == Submission.author_id)
            .join(Revision, Revision.id == Submission.head_revision_id)
            .where(Submission.submitted_at >= since)
        )
    else:
        found = (
            sa.select(
                Feedback.at.label("at"),
                User.name.label("name"),
                sa.case((Feedback.used_in_call, "used"), else_="voted").label("act"),
                Article.title.label("title"),
                Article.slug.label("slug"),
                sa.null().label("submission_id"),
            )
            .join(User, User.id == Feedback.user_id)
            .join(Article, Article.id == Feedback.article_id)
            .where(Feedback.at >= since, stands(), sa.not_(Feedback.own))
        )
    return found.order_by(sa.desc("at"))


@dataclass(frozen=True, slots=True)
class Goal:
    """A quota: what is done, what is asked for, and what would be done by now at an even pace."""

    period: Period
    done: int
    target: int
    expected: int


def goal_of(user_id: int, code: str, span: Span) -> Goal:
    """How far a person is with an indicator's quota in the running period (``docs/domain.md`` §4)."""
    zone = choose_zone()
    period = of_moment(clock.now(), zone, span)
    done = int(per_person(code, period.months, [user_id]).get(user_id, 0))
    days = (period.day_after - period.first_day).days
    passed = (clock.today(zone) - period.first_day).days + 1
    return Goal(period, done, QUOTAS[code], QUOTAS[code] * passed // days)


def points_of(user_ids: Sequence[int], period: str) -> dict[int, Decimal]:
    """Points of each of some people in a period."""
    rows = session.execute(
        sa.select(LedgerEntry.user_id, sa.func.sum(LedgerEntry.points, type_=LedgerEntry.points.type))
        .where(LedgerEntry.user_id.in_(user_ids), LedgerEntry.period == period, LedgerEntry.unit == Unit.POINTS)
        .group_by(LedgerEntry.user_id)
    )
    return {row[0]: row[1] for row in rows}


def learning_of(people: Sequence[User]) -> dict[int, tuple[int, int]]:
    """Steps done and to do, over the courses each person is to take."""
    courses = list(session.scalars(sa.select(Course.id).where(Course.state == CourseState.PUBLISHED)))
    found: dict[int, tuple[int, int]] = {user.id: (0, 0) for user in people}
    for course_id in courses:
        for user_id, progress in progress_in(course_id, [user.id for user in people]).items():
            if progress.assigned or progress.begun:
                done, steps = found[user_id]
                found[user_id] = (done + progress.steps_done, steps + progress.steps)
    return found


def published_count() -> int:
    """How many articles readers can see."""
    return session.scalar(sa.select(sa.func.count()).select_from(Article).where(Article.live)) or 0


def published_by_week(weeks: int) -> list[tuple[str, int]]:
    """Publications in each of the last weeks (Monday first), oldest first, with the Monday as label."""
    monday = clock.today(choose_zone())
    monday -= timedelta(days=monday.weekday())
    first = monday - timedelta(weeks=weeks - 1)
    since = datetime.combine(first, datetime.min.time(), ZoneInfo(choose_zone()))
    counts = Counter(
        (local(at).date() - first).days // 7
        for at in session.scalars(sa.select(Publication.published_at).where(Publication.published_at >= since))
    )
    return [(format_day(first + timedelta(weeks=n)), counts[n]) for n in range(weeks)]
