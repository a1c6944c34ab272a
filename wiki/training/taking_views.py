"""A quiz while it is taken: begun, kept as it is filled in, handed in. Nothing here needs a script."""

import secrets
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core import clock
from core.errors import Conflict, Invalid
from core.i18n import _
from core.permissions import can
from core.web import actor, gate
from wiki.training import presenting, queries
from wiki.training.asking import begun, how_many, in_order, must_begin, until
from wiki.training.forms import answers_in
from wiki.training.learning import find_quiz, hand_in
from wiki.training.models import Attempt, Quiz
from wiki.training.permissions import P
from wiki.training.prerequisites import must_be_unlocked
from wiki.training.rules import attempts_left
from wiki.training.taking import begin, keep
from wiki.training.taking_rules import LATEST, standing, takes_answers
from wiki.training.views import attempt_row, bp, quiz_head


@bp.get("/quizzes/<int:quiz_id>")
@gate(P.LEARN)
def quiz(quiz_id: int) -> str:
    """Take a quiz: every question on one page, in the order of this attempt, with what was kept of it."""
    found = find_quiz(quiz_id, actor())
    must_be_unlocked(found.course, actor())
    return _quiz_page(found)


def _quiz_page(quiz: Quiz, given: dict[int, Any] | None = None, *, unanswered: int = 0) -> str:
    """``given``: what this page says, where it was sent and not handed in."""
    who = actor()
    made = queries.attempts_of(who.id, [quiz.id])
    number, passed = len(made) + 1, any(one.passed for one in made)
    row = begun(quiz.id, who.id, number)
    history = row.history if row else []
    ends = until(quiz, row) if row else None
    may_take = can(who, P.TAKE_COURSE, quiz.course)
    first = must_begin(quiz) and row is None and may_take
    chosen = standing(history) | (given or {})
    return render_template(
        "training/quiz.html",
        quiz=quiz_head(quiz)
        | {
            "attempt": number,
            "previous": [attempt_row(one) for one in made],
            "left": attempts_left(quiz.attempts_allowed, len(made), passed=passed),
            "passed": passed,
            "open": may_take,
            "time_limit": quiz.time_limit,
            "until": ends,
            "seconds_left": max(0, int((ends - clock.now()).total_seconds())) if ends else None,
            "over": not takes_answers(clock.now(), ends),
            "begins": first,
            "count": how_many(quiz),
            "kept": bool(history),
        },
        questions=[]
        if first
        else presenting.questions_to_take(quiz, in_order(quiz, who.id, number), who.id, number, chosen),
        unanswered=unanswered,
        tab=request.form.get("tab") or secrets.token_hex(4),
        seen=request.form.get("seen") or max((one.seq for one in history), default=0),
    )


@bp.post("/quizzes/<int:quiz_id>")
@gate(P.LEARN)
def answer(quiz_id: int) -> Any:
    """Begin an attempt, keep what is chosen, or hand it in. With questions left open it is shown again once, so that
    none is forgotten by accident; what is shown again is kept."""
    found, who, verb = find_quiz(quiz_id, actor()), actor(), request.form.get("verb", "")
    if verb == "begin":
        begin(found, who)
        return redirect(url_for(".quiz", quiz_id=quiz_id), 303)
    number = request.form.get("attempt", type=int)
    asked = in_order(found, who.id, number or len(queries.attempts_of(who.id, [found.id])) + 1)
    given = answers_in(asked, request.form)
    tab, seen = request.form.get("tab", "")[:16], request.form.get("seen", LATEST, type=int)
    if verb == "keep":
        return _keep(found, given, number, tab, seen)
    kept = _kept_if_open(found, given, number, tab, seen)
    if isinstance(kept, Attempt):
        return redirect(url_for(".result", attempt_id=kept.id), 303)
    unanswered = 0 if kept is None else sum(not one.answered_by(kept.get(one.id)) for one in asked)
    if unanswered and "sure" not in request.form:
        return _quiz_page(found, kept, unanswered=unanswered), 422
    try:
        attempt = hand_in(found, who, given, number=number, tab=tab, seen=seen)
    except Invalid:  # the questions were changed while the page was open
        flash(_("The quiz was changed meanwhile. Please answer it once more; this attempt was not counted."), "warning")
        return redirect(url_for(".quiz", quiz_id=quiz_id), 303)
    return redirect(url_for(".result", attempt_id=attempt.id), 303)


def _kept_if_open(
    quiz: Quiz, given: dict[int, Any], number: int | None, tab: str, seen: int
) -> dict[int, Any] | Attempt | None:
    """What holds with what this page says; ``None``: the time is up, and what is open stays open."""
    who = actor()
    made = queries.attempts_of(who.id, [quiz.id])
    known = next((one for one in made if one.number == number), None)
    if known is not None:
        return known
    row = begun(quiz.id, who.id, len(made) + 1)
    if row is None:
        return given
    if not takes_answers(clock.now(), until(quiz, row)):
        return None
    kept = keep(quiz, who, given, number=number, tab=tab, seen=seen)
    return kept if isinstance(kept, Attempt) else standing(kept.history)


def _keep(quiz: Quiz, given: dict[int, Any], number: int | None, tab: str, seen: int) -> Any:
    """By a script nothing is answered; else the page is shown again, with all that is kept."""
    quiet = "quiet" in request.form
    try:
        kept = keep(quiz, actor(), given, number=number, tab=tab, seen=seen)
    except Conflict:
        if quiet:
            return "", 409
        raise
    if isinstance(kept, Attempt):
        return ("", 409) if quiet else redirect(url_for(".result", attempt_id=kept.id), 303)
    if quiet:
        return "", 204
    if takes_answers(clock.now(), until(quiz, kept)):
        flash(_("Your answers are kept. You can close the page and go on later."), "success")
    return redirect(url_for(".quiz", quiz_id=quiz.id), 303)
