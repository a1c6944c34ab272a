"""Beside a submission of several authors: how they share what it earns."""

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from accounts.models import User
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _
from core.permissions import can
from core.web import actor, blueprint, gate, maybe_actor
from wiki.articles.models import Submission, SubmissionState
from wiki.articles.permissions import P as Articles
from wiki.scoring.models import ScoringAct
from wiki.scoring.permissions import P
from wiki.scoring.sharing import EVENTS, agreed, by_words, history, percents, set_shares, standing_shares

bp = blueprint("shares", __name__)


def beside_submission(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The parts of each author, where they come from, and a form for who may set them."""
    who, about = maybe_actor(), context.get("submission")
    found = session.get(Submission, about["id"]) if who is not None and about and "id" in about else None
    if who is None or found is None or len(found.author_ids) < 2 or not can(who, Articles.READ_SUBMISSION, found):
        return None
    rows = history(found.id)
    by_hand, parts = parts_of(found)
    names = dict(session.execute(sa.select(User.id, User.name).where(User.id.in_(found.author_ids))).all())
    return "scoring/_shares.html", {
        "shares": {
            "id": found.id,
            "parts": [(one, names.get(one, "?"), parts.get(one, 0)) for one in found.author_ids],
            "by_hand": by_hand,
            "history": [row for row in rows if row.shares or row is not rows[-1]][:5],
            "names": names,
            "paid": found.state is SubmissionState.PUBLISHED,
            "may": can(who, P.SHARE, found),
        }
    }


def parts_of(submission: Submission) -> tuple[bool, dict[int, int]]:
    """Whether the percent were set by hand, and what they are (or were, when it was accepted)."""
    by_hand = agreed(submission.id, submission.author_ids)
    if by_hand is not None:
        return True, by_hand
    paid = session.scalar(
        sa.select(ScoringAct).where(
            ScoringAct.event.in_(EVENTS), ScoringAct.source == f"submission:{submission.id}", ScoringAct.undoes.is_(None)
        )
    )
    if paid is not None:
        weights = standing_shares(paid) or [1] * len(paid.people)
        return False, percents(dict(zip(paid.people, weights, strict=True)))
    return False, percents(by_words(submission))


@bp.post("/submissions/<int:submission_id>/shares")
@gate(Articles.PROPOSE)
def save(submission_id: int) -> Response:
    """The authors share like this from now on."""
    found = session.get(Submission, submission_id)
    if found is None or not can(actor(), Articles.READ_SUBMISSION, found):
        raise NotFound(_("There is no such submission, or you may not see it."))
    given: dict[int, int] = {}
    if request.form.get("how") != "words":
        for who in found.author_ids:
            text = request.form.get(f"share-{who}", "").strip()
            if not text.isdecimal() or len(text) > 3:
                raise Invalid({"shares": _("Write a whole percentage for each author.")})
            given[who] = int(text)
    set_shares(found, actor(), given, reason=request.form.get("reason", ""))
    flash(_("Saved; all authors see it here."), "success")
    return redirect(url_for("submissions.show", submission_id=submission_id), 303)
