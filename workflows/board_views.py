"""The team board: who has how much, what waits in which pool, what is late or stuck – and the handles to change it."""

from datetime import datetime, timedelta
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for

from accounts.absences import away
from accounts.models import User
from accounts.queries import person
from accounts.rules import REVIEWERS
from core import clock
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _, local
from core.permissions import can, require
from core.web import actor, gate, paginate
from workflows import claiming, deciding, subjects, task_showing
from workflows.models import Task
from workflows.permissions import P
from workflows.presenting import known_of, stage_word
from workflows.team_queries import (
    Load,
    decided_counts,
    decided_since,
    loads_by_holder,
    loads_by_role,
    reviewers,
)
from workflows.views import bp


def this_week() -> datetime:
    """Monday, midnight on the centre's clock."""
    now = local(clock.now())
    return (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


@bp.get("/board")
@gate(P.WATCH_TEAM)
def board() -> str:
    """The load of every reviewer and of every pool."""
    who, people = actor(), reviewers()
    ids = [user.id for user in people]
    holding, decided, absences = loads_by_holder(), decided_counts(ids, this_week(), who), away(ids)
    rows: list[dict[str, Any]] = [
        {
            "name": user.name,
            "username": user.username,
            "team": user.team.name if user.team else None,
            "roles": [subjects.role_word(role) for role in REVIEWERS if role in user.roles],
            "load": holding.get(user.id, Load()),
            "decided": decided.get(user.id, 0),
            "away": _away(absences.get(user.id)),
        }
        for user in people
    ]
    rows.sort(key=lambda row: (-row["load"].overdue, -row["load"].open, row["name"]))
    pools = loads_by_role()
    order = [*REVIEWERS, *sorted(set(pools) - set(REVIEWERS))]
    return render_template(
        "reviews/board.html",
        people=rows,
        pools=[{"role": role, "word": subjects.role_word(role), "load": pools.get(role, Load())} for role in order],
        blocked=sum(load.blocked for load in pools.values()),
        names_people=can(who, P.WATCH_ALL),
    )


def _away(absence: Any) -> dict[str, Any] | None:
    if absence is None:
        return None
    return {"until": absence.ends_at, "deputy": absence.deputy.name if absence.deputy and absence.reviews else None}


@bp.get("/decided")
@gate(P.ENTER_REVIEWS)
def decided() -> str:
    """What somebody has decided this week: one's own, or a colleague's for who watches the team."""
    who, username = actor(), request.args.get("by", "")
    user = session.scalar(person(username)) if username else session.get_one(User, who.id)
    if user is None or user.id != who.id:
        require(who, P.WATCH_TEAM)
    if user is None:
        raise NotFound(_("There is nobody called %(name)s.", name=username[:80]))
    page = paginate(decided_since(user.id, this_week(), who), per=40)
    known = known_of(who, [decision.task.review for decision in page.items])
    items = []
    for decision in page.items:
        review = decision.task.review
        seen = review.id in known
        items.append(
            {
                "title": review.title if seen else _("A text for a closed circle"),
                "url": subjects.subject(review.subject_kind).url(review.subject_id) if seen else None,
                "kind": review.topic,
                "verb": decision.verb.value,
                "stage": stage_word(review, decision.stage),
                "at": decision.decided_at,
                "in_time": decision.in_time,
            }
        )
    return render_template("reviews/decided.html", whose=user.name, items=items, page=page)


@bp.post("/<int:task_id>/take-back")
@gate(P.WATCH_TEAM)
def take_back(task_id: int) -> Any:
    """What lies with somebody is with the pool again."""
    task = claiming.take_back(task_id, actor(), seen=request.form.get("version", type=int))
    flash(_("Given back to the others: %(title)s", title=task.review.title), "success")
    return redirect(url_for("reviews.board"))


@bp.get("/<int:task_id>/people")
@gate(P.WATCH_ALL)
def choose_people(task_id: int) -> Any:
    """Who may decide a task that nobody is left for."""
    return _people(task_id, [], {})


@bp.post("/<int:task_id>/people")
@gate(P.WATCH_ALL)
def name_people(task_id: int) -> Any:
    """Name them; from then on only they may."""
    names = request.form.getlist("people")
    if not names:
        return _people(task_id, names, {"people": _("Choose at least one person.")}, 422)
    try:
        task = claiming.name_people(task_id, actor(), names)
    except Invalid as error:
        session.rollback()
        return _people(task_id, names, error.errors, 422)
    flash(_("Named, and told: %(title)s", title=task.review.title), "success")
    return redirect(url_for("reviews.board"))


def _people(task_id: int, ticked: list[str], errors: dict[str, str], status: int = 200) -> Any:
    who = actor()
    task: Task = deciding.find_task(task_id, who)
    deciding.forbid_own_work(who, task)
    deciding.must_still_be(task)
    page = render_template(
        "reviews/people.html",
        task=task_showing.task_card(task, who),
        title=task.review.title,
        people=task_showing.nameable(task),
        ticked=ticked,
        needed=task.needed,
        errors=errors,
    )
    return make_response(page, status)
