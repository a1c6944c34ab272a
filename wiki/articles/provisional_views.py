"""Pages of publication before review: the panel beside a submission, what waits for a signature, and the list."""

from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core.db import session
from core.i18n import _
from core.permissions import can
from core.web import actor, blueprint, gate, maybe_actor, paginate
from wiki.articles import ops, provisional, provisional_showing
from wiki.articles.models import Submission
from wiki.articles.permissions import P

bp = blueprint("provisional", __name__)


@bp.get("/provisional")
@gate(P.SEE_PROVISIONAL)
def index() -> str:
    """What waits for a signature, what readers see before its review, and how others ended."""
    who = actor()
    page = paginate(provisional_showing.closed(who), per=20)
    return render_template(
        "provisional/index.html",
        asked=provisional_showing.asked(who),
        visible=provisional_showing.visible(who),
        page=replace(page, items=[provisional_showing.shown(row) for row in page.items]),
        kind_word=provisional_showing.kind_word,
        state_word=provisional_showing.state_word,
    )


@bp.post("/submissions/<int:submission_id>/emergency")
@gate(P.PROPOSE)
def ask(submission_id: int) -> Any:
    """The first of two signatures."""
    submission = ops.find_submission(submission_id, actor(), locked=True)
    provisional.ask_emergency(submission, actor(), request.form.get("reason", ""))
    return _done(submission, _("Asked. Readers see it as soon as the second person has signed."))


@bp.post("/submissions/<int:submission_id>/emergency/confirm")
@gate(P.PROPOSE)
def confirm(submission_id: int) -> Any:
    """The second one: readers see it."""
    submission = ops.find_submission(submission_id, actor(), locked=True)
    provisional.confirm_emergency(submission, actor(), seen=request.form.get("revision", type=int))
    return _done(submission, _("Published. Readers see it now, marked as not yet reviewed."))


@bp.post("/submissions/<int:submission_id>/emergency/take-back")
@gate(P.PROPOSE)
def take_back(submission_id: int) -> Any:
    """The request is no longer needed."""
    submission = ops.find_submission(submission_id, actor(), locked=True)
    provisional.take_back_request(submission, actor())
    return _done(submission, _("The request is taken back. The review goes on as always."))


@bp.post("/submissions/<int:submission_id>/workaround")
@gate(P.PROPOSE)
def workaround(submission_id: int) -> Any:
    """Readers see a new text, marked as not yet validated."""
    submission = ops.find_submission(submission_id, actor(), locked=True)
    provisional.publish_workaround(submission, actor(), request.form.get("reason", ""))
    return _done(submission, _("Visible. Readers see it now, marked as not yet validated."))


def _done(submission: Submission, said: str) -> Any:
    flash(said, "success")
    return redirect(url_for("submissions.show", submission_id=submission.id))


def beside_submission(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Beside a submission and a review: what is visible or asked for, and the two ways to publish before the review."""
    who, about = maybe_actor(), context.get("submission")
    submission = session.get(Submission, about["id"]) if who is not None and about else None
    if who is None or submission is None:
        return None
    found = provisional_showing.beside(submission, who)
    return ("provisional/_panel.html", {"early": found}) if found is not None else None


def waiting_signatures(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """On the home page and above the inbox: what waits for this person's signature."""
    who = maybe_actor()
    if who is None or not can(who, P.SEE_PROVISIONAL):
        return None
    rows = provisional_showing.to_sign(who)
    return ("provisional/_to_sign.html", {"rows": rows}) if rows else None
