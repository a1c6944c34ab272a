"""The inbox, the list of everything that waits, and deciding several at once."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from core.db import session
from core.i18n import _, _n
from core.permissions import can
from core.web import actor, gate, paginate
from workflows import deciding, subjects
from workflows.inbox_queries import HOLDERS, Wish, counts_of, waiting
from workflows.models import Review, Task
from workflows.permissions import P
from workflows.presenting import known_of, rows_of
from workflows.team_queries import Watch, everything_open, questions_waiting
from workflows.views import bp

PER_PAGE = 40


@bp.get("")
@gate(P.ENTER_REVIEWS)
def inbox() -> str:
    """What waits for me, most urgent first."""
    who, asked = actor(), request.args
    wish = Wish(**{name: asked.get(name, "") for name in ("kind", "role", "stage", "author", "due", "holder")})
    counts = counts_of(who)
    page = paginate(waiting(who, wish), per=PER_PAGE, total=None if wish else counts["all"])
    rows = rows_of(page.items)
    stages = {str(row["stage"]): str(row["stage_word"]) for row in rows}
    if wish.stage:
        stages.setdefault(wish.stage, subjects.role_word(wish.stage))
    return render_template(
        "reviews/inbox.html",
        page=replace(page, items=rows),
        counts=counts,
        filters=wish,
        kinds=subjects.topics(),
        roles=[(role, subjects.role_word(role)) for role in sorted(who.roles)],
        stages=sorted(stages.items(), key=lambda stage: stage[1]),
        holders=_holders(counts),
        bulk=any(row["bulk"] for row in rows),
        questions=questions_waiting(who.id),
        watches=can(who, P.WATCH_TEAM),
    )


def _holders(counts: dict[str, int]) -> list[tuple[str, str]]:
    """(code, words with the count) of whom tasks lie with; those who stand in for nobody are not asked about it."""
    words = {
        "me": _("with me (%(n)s)", n=counts["me"]),
        "pool": _("with nobody yet (%(n)s)", n=counts["pool"]),
        "colleagues": _("with colleagues (%(n)s)", n=counts["colleagues"]),
        "others": _("for those I stand in for (%(n)s)", n=counts["others"]),
    }
    return [(code, words[code]) for code in HOLDERS if code != "others" or counts["others"]]


@bp.post("/bulk")
@gate(P.ENTER_REVIEWS)
def approve_many() -> Any:
    """Approve what was ticked, with one remark; what was not approved is listed with the sentence that says why."""
    seen = {}
    for ticked in request.form.getlist("task"):
        number, _colon, version = ticked.partition(":")
        if number.isdecimal() and version.isdecimal() and len(ticked) < 20:
            seen[int(number)] = int(version)
    done, refused = deciding.decide_many(seen, actor(), note=request.form.get("note", ""))
    if not refused:
        flash(_n("%(num)s item approved.", "%(num)s items approved.", len(done)), "success")
        return redirect(url_for("reviews.inbox"))
    titles = _titles([*refused])
    return render_template(
        "reviews/approved.html",
        done=[{"title": one.task.review.title} for one in done],
        refused=[
            {"title": titles.get(task_id), "sentence": sentence, "url": url_for("reviews.show", task_id=task_id)}
            for task_id, sentence in refused.items()
        ],
        note=request.form.get("note", ""),
    )


def _titles(ids: list[int]) -> dict[int, str]:
    """Titles by task, of those that this person may know of."""
    rows = session.scalars(sa.select(Task).join(Review).where(Task.id.in_(ids)))
    return {task.id: task.review.title for task in rows if can(actor(), P.SEE_TASK, task)}


@bp.get("/all")
@gate(P.WATCH_TEAM)
def everything() -> str:
    """Every open task, whoever it waits for: what the figures of the board and of managers count."""
    asked = request.args
    watch = Watch(
        role=asked.get("role", ""),
        overdue=asked.get("due") == "overdue",
        blocked=asked.get("state") == "blocked",
        holder=asked.get("holder", ""),
        binding=asked.get("opinions") == "without",
    )
    page = paginate(everything_open(watch), per=PER_PAGE)
    who = actor()
    rows = rows_of(page.items, known_of(who, [task.review for task in page.items]))
    for row, task in zip(rows, page.items, strict=True):
        if row["url"] is not None:
            row["url"] = subjects.subject(task.review.subject_kind).url(task.review.subject_id)
    return render_template(
        "reviews/all.html",
        page=replace(page, items=rows),
        watch=watch,
        word=subjects.role_word,
        names_people=can(who, P.WATCH_ALL),
    )
