"""How far reviewers agree, the pairs behind it, and how often approvals did not last."""

from typing import Any

import sqlalchemy as sa
from flask import Response, render_template, request
from sqlalchemy.orm import joinedload

from accounts.models import User
from core.actors import Actor
from core.db import session
from core.errors import NotFound
from core.i18n import _
from core.permissions import can
from core.tables import TYPES, Sheet
from core.web import Page, actor, blueprint, gate, page_number, paginate
from workflows import figure_pages as pages
from workflows import flow_showing as showing
from workflows import subjects
from workflows.agreement import GRADE_WORDS, LEAST_PAIRS, Agreement, Why
from workflows.calibration import (
    Line,
    Pair,
    Record,
    approvals_behind,
    lines,
    matching,
    pairs,
    records,
)
from workflows.flow import stage_names
from workflows.models import Decision, Review, Task
from workflows.permissions import P
from workflows.presenting import known_of

bp = blueprint("calibration", __name__, url_prefix="/reviews/calibration")
PER_PAGE = 50


@bp.get("")
@gate(P.SEE_CALIBRATION)
def show() -> str:
    """Agreement by question and role; overturned approvals, of everybody for managers, one's own for reviewers."""
    span, window = pages.span_of(request.args)
    kind, who = pages.kind_of(request.args), actor()
    found = pairs(span, kind)
    return render_template(
        "reviews/calibration.html",
        lines=[_line(one) for one in lines(found)],
        count=len(found),
        least=LEAST_PAIRS,
        may_open=can(who, P.WATCH_TEAM),
        records=_records_for(who, span, kind),
        everybody=can(who, P.NAME_REVIEWERS),
        given=pages.given(),
        showing=showing,
        **pages.head("calibration", span, window, kind),
    )


def _records_for(who: Actor, span: Any, kind: str | None) -> list[Record]:
    return records(span, kind, user_id=None if can(who, P.NAME_REVIEWERS) else who.id)


def _line(one: Line) -> dict[str, Any]:
    return {
        "question": one.question,
        "words": one.words or _("The verdict: approve, send back or reject"),
        "role": one.role,
        "role_word": subjects.role_word(one.role) if one.role else _("everybody"),
        "found": one.found,
        "said": said(one.found),
    }


def said(found: Agreement) -> str:
    """How to read a kappa, or why there is none."""
    if found.why is Why.TOO_FEW:
        return _("fewer than %(n)s pairs: too few for κ", n=LEAST_PAIRS)
    if found.why is Why.ONE_CATEGORY:
        return _("no κ: everybody always gave the same answer, so nothing could be told from chance")
    return str(GRADE_WORDS[found.grade or "none"])


@bp.get("/export")
@gate(P.SEE_CALIBRATION)
def export() -> Response:
    """Agreement as CSV, or agreement and overturned approvals as an Excel workbook."""
    span, _window = pages.span_of(request.args)
    kind, form = pages.kind_of(request.args), request.args.get("form", "csv")
    if form not in TYPES:
        raise NotFound(_("There is no such table."))
    tables = {"agreement": _agreement_sheet(lines(pairs(span, kind)))}
    tables["overturned"] = Sheet(
        _("Overturned"),
        [_("Reviewer"), _("Approvals"), _("Overturned")],
        [[one.name, one.approvals, len(one.overturned)] for one in _records_for(actor(), span, kind)],
    )
    table = request.args.get("table", "agreement")
    if table not in tables:
        raise NotFound(_("There is no such table."))
    return pages.download(tables, f"calibration-{span.first}-{span.last}", table, form)


def _agreement_sheet(found: list[Line]) -> Sheet:
    def places(value: float | None) -> float | None:
        return None if value is None else round(value, 3)

    return Sheet(
        _("Agreement"),
        [_("Question"), _("Role"), _("Pairs"), _("Agreed"), "κ", _("κ from"), _("κ to"), _("How to read it")],
        [
            [row["words"], row["role_word"], f.pairs, f.agreed, places(f.kappa), places(f.low), places(f.high),
             row["said"]]
            for row in map(_line, found)
            for f in [row["found"]]
        ],
    )  # fmt: skip


@bp.get("/pairs")
@gate(P.WATCH_TEAM)
def show_pairs() -> str:
    """The pairs behind a line; who judged is shown to managers only."""
    span, _window = pages.span_of(request.args)
    question, role = request.args.get("question") or None, request.args.get("role") or None
    words = request.args.get("words") or None
    found = matching(pairs(span, pages.kind_of(request.args)), question=question, role=role, words=words)
    number = page_number()
    shown = found[(number - 1) * PER_PAGE : number * PER_PAGE]
    wanted = sa.select(Review).where(Review.id.in_({one.review_id for one in shown}))
    reviews = {review.id: review for review in session.scalars(wanted)}
    known = known_of(actor(), reviews.values())
    return render_template(
        "reviews/pairs.html",
        words=words or (question or _("The verdict: approve, send back or reject")),
        role=subjects.role_word(role) if role else None,
        rows=[{**pages.titled(reviews[one.review_id], known), **_pair_row(one, question)} for one in shown],
        page=Page(shown, number, PER_PAGE, len(found)),
        by_name=can(actor(), P.NAME_REVIEWERS),
        given=pages.given(),
        names=stage_names(),
        word=subjects.role_word,
    )


def _pair_row(one: Pair, question: str | None) -> dict[str, Any]:
    by_name = can(actor(), P.NAME_REVIEWERS)
    both = one.answers[question] if question else one.verbs
    return {
        "stage": one.stage,
        "role": one.role,
        "at": one.at,
        "first": both[0],
        "second": both[1],
        "agrees": both[0] == both[1],
        "names": one.names if by_name else None,
    }


@bp.get("/overturned")
@gate(P.SEE_CALIBRATION)
def show_overturned() -> str:
    """Approvals of a person that a later stage overturned: one's own, or anybody's for managers."""
    span, _window = pages.span_of(request.args)
    who, username = actor(), request.args.get("user")
    person = session.scalar(sa.select(User).where(User.username == (username or who.username)))
    if person is None or (person.id != who.id and not can(who, P.NAME_REVIEWERS)):
        raise NotFound(_("There is nobody called %(name)s.", name=username))
    none = Record(person.id, person.username, person.name, 0, {})
    (record,) = records(span, pages.kind_of(request.args), user_id=person.id) or [none]
    found = approvals_behind(record.overturned).options(joinedload(Decision.task).joinedload(Task.review))
    page = paginate(found, per=PER_PAGE)
    wanted = [record.refusals[one.id] for one in page.items]
    refusals = {one.id: one for one in session.scalars(sa.select(Decision).where(Decision.id.in_(wanted)))}
    known = known_of(who, [one.task.review for one in page.items])
    return render_template(
        "reviews/overturned.html",
        person=person,
        own=person.id == who.id,
        record=record,
        rows=[_overturned_row(one, refusals[record.refusals[one.id]], known) for one in page.items],
        page=page,
        given=pages.given(),
        names=stage_names(),
        word=subjects.role_word,
    )


def _overturned_row(approval: Decision, refusal: Decision, known: frozenset[int]) -> dict[str, Any]:
    about = pages.titled(approval.task.review, known)
    return {
        **about,
        "stage": approval.stage,
        "at": approval.decided_at,
        "by_stage": refusal.stage,
        "verb": refusal.verb.value,
        "refused_at": refusal.decided_at,
        "note": refusal.note if about["url"] else "",
    }
