"""Asking somebody who knows better, and answering: with an account, or by a link that expires and opens one text."""

from typing import Any

import sqlalchemy as sa
from flask import flash, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError, validate_csrf
from sqlalchemy.orm import joinedload, lazyload
from werkzeug.wrappers import Response
from wtforms.validators import ValidationError

from accounts.models import User
from accounts.throttling import network
from core.actors import Actor
from core.caches import Cache
from core.db import reading, session, writing
from core.errors import Conflict, DomainError, Invalid, NotFound, Throttled
from core.i18n import _
from core.markup import bare
from core.web import EVERYONE, SIGNED_IN, actor, blueprint, csrf, gate
from workflows import expert_links, experts, subjects
from workflows.models import ExpertRequest, Review, Task
from workflows.permissions import P
from workflows.presenting import names_of
from workflows.task_showing import colleagues
from workflows.team_queries import questions_to
from workflows.views import bp as reviews

bp = blueprint("experts", __name__)
A_MINUTE = 60  # requests from one network; a person who thinks needs three
_asked: Cache[list[int]] = Cache(20_000, seconds=60)
BARE = (joinedload(Task.review).lazyload(Review.authors), lazyload(Task.people))  # a list asks for neither


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@reviews.get("/<int:task_id>/experts")
@gate(P.ENTER_REVIEWS)
def ask_form(task_id: int) -> Any:
    """The form by itself: where a refusal is mended."""
    return _form(task_id, {})


@reviews.post("/<int:task_id>/experts")
@gate(P.ENTER_REVIEWS, transaction=False)
def ask(task_id: int) -> Any:
    """Ask a colleague, or somebody outside, who then gets a link that is shown this once."""
    try:
        with writing():  # of its own: the answer to a request with a key is kept in a table, and a link is a secret
            return _ask(task_id, actor())
    except Invalid as error:
        with reading():
            return _form(task_id, error.errors, 422)


def _ask(task_id: int, who: Actor) -> Any:
    form = request.form
    question, days = form.get("question", ""), form.get("days", 3, type=int)
    if form.get("to", "").strip():
        experts.ask_colleague(task_id, who, username=_username(form["to"]), question=question, days=days)
        flash(_("Asked. The answer will stand on this page."), "success")
        return redirect(url_for("reviews.show", task_id=task_id))
    found, secret = experts.ask_outside(
        task_id, who, name=form.get("name", ""), address=form.get("address", ""), question=question, days=days
    )
    link = expert_links.link_to(secret)
    return render_template(
        "reviews/link.html",
        link=link,
        mailed=expert_links.post(found, link),
        asked=found,
        task_url=url_for("reviews.show", task_id=task_id),
        title=session.get_one(Review, found.review_id).title,
    )


def _username(typed: str) -> str:
    """Whom somebody means: a proposal of the field (name and username), a username, or a name that one person has."""
    if "(" in typed:
        return typed.rpartition("(")[2].rstrip(") ")
    named = list(session.scalars(sa.select(User.username).where(User.name == typed.strip(), User.active).limit(2)))
    return named[0] if len(named) == 1 else typed


def _form(task_id: int, errors: dict[str, str], status: int = 200) -> Any:
    task = experts.task_to_ask_about(task_id, actor())
    page = render_template(
        "reviews/ask.html",
        task={"id": task.id},
        title=task.review.title,
        colleagues=colleagues(task, actor()),
        typed=request.form,
        errors=errors,
    )
    return make_response(page, status)


@reviews.post("/experts/<int:request_id>/revoke")
@gate(P.ENTER_REVIEWS)
def revoke(request_id: int) -> Any:
    """The link opens nothing any more."""
    found = experts.revoke(request_id, actor())
    flash(_("Withdrawn: the question to %(name)s.", name=found.name), "success")
    return redirect(url_for("reviews.show", task_id=found.task_id))


# ── answering with an account ────────────────────────────────────────────────────────────────────────────────────────


@reviews.get("/questions")
@gate(SIGNED_IN)
def questions() -> str:
    """What I was asked."""
    found = questions_to(actor().id)
    names = names_of([one.asked_by_id for one in found])
    wanted = sa.select(Task).where(Task.id.in_({one.task_id for one in found}))
    tasks = {task.id: task for task in session.scalars(wanted.options(*BARE))}
    rows = [
        {
            "it": one,
            "by": names.get(one.asked_by_id, ""),
            "title": tasks[one.task_id].review.title,
            "open": _opens(one),
        }
        for one in found
    ]
    return render_template("reviews/questions.html", rows=rows)


