"""What becomes of a remark: its author has done it, or takes that back."""

from typing import Any

from flask import flash, redirect, request

from core.db import session
from core.errors import Invalid
from core.web import actor, gate, local_path
from workflows import remarks, subjects
from workflows.models import Remark, Review
from workflows.permissions import P
from workflows.views import bp


@bp.post("/remarks/<int:remark_id>/resolve")
@gate(P.ENTER_REVIEWS)
def resolve(remark_id: int) -> Any:
    """Done, with a word to the reviewer on wish."""
    try:
        remarks.resolve(remark_id, actor(), answer=request.form.get("answer", ""))
    except Invalid as error:
        flash(error.sentence, "error")
    return _back(session.get_one(Remark, remark_id))


@bp.post("/remarks/<int:remark_id>/reopen")
@gate(P.ENTER_REVIEWS)
def reopen(remark_id: int) -> Any:
    """Not done after all."""
    return _back(remarks.reopen(remark_id, actor()))


def _back(remark: Remark) -> Any:
    review = session.get_one(Review, remark.review_id)
    home = subjects.subject(review.subject_kind).url(review.subject_id)
    place = local_path(request.form.get("next")) or home
    return redirect(f"{place}#remark-{remark.id}")
