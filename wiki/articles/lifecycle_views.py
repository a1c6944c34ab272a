"""Pages of a text's life: what happened to it, who keeps it true and how; and when an approved text is published."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for

from core.actors import Actor
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _, choose_zone, local
from core.permissions import can, require
from core.web import actor, blueprint, gate, maybe_actor, paginate
from wiki.articles import lifecycle, lifecycle_showing, ops, publishing
from wiki.articles.models import Article, Submission, SubmissionState
from wiki.articles.permissions import P
from wiki.articles.queries import by_slug

bp = blueprint("lifecycle", __name__)


@bp.get("/lifecycle")
@gate(P.PROPOSE)
def index() -> str:
    """What this person keeps true: to be looked at, waiting for its day, ending, ended, without an owner."""
    view = request.args.get("view", "due")
    view = view if view in lifecycle_showing.VIEWS else "due"
    page = paginate(lifecycle_showing.listed(view, actor()), per=30)
    rows = [_scheduled(row) if isinstance(row, Submission) else lifecycle_showing.row_of(row) for row in page.items]
    return render_template(
        "articles/lifecycle_list.html", view=view, rows=rows, page=page, everything=actor().holds("manager")
    )


def _scheduled(submission: Submission) -> dict[str, Any]:
    return {
        "title": submission.head.title if submission.head else "",
        "kind": submission.kind,
        "url": url_for("submissions.show", submission_id=submission.id),
        "publish_at": submission.publish_at,
        "owner": submission.author.name,
    }


@bp.get("/articles/<slug>/lifecycle")
@gate(P.PROPOSE)
def show(slug: str) -> str:
    """One text's whole life, and how it is kept true."""
    return _page(_find(slug, actor()))


def _find(slug: str, who: Actor, *, locked: bool = False) -> Article:
    """The article, published or not any more; the latter only for a manager. ``locked``: with the review of its change,
    and that first, in the order of a decision."""
    article = by_slug(slug)
    if article is None or not (can(who, P.READ, article) or can(who, P.MANAGE_ARTICLES)):
        raise NotFound(_("There is no such article, or you may not see it."))
    if locked:
        publishing.hold(article.id)
    return article


def _page(article: Article, errors: dict[str, str] | None = None, typed: dict[str, str] | None = None) -> str:
    who = actor()
    return render_template(
        "articles/lifecycle.html",
        article={
            "title": article.title,
            "slug": article.slug,
            "url": url_for("articles.show", slug=article.slug),
            "version": article.version,
            "revision": article.revision_id,
        },
        facts=lifecycle_showing.facts(article),
        life=lifecycle_showing.life(article, who),
        waiting=lifecycle_showing.waiting(article, who),
        intervals=lifecycle_showing.intervals(article.verify_months),
        may={"keep": can(who, P.KEEP, article), "manage": can(who, P.MANAGE_ARTICLES)},
        errors=errors or {},
        typed=typed or _given(article),
    )


def _given(article: Article) -> dict[str, str]:
    return {
        "owner": lifecycle_showing.facts(article)["owner_username"],
        "verify_months": str(article.verify_months),
        "expires_at": as_input(article.expires_at),
    }


@bp.post("/articles/<slug>/lifecycle/verify")
@gate(P.PROPOSE)
def verify(slug: str) -> Any:
    """It is still true."""
    article = _find(slug, actor(), locked=True)
    lifecycle.verify(article, actor(), seen=request.form.get("seen", type=int), note=request.form.get("note", ""))
    flash(_("Noted. The next look is due then, not before."), "success")
    return redirect(url_for(".show", slug=slug))


@bp.post("/articles/<slug>/lifecycle")
@gate(P.PROPOSE)
def keep(slug: str) -> Any:
    """Whose it is, how often it is looked at, and when it ends."""
    article, form = _find(slug, actor(), locked=True), request.form
    try:
        lifecycle.keep(
            article,
            actor(),
            owner=form.get("owner", "").strip(),
            verify_months=_months(form.get("verify_months", "")),
            expires_at=as_time(form.get("expires_at", ""), "expires_at"),
        )
    except Invalid as error:
        return _page(article, error.errors, form.to_dict()), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".show", slug=slug))


def _months(given: str) -> int:
    return int(given) if given.isdecimal() and len(given) < 5 else -1


