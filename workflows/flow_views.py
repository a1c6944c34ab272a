"""How reviews flow: the figures, the items behind each of them, and all of it to take away."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Response, render_template, request

from core import clock
from core.db import session
from core.errors import NotFound
from core.i18n import _, format_date
from core.tables import TYPES
from core.web import Page, actor, blueprint, gate, page_number, paginate
from workflows import figure_pages as pages
from workflows import flow_showing as showing
from workflows import subjects
from workflows.flow import OF_REVIEWS, OF_TASKS, Figure, reviews_behind, stage_names, tasks_behind
from workflows.permissions import P
from workflows.presenting import known_of

bp = blueprint("flow", __name__, url_prefix="/reviews")
PER_PAGE = 50


@bp.get("/flow")
@gate(P.WATCH_TEAM)
def show() -> str:
    """Where time goes, where it gets stuck, and how much comes out right at once."""
    span, window = pages.span_of(request.args)
    found = showing.recent(span, pages.kind_of(request.args))
    return render_template(
        "reviews/flow.html",
        found=found,
        showing=showing,
        exports=pages.given(),
        **pages.head("flow", span, window, found.kind),
    )


@bp.get("/flow/export")
@gate(P.WATCH_TEAM)
def export() -> Response:
    """A table of the page as CSV, or all of them as an Excel workbook."""
    span, _window = pages.span_of(request.args)
    found = showing.recent(span, pages.kind_of(request.args))
    tables, form, table = showing.sheets(found), request.args.get("form", "csv"), request.args.get("table", "stages")
    if form not in TYPES or table not in tables:
        raise NotFound(_("There is no such table."))
    return pages.download(tables, f"flow-{span.first}-{span.last}", table, form)


@bp.get("/flow/items")
@gate(P.WATCH_TEAM)
def items() -> str:
    """The items that a figure counts: as many as it says, also those whose title is not for everybody."""
    span, _window = pages.span_of(request.args)
    what, names = request.args.get("what", ""), stage_names()
    if what not in OF_TASKS + OF_REVIEWS:
        raise NotFound(_("There is no such figure."))
    at = pages.day_of(request.args.get("at"), "at")
    figure = Figure(what, span, pages.kind_of(request.args), request.args.get("stage") or None, at)
    page, rows = _tasks(figure) if what in OF_TASKS else _reviews(figure)
    stage = names.get(figure.stage, subjects.role_word(figure.stage)) if figure.stage else None
    return render_template(
        "reviews/flow_items.html",
        title=_titles(at)[what],
        stage=stage,
        kind=dict(subjects.topics()).get(figure.kind or ""),
        days=None if what in {"open", "overdue", "blocked", "with_author"} or at else showing.days_in_words(span),
        rows=rows,
        page=page,
        of_tasks=what in OF_TASKS,
        names=names,
        word=subjects.role_word,
        showing=showing,
        back=pages.given(),
    )


def _titles(at: date | None) -> dict[str, str]:
    day = format_date(at) if at else ""
    return {
        "open": _("Open now"),
        "overdue": _("Overdue now"),
        "blocked": _("Too few people left to decide"),
        "arrived": _("Arrived"),
        "decided": _("Verdicts"),
        "dropped": _("Closed without a verdict"),
        "judged": _("Judged in the first round"),
        "first": _("Approved in the first round"),
        "at": _("Open at the end of %(day)s", day=day) if at else _("Open at the end"),
        "begun": _("Handed in"),
        "closed": _("Ended"),
        "approved": _("Approved"),
        "at_once": _("Approved at once"),
        "later": _("Approved after coming back"),
        "rejected": _("Rejected"),
        "withdrawn": _("Withdrawn"),
        "held": _("Approved after some time with the author"),
        "with_author": _("With the author now"),
    }


Rows = list[dict[str, Any]]


def _tasks(figure: Figure) -> tuple[Page, Rows]:
    page, now = paginate(tasks_behind(figure), per=PER_PAGE), clock.now()
    known = known_of(actor(), [task.review for task in page.items])
    return page, [
        {
            **pages.titled(task.review, known),
            "stage": task.stage,
            "round": task.round_id,
            "opened_at": task.opened_at,
            "closed_at": task.closed_at,
            "due_at": task.due_at if task.closed_at is None else None,
            "hours": ((task.closed_at or now) - task.opened_at) / timedelta(hours=1),
        }
        for task in page.items
    ]


def _reviews(figure: Figure) -> tuple[Page, Rows]:
    found, number, now = reviews_behind(figure), page_number(), clock.now()
    total = session.scalar(sa.select(sa.func.count()).select_from(found.order_by(None).subquery())) or 0
    items = session.execute(found.limit(PER_PAGE).offset((number - 1) * PER_PAGE)).all()
    known = known_of(actor(), [review for review, _held in items])
    return Page(list(items), number, PER_PAGE, total), [
        {
            **pages.titled(review, known),
            "state": review.state.value,
            "opened_at": review.opened_at,
            "closed_at": review.closed_at,
            "hours": ((review.closed_at or now) - review.opened_at) / timedelta(hours=1),
            "held": held / 3600 if held else None,
        }
        for review, held in items
    ]
