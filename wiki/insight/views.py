"""Home: one section per role the person holds, most urgent work first."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import render_template, request, url_for

from accounts.models import Team, User
from accounts.rules import REVIEWERS, Role
from core import clock
from core.actors import Actor
from core.charts import Series, line
from core.db import session
from core.errors import NotFound
from core.i18n import _, _n, choose_zone, local
from core.permissions import can
from core.web import SIGNED_IN, actor, blueprint, gate
from wiki.articles.models import Article
from wiki.articles.permissions import P as Articles
from wiki.articles.presenting import provisional_word, role_word, ways_of
from wiki.articles.tracking import card
from wiki.insight import queries
from wiki.insight.permissions import P
from wiki.kpi.periods import Span
from wiki.scoring.boards_showing import note
from wiki.scoring.queries import Filter, sums
from wiki.scoring.rules import Unit
from wiki.search.gaps import few
from wiki.training import reports
from wiki.training.acknowledging import must_read, unread_in
from wiki.training.following import waiting_to_read_again
from wiki.training.permissions import P as Learning
from wiki.training.queries import mine as my_courses
from wiki.training.queries import progress_of
from wiki.training.recalling import waiting as asked_again
from workflows.inbox_queries import counts_of, waiting
from workflows.presenting import rows_of

bp = blueprint("home", __name__)


@bp.get("/")
@gate(SIGNED_IN)
def show() -> str:
    """What waits for me."""
    who = actor()
    sections: dict[str, Any] = {}
    if who.holds(*REVIEWERS):
        sections["reviewer"] = _reviewer(who)
    if who.holds(Role.REP):
        sections["rep"] = _rep(who)
    if who.holds(Role.TRAINING):
        sections["trainer"] = _trainer(who)
    if who.holds(Role.SUPERVISOR) and who.team_id is not None:
        sections["supervisor"] = _supervisor(who)
    if who.holds(Role.MANAGER):
        sections["manager"] = _manager(who)
    if not sections:
        sections["rep"] = _rep(who)
    return render_template("home/show.html", today=local(clock.now()).date(), **sections)


PHASES = ("s", "e", "c", "i")


def phase_names() -> dict[str, str]:
    """The four phases of the spiral."""
    return {"s": _("Sharing"), "e": _("Writing down"), "c": _("Judging and merging"), "i": _("Learning and using")}


def _month() -> tuple[str, datetime]:
    """The running month as a period, and when it began."""
    today = local(clock.now()).date()
    first = datetime.combine(today.replace(day=1), datetime.min.time(), ZoneInfo(choose_zone()))
    return f"{today:%Y-%m}", first


def _rep(who: Actor) -> dict[str, Any]:
    period, _since = _month()
    points = sums(Filter(user_id=who.id, periods=(period,), unit=Unit.POINTS))[Unit.POINTS]
    mine = queries.my_open(who)
    ways = ways_of(mine)
    courses = list(session.scalars(my_courses(who).limit(4)))
    progress = progress_of(who.id, [course.id for course in courses])
    return {
        "popular": [
            {"label": _marked(a), "url": url_for("articles.show", slug=a.slug)} for a in queries.much_used(who)
        ],
        "must_read": [
            {
                "title": one.article.title,
                "url": url_for("articles.show", slug=one.article.slug),
                "kind": one.article.kind,
                "due_at": one.due_at,
            }
            for one in must_read(who)
        ],
        "submissions": [card(row, who, ways.get(row.id)) for row in mine],
        "points": {
            "value": points,
            "unit": None,
            "note": note(who.id),
            "url": url_for("scoring.show", period=period),
        },
        "quota": _goal(who, "approved_items", Span.QUARTER),
        "credits": _goal(who, "training_credits", Span.HALF),
        "courses": [
            {
                "title": course.title,
                "url": url_for("training.course", slug=course.slug),
                "done": progress[course.id].steps_done,
                "of": progress[course.id].steps,
                "due_on": progress[course.id].due_on,
            }
            for course in courses
            if progress[course.id].completed_at is None
        ],
        "recall": len(asked_again(who)),
        "again": [
            {"title": one.publication.revision.title, "url": url_for("training.course", slug=one.course.slug)}
            for one in waiting_to_read_again(who.id)
            if can(who, Learning.READ_LESSON, one)
        ],
        "fresh": [
            {
                "title": a.title,
                "url": url_for("articles.show", slug=a.slug),
                "kind": a.kind,
                "version": a.version,
                "at": a.updated_at,
                "provisional": a.provisional.value if a.provisional else None,
            }
            for a in queries.just_published(who)
        ],
    }


def _marked(article: Article) -> str:
    """The title, and that it is not reviewed yet while it is not."""
    return f"{article.title} · {provisional_word(article.provisional)}" if article.provisional else article.title


def _goal(who: Actor, code: str, span: Span) -> dict[str, Any]:
    """How far somebody is with a quota of a period, and whether the pace will do."""
    goal = queries.goal_of(who.id, code, span)
    pace = _("on course") if goal.expected <= goal.done else _("%(n)s behind the pace", n=goal.expected - goal.done)
    return {"done": goal.done, "target": goal.target, "note": pace, "url": url_for("kpi.show", period=str(goal.period))}


def _reviewer(who: Actor) -> dict[str, Any]:
    counts = counts_of(who)
    return {
        "total": counts["all"],
        "overdue": counts["overdue"],
        "due_today": counts["today"],
        "items": rows_of(list(session.scalars(waiting(who).limit(8)))),
        "week": queries.week_of(who),
    }


def _trainer(who: Actor) -> dict[str, Any]:
    behind = reports.falling_behind(limit=8)
    marked = [one for one in session.scalars(reports.marked().limit(8)) if can(who, Articles.READ, one.article)]
    today = local(clock.now()).date()
    totals = reports.totals_of(list({lesson.course_id for lesson in marked}))
    return {
        "changed": [
            {
                "course": lesson.course.title,
                "course_url": url_for("training.course", slug=lesson.course.slug),
                "lesson": lesson.article.title,
                "article_url": url_for("articles.show", slug=lesson.article.slug),
                "from_version": lesson.publication.version,
                "to_version": lesson.article.version,
                "significance": "major",
                "at": lesson.marked_at,
                "learners": totals[lesson.course_id].learners,
            }
            for lesson in marked
        ],
        "behind": [_late(user, course, due_on, today) for user, course, due_on in behind],
        "courses": [],
    }


def _late(user: User, course: Any, due_on: date, today: date) -> dict[str, Any]:
    progress = progress_of(user.id, [course.id])[course.id]
    return {
        "name": user.name,
        "team": user.team.name if user.team else "",
        "course": course.title,
        "url": url_for("training.course", slug=course.slug),
        "done": progress.steps_done,
        "of": progress.steps,
        "due_on": due_on,
        "late": due_on < today,
    }


def _supervisor(who: Actor) -> dict[str, Any]:
    period, since = _month()
    team = session.get_one(Team, who.team_id)
    counts, unread = queries.counted(team.id, since), unread_in(team.id)
    people = list(
        session.scalars(
            sa.select(User).where(User.team_id == team.id, User.active, User.id != who.id).order_by(User.name)
        )
    )
    points = queries.points_of([user.id for user in people], period)
    learning = queries.learning_of(people)
    rows: list[dict[str, Any]] = [
        {
            "name": user.name,
            "url": url_for("kpi.show_person", username=user.username),
            "to_read": unread.get(user.id, 0),
            **counts.get(user.id, {"submitted": 0, "approved": 0}),
            "points": points.get(user.id, Decimal(0)),
            "courses_done": learning[user.id][0],
            "courses_of": learning[user.id][1],
            "note": _help(unread.get(user.id, 0), learning[user.id]),
        }
        for user in people
    ]
    rows.sort(key=lambda row: (-row["to_read"], row["courses_done"] - row["courses_of"], row["name"]))
    return {
        "team": team.name,
        "stats": {
            "unread": sum(row["to_read"] for row in rows),
            "submitted": sum(row["submitted"] for row in rows),
            "approved": sum(row["approved"] for row in rows),
            "points": sum((row["points"] for row in rows), Decimal(0)),
        },
        "people": rows,
    }


def _help(unread: int, learning: tuple[int, int]) -> str:
    """Where a supervisor can help this person, in one line."""
    if unread:
        return _n("%(num)s notice to read", "%(num)s notices to read", unread)
    if learning[0] < learning[1]:
        return _n("%(num)s step to go", "%(num)s steps to go", learning[1] - learning[0])
    return ""


def _manager(who: Actor) -> dict[str, Any]:
    _period, since = _month()
    phases = queries.spiral(since)
    names = phase_names()
    notes = {"s": "S", "e": "E", "c": "C", "i": "I"}
    urls = {phase: url_for(".acts", phase=phase) for phase in names}
    flow = queries.flow()
    return {
        "stats": [
            {
                "label": _("Published articles"),
                "value": queries.published_count(),
                "url": url_for("content_health.show"),
                "source": _("How healthy they are"),
            },
            {
                "label": _("Waiting for a verdict"),
                "value": sum(row["waiting"] for row in flow),
                "url": url_for("reviews.everything", opinions="without"),
            },
            {
                "label": _("Overdue tasks"),
                "value": sum(row["overdue"] for row in flow),
                "url": url_for("reviews.everything", opinions="without", due="overdue"),
            },
        ],
        "flow": [
            {
                **row,
                "stage": role_word(row["role"]),
                "url": url_for("reviews.everything", role=row["role"], opinions="without"),
            }
            for row in flow
        ],
        "spiral": [
            {"phase": p, "name": names[p], "count": phases[p], "note": notes[p], "url": urls[p]}
            for p in ("s", "e", "c", "i")
        ],
        "gaps": [{"query": q, "people": n, "url": f"/search?q={quote(q)}"} for q, n in few(who)],
        "chart": _chart(),
        "chart_title": _("Published each week"),
    }


PER_PAGE = 50


@bp.get("/insight/acts/<phase>")
@gate(P.WATCH)
def acts(phase: str) -> str:
    """The acts that a figure of the spiral counts."""
    if phase not in PHASES:
        raise NotFound(_("There is no such phase."))
    _period, since = _month()
    found, number = queries.acts(phase, since), max(1, request.args.get("page", 1, type=int) or 1)
    total = session.scalar(sa.select(sa.func.count()).select_from(found.order_by(None).subquery())) or 0
    rows = session.execute(found.limit(PER_PAGE).offset((min(number, 100_000) - 1) * PER_PAGE)).mappings().all()
    return render_template(
        "home/acts.html",
        name=phase_names()[phase],
        rows=rows,
        page={
            "number": number,
            "pages": max(1, -(-total // PER_PAGE)),
            "total": total,
            "has_next": number * PER_PAGE < total,
        },
    )


def _chart() -> Any:
    weeks = queries.published_by_week(12)
    if not any(count for _label, count in weeks):
        return None
    return line(
        [Series(_("Published"), [count for _l, count in weeks])],
        [label for label, _c in weeks],
        title=_("Published each week"),
    )