@bp.post("/articles/<slug>/lifecycle/retire")
@gate(P.MANAGE_ARTICLES)
def retire(slug: str) -> Any:
    """Readers no longer see it."""
    article = _find(slug, actor(), locked=True)
    publishing.retire(article, actor(), reason=_reason(), duplicate_of=_original())
    flash(_("Retired. Readers no longer see it; its history stays."), "success")
    return redirect(url_for(".show", slug=slug))


@bp.post("/articles/<slug>/lifecycle/put-back")
@gate(P.MANAGE_ARTICLES)
def put_back(slug: str) -> Any:
    """Readers see it again."""
    article = _find(slug, actor(), locked=True)
    publishing.put_back(article, actor(), reason=_reason())
    flash(_("Put back. Readers see it again, as version %(version)s.", version=article.version), "success")
    return redirect(url_for(".show", slug=slug))


def _original() -> Article | None:
    """The article that says the same, by its address; ``None`` when none was named."""
    named = request.form.get("duplicate_of", "").strip().rstrip("/").rsplit("/", 1)[-1]
    if not named:
        return None
    found = by_slug(unquote(named))
    if found is None:
        raise Invalid({"duplicate_of": _("There is no such article, or you may not see it.")})
    return found


def _reason() -> str:
    reason = request.form.get("reason", "").strip()
    if not reason:
        raise Invalid({"reason": _("Please say why; it stands in the history.")})
    return reason[:500]


@bp.post("/submissions/<int:submission_id>/schedule")
@gate(P.PROPOSE)
def schedule(submission_id: int) -> Any:
    """From when and until when readers see it."""
    submission = ops.find_submission(submission_id, actor(), locked=True)
    require(actor(), P.SCHEDULE, submission)
    lifecycle.schedule(
        submission,
        actor(),
        publish_at=as_time(request.form.get("publish_at", ""), "publish_at"),
        expires_at=as_time(request.form.get("expires_at", ""), "expires_at"),
    )
    flash(_("Planned."), "success")
    return redirect(url_for("submissions.show", submission_id=submission_id))


@bp.post("/submissions/<int:submission_id>/publish-now")
@gate(P.MANAGE_ARTICLES)
def publish_now(submission_id: int) -> Any:
    """An approved text, before its day."""
    article = lifecycle.publish_now(ops.find_submission(submission_id, actor(), locked=True), actor())
    flash(_("Published as version %(version)s.", version=article.version), "success")
    return redirect(url_for("articles.show", slug=article.slug))


@bp.post("/submissions/<int:submission_id>/call-off")
@gate(P.MANAGE_ARTICLES)
def call_off(submission_id: int) -> Any:
    """An approved text will not be published."""
    lifecycle.call_off(ops.find_submission(submission_id, actor(), locked=True), actor())
    flash(_("Called off. Its author may take it up again."), "success")
    return redirect(url_for("submissions.show", submission_id=submission_id))


def beside_submission(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Beside a submission: from when and until when readers see it."""
    who, about = maybe_actor(), context.get("submission")
    found = session.get(Submission, about["id"]) if who is not None and about and "id" in about else None
    if who is None or found is None or found.state not in lifecycle.BEFORE_READERS:
        return None
    may = can(who, P.SCHEDULE, found)
    if not may and found.publish_at is None and found.expires_at is None:
        return None
    plan = {
        "id": found.id,
        "publish_at": found.publish_at,
        "expires_at": found.expires_at,
        "publish_input": as_input(found.publish_at),
        "expires_input": as_input(found.expires_at),
        "approved": found.state is SubmissionState.APPROVED,
        "may": may,
        "manage": can(who, P.MANAGE_ARTICLES),
    }
    return "articles/_schedule.html", {"plan": plan}


def as_time(given: str, field: str) -> datetime | None:
    """What was typed, on the centre's clock; empty is none.

    Raises:
        Invalid: it is no time.
    """
    if not given.strip():
        return None
    try:
        at = datetime.fromisoformat(given.strip())
    except ValueError as error:
        raise Invalid({field: _("Please give a time like 2026-11-30 18:00.")}) from error
    if not 1900 <= at.year <= 9000:
        raise Invalid({field: _("Please give a time like 2026-11-30 18:00.")})
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(choose_zone()))


def as_input(at: datetime | None) -> str:
    """A time as the browser's field wants it."""
    return f"{local(at):%Y-%m-%dT%H:%M}" if at else ""