def _opens(asked: ExpertRequest) -> bool:
    try:
        experts.for_colleague(asked.id, actor())
    except DomainError:
        return False
    return True


@reviews.get("/questions/<int:request_id>")
@gate(SIGNED_IN)
def question(request_id: int) -> Any:
    """One question, with the text it is about."""
    return _question(request_id, {})


@reviews.post("/questions/<int:request_id>")
@gate(SIGNED_IN)
def answer_question(request_id: int) -> Any:
    """Say what I think."""
    form = request.form
    found = experts.for_colleague(request_id, actor())
    try:
        experts.answer(found, verdict=form.get("verdict", ""), text=form.get("answer", ""), actor=actor())
    except Invalid as error:
        return _question(request_id, error.errors, 422)
    flash(_("Thank you. Your opinion stands on the review page now."), "success")
    return redirect(url_for("reviews.questions"))


def _question(request_id: int, errors: dict[str, str], status: int = 200) -> Any:
    found = experts.for_colleague(request_id, actor())
    page = render_template("reviews/question.html", **_about(found), typed=request.form, errors=errors)
    return make_response(page, status)


def _about(asked: ExpertRequest) -> dict[str, Any]:
    """The text, bare of everything it leads to, and the question."""
    review = session.get_one(Review, asked.review_id)
    slot = subjects.subject(review.subject_kind)
    text = slot.text(asked.revision_id)
    return {
        "asked": asked,
        "by": session.get_one(User, asked.asked_by_id).name,
        "title": text["title"],
        "kind": text["kind"],
        "texts": [{**one, "html": bare(str(one["html"]))} for one in text["texts"]],
        "verdicts": [("yes", _("Yes")), ("no", _("No")), ("unsure", _("Not sure"))],
    }


# ── answering through a link ─────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/expert/<link>")
@gate(EVERYONE)
def opinion(link: str) -> Response:
    """The text and the question, for whoever holds the link; nothing else of the house."""
    _slow_down()
    return _outside(link, {})


@bp.post("/expert/<link>")
@csrf.exempt  # type: ignore[untyped-decorator]  # the page sends no referrer, which the usual check wants under HTTPS; its token is checked below
@gate(EVERYONE)
def answer_opinion(link: str) -> Response:
    """The opinion stands on the review page afterwards."""
    try:
        validate_csrf(request.form.get("csrf_token") or request.headers.get("X-CSRFToken"))
    except ValidationError as error:
        raise CSRFError(str(error)) from None
    _slow_down()
    try:
        found = experts.by_link(link)
        experts.answer(found, verdict=request.form.get("verdict", ""), text=request.form.get("answer", ""))
    except Invalid as error:
        return _outside(link, error.errors, 422)
    except (NotFound, Conflict) as error:
        return _closed(error)
    return _alone(render_template("reviews/thanks.html", sentence=None, title=None), 200)


def _outside(link: str, errors: dict[str, str], status: int = 200) -> Response:
    try:
        found = experts.by_link(link)
    except (NotFound, Conflict) as error:
        return _closed(error)
    return _alone(render_template("reviews/expert.html", **_about(found), typed=request.form, errors=errors), status)


def _closed(error: DomainError) -> Response:
    """Said kindly: 404 for what leads nowhere, 410 for what is over."""
    status = 404 if isinstance(error, NotFound) else 410
    title = _("There is nothing behind this link") if status == 404 else _("This question is closed")
    return _alone(render_template("reviews/thanks.html", sentence=error.sentence, title=title), status)


def _alone(page: str, status: int) -> Response:
    answer = make_response(page, status)
    answer.headers["Referrer-Policy"] = "no-referrer"  # the address is the key
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def _slow_down() -> None:
    """A network that asks faster than people read waits a minute; links cannot be guessed, this only saves work."""
    where = network(request.remote_addr)
    count = _asked.get(where)
    if count is None:
        _asked.put(where, [1])
        return
    count[0] += 1
    if count[0] > A_MINUTE:
        raise Throttled(_("Too many requests; please wait a moment."), retry_after=60)
