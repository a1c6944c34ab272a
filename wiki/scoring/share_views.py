"""Beside a submission of several authors: how they share what it earns."""

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from accounts.models import User
from core.actors import Actor
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _
from core.permissions import can
from core.web import actor, blueprint, gate, maybe_actor
from wiki.articles.models import Submission, SubmissionState
from wiki.articles.permissions import P as Articles
from wiki.scoring.models import AuthorShares, ScoringAct
from wiki.scoring.permissions import P
from wiki.scoring.sharing import (
    EVENTS,
    agreed,
    answer,
    by_words,
    history,
    in_force,
    percents,
    set_shares,
    standing_shares,
    unheard,
    waiting,
)

bp = blueprint("shares", __name__)


def beside_submission(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The parts of each author, where they come from, and a form for who may set them."""
    who, about = maybe_actor(), context.get("submission")
    found = session.get(Submission, about["id"]) if who is not None and about and "id" in about else None
    if who is None or found is None or len(found.author_ids) < 2 or not can(who, Articles.READ_SUBMISSION, found):
        return None
    rows = history(found.id)
    proposed = waiting(found, rows)
    earlier = [row for row in rows if row is not proposed and (row.shares or row is not rows[-1])]
    by_hand, parts = parts_of(found)
    names = dict(session.execute(sa.select(User.id, User.name).where(User.id.in_(found.author_ids))).all())
    return "scoring/_shares.html", {
        "shares": {
            "id": found.id,
            "parts": [(one, names.get(one, "?"), parts.get(one, 0)) for one in found.author_ids],
            "by_hand": by_hand,
            "proposed": proposed and _proposed(proposed, found, who),
            "history": [_told(row, found) for row in earlier[:5]],
            "names": names,
            "paid": found.state is SubmissionState.PUBLISHED,
            "may": can(who, P.SHARE, found),
            "proposes": who.id in found.author_ids,
        }
    }


def _proposed(row: AuthorShares, submission: Submission, who: Actor) -> dict[str, Any]:
    """What waits for the others, and whether this person is one of them."""
    left = unheard(row, submission.author_ids)
    return {**_told(row, submission), "left": left, "asks": who.id in left and can(who, P.AGREE, submission)}


def _told(row: AuthorShares, submission: Submission) -> dict[str, Any]:
    """A line of the history. ``was``: what became of it, where it was only proposed."""
    refused = [one.user_id for one in row.answers if not one.agrees]
    was = "refused" if refused else "agreed" if in_force(row, submission.author_ids) else "open"
    return {
        "id": row.id,
        "by": row.by.name,
        "at": row.at,
        "reason": row.reason,
        "parts": [(int(one), percent) for one, percent in row.shares.items()],
        "was": was if row.proposed else "",
        "refused": refused,
    }


def parts_of(submission: Submission) -> tuple[bool, dict[int, int]]:
    """Whether the percent were set by hand, and what they are (or were, when it was accepted)."""
    by_hand = agreed(submission.id, submission.author_ids)
    if by_hand is not None:
        return True, by_hand
    paid = session.scalar(
        sa.select(ScoringAct).where(
            ScoringAct.event.in_(EVENTS),
            ScoringAct.source == f"submission:{submission.id}",
            ScoringAct.undoes.is_(None),
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
    row = set_shares(found, actor(), given, reason=request.form.get("reason", ""))
    said = (
        _("Proposed. It counts once all other authors have agreed.")
        if row.proposed
        else _("Saved; all authors see it here.")
    )
    flash(said, "success")
    return redirect(url_for("submissions.show", submission_id=submission_id), 303)


@bp.post("/submissions/<int:submission_id>/shares/<int:shares_id>")
@gate(Articles.PROPOSE)
def say(submission_id: int, shares_id: int) -> Response:
    """A co-author agrees to what was proposed, or does not."""
    found = session.get(Submission, submission_id)
    if found is None or not can(actor(), Articles.READ_SUBMISSION, found):
        raise NotFound(_("There is no such submission, or you may not see it."))
    if request.form.get("say") not in {"yes", "no"}:
        raise BadRequest
    row = answer(found, actor(), shares_id, agrees=request.form["say"] == "yes")
    if any(not one.agrees for one in row.answers):
        flash(_("The proposal is off. You can propose other parts."), "success")
    elif in_force(row, found.author_ids):
        flash(_("All authors agree: what the text earns is shared like this."), "success")
    else:
        flash(_("Noted. It counts once all other authors have agreed."), "success")
    return redirect(url_for("submissions.show", submission_id=submission_id), 303)
