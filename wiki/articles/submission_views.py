"""The writer's desk: the editor, autosave, submit, withdraw, and following where it is."""

import secrets
from typing import Any

import sqlalchemy as sa
from flask import flash, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from accounts.queries import teams
from core.actors import Actor
from core.audit import TrailEntry, trail
from core.db import session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.markup import render
from core.permissions import can
from core.web import actor, blueprint, gate, paginate
from wiki.articles import forms, ops, presenting, similar
from wiki.articles.content import Content, of_revision
from wiki.articles.kinds import KINDS, Kind, kind_of, missing
from wiki.articles.models import EDITABLE, Publication, Revision, Submission, SubmissionAuthor, SubmissionState
from wiki.articles.permissions import P
from wiki.articles.queries import buffer_of, mine, publication_of
from workflows.models import Decision
from workflows.queries import last_review
from workflows.rules import Verb

bp = blueprint("submissions", __name__)


@bp.get("/new/<kind>")
@gate(P.PROPOSE)
def new(kind: str) -> str:
    """The editor for a new piece of knowledge; the draft begins with the first words typed."""
    found = kind_of(kind)
    return _editor(found, Content(), key=secrets.token_urlsafe(16))


@bp.post("/new/<kind>")
@gate(P.PROPOSE)
def create(kind: str) -> Any:
    """Save, preview or submit what the editor for a new piece sent."""
    return _take(kind_of(kind), request.form, None)


@bp.get("/articles/<slug>/edit")
@gate(P.PROPOSE)
def change(slug: str) -> str:
    """The editor with a published article's text: everybody who may read it may propose a change."""
    article = ops.readable_article(actor(), slug)
    return _editor(KINDS[article.kind], of_revision(article.revision), key=secrets.token_urlsafe(16), slug=slug)


@bp.post("/articles/<slug>/edit")
@gate(P.PROPOSE)
def propose_change(slug: str) -> Any:
    """Save, preview or submit a change of an article."""
    article = ops.readable_article(actor(), slug)
    return _take(KINDS[article.kind], request.form, None, slug=slug)


@bp.put("/drafts/<key>")
@gate(P.PROPOSE)
def autosave_new(key: str) -> Any:
    """Keep what is being typed before the first explicit save; the draft is made on the first call."""
    form = request.form
    submission = ops.begin(actor(), form.get("kind", ""), article_slug=form.get("article") or None, draft_key=key[:40])
    return _autosave(submission)


@bp.put("/submissions/<int:submission_id>/autosave")
@gate(P.PROPOSE)
def autosave(submission_id: int) -> Any:
    """Keep what is being typed; overwritten each time, no revision."""
    return _autosave(ops.find_submission(submission_id, actor(), P.EDIT_SUBMISSION))


def _autosave(submission: Submission) -> Any:
    document = {name: request.form.getlist(name) for name in request.form if name not in {"csrf_token", "once"}}
    buffer = ops.autosave(submission, actor(), document)
    return jsonify(submission=str(submission.id), saved_at=buffer.saved_at.isoformat())


@bp.get("/submissions/<int:submission_id>/edit")
@gate(P.PROPOSE)
def edit(submission_id: int) -> str:
    """The editor with the draft as it was left: what was typed last, else what was saved last."""
    submission = ops.find_submission(submission_id, actor(), P.EDIT_SUBMISSION)
    kind = KINDS[submission.kind]
    content = of_revision(submission.head)
    errors = {}
    if request.args.get("check"):
        errors = forms.errors_of(missing(kind, content.title, content.fields))
    buffer = buffer_of(submission.id, actor().id)
    typed = MultiDict(buffer.document) if buffer else None
    return _editor(kind, content, submission=submission, typed=typed, errors=errors)


@bp.post("/submissions/<int:submission_id>/edit")
@gate(P.PROPOSE)
def keep(submission_id: int) -> Any:
    """Save, preview or submit an existing draft."""
    submission = ops.find_submission(submission_id, actor(), P.EDIT_SUBMISSION, locked=True)
    return _take(KINDS[submission.kind], request.form, submission)


def _take(kind: Kind, form: MultiDict[str, str], submission: Submission | None, slug: str | None = None) -> Any:
    """One of the editor's three verbs. What is typed is either stored or shown again, never lost."""
    verb, who = form.get("verb", "save"), actor()
    if verb == "preview":
        return _editor(kind, Content(), submission=submission, typed=form, slug=slug, preview=True)
    found = submission
    try:
        if submission is None:
            submission = ops.begin(who, kind.code, article_slug=slug, draft_key=form.get("key") or None)
        ops.save(
            submission,
            who,
            forms.content_of(kind, form),
            significance=form.get("significance") or None,
            reason=form.get("reason"),
        )
    except Invalid as error:
        errors = forms.errors_of(error.errors)
        # what was begun here is not kept with a refusal: the form goes on as it came
        return _editor(kind, Content(), submission=found, typed=form, errors=errors, slug=slug), 422
    if verb != "submit":
        flash(_("Saved. Nobody sees it before you submit it."), "success")
        return redirect(url_for(".edit", submission_id=submission.id))
    return _submit(submission, who)


def _submit(submission: Submission, who: Actor) -> Any:
    """Submit; what stands in the way is said, and the saved text stays."""
    point = session.begin_nested()
    try:
        if submission.state is not SubmissionState.IN_REVIEW:
            ops.submit(submission, who)
        point.commit()
    except Invalid as error:
        point.rollback()
        flash(error.sentence, "error")
        return redirect(url_for(".edit", submission_id=submission.id, check=1))
    except Conflict as error:
        point.rollback()
        flash(error.sentence, "warning")
        return redirect(url_for(".show", submission_id=submission.id, conflict=error.code))
    flash(_("Submitted. You can follow here where it is."), "success")
    return redirect(url_for(".show", submission_id=submission.id))


def _editor(
    kind: Kind,
    content: Content,
    *,
    submission: Submission | None = None,
    typed: MultiDict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    key: str | None = None,
    slug: str | None = None,
    preview: bool = False,
) -> str:
    article = submission.article if submission else ops.readable_article(actor(), slug) if slug else None
    key = key or (typed.get("key") if typed else None)
    values = forms.typed_values(kind, typed) if typed is not None else forms.values_of(kind, content, submission)
    buffer = buffer_of(submission.id, actor().id) if submission else None
    return render_template(
        "articles/edit.html",
        kind=kind.code,
        heading=forms.heading(kind, article.title if article else "", change=article is not None),
        action=_action(kind, submission, slug),
        autosave_url=url_for(".autosave", submission_id=submission.id)
        if submission
        else url_for(".autosave_new", key=key),
        key=None if submission else key,
        slug=slug,
        preview_url=url_for(".preview"),
        similar_url=url_for(".similar_titles"),
        cancel_url=url_for(".mine_page"),
        specs=forms.specs_of(kind),
        body_label=kind.body_label,
        hint=kind.hint,
        values=values,
        errors=errors or {},
        base={"version": article.version, "url": url_for("articles.show", slug=article.slug)} if article else None,
        state={
            "draft_label": presenting.draft_label(submission) if submission and submission.head else None,
            "saved_at": buffer.saved_at if buffer else submission.updated_at if submission else None,
        },
        similar=[],
        preview_html=_preview(values["body"]) if preview else None,
        returned=_returned(submission),
        reader_choices=_reader_choices(),
        **forms.choices(change=article is not None),
    )


def _action(kind: Kind, submission: Submission | None, slug: str | None) -> str:
    if submission is not None:
        return url_for("submissions.keep", submission_id=submission.id)
    if slug is not None:
        return url_for("submissions.propose_change", slug=slug)
    return url_for("submissions.create", kind=kind.code)


def _reader_choices() -> list[tuple[str, str]]:
    roles = [
        (f"role:{code}", presenting.role_word(code)) for code in ("rep", "business", "qa", "training", "supervisor")
    ]
    return roles + [(f"team:{team.id}", team.name) for team in session.scalars(teams())]


def _preview(text: str) -> Any:
    try:
        return render(text)
    except Invalid as error:
        return error.sentence


@bp.post("/preview")
@gate(P.PROPOSE, transaction=False)
def preview() -> Any:
    """The text as readers will see it; nothing is kept."""
    return _preview(request.form.get("text", ""))


@bp.get("/similar")
@gate(P.PROPOSE)
def similar_titles() -> str:
    """Published articles and open submissions like this title: improve that one instead."""
    return render_template("articles/_similar.html", similar=similar.like(actor(), request.args.get("title", "")))


@bp.get("/submissions/mine")
@gate(P.PROPOSE)
def mine_page() -> str:
    """What I have written, last touched first."""
    who, wanted = actor(), request.args.get("state", "")
    state = SubmissionState(wanted) if wanted in list(SubmissionState) else None
    page = paginate(mine(who, state=state), per=20)
    rows = session.execute(
        sa.select(Submission.state, sa.func.count())
        .where(sa.exists().where(SubmissionAuthor.submission_id == Submission.id, SubmissionAuthor.user_id == who.id))
        .group_by(Submission.state)
    )
    counts = {state.value: count for state, count in rows}
    items = [card(row, who) for row in page.items]
    return render_template(
        "submissions/mine.html",
        page={
            "items": items,
            "number": page.number,
            "pages": page.pages,
            "total": page.total,
            "has_next": page.has_next,
        },
        filters={"state": wanted if state else ""},
        counts=counts,
        kinds=[(k.code, k.label) for k in KINDS.values()],
    )


def card(submission: Submission, who: Actor) -> dict[str, Any]:
    """One row of 'my submissions'."""
    where = presenting.where_is_it(submission) if submission.submitted_at else None
    title = submission.head.title if submission.head else ""
    if not title and (buffer := buffer_of(submission.id, who.id)):
        title = (buffer.document.get("title") or [""])[0]
    editing = submission.state is SubmissionState.DRAFT
    return {
        "id": submission.id,
        "title": title or _("Untitled"),
        "url": url_for("submissions.edit" if editing else "submissions.show", submission_id=submission.id),
        "kind": submission.kind,
        "state": submission.state.value,
        "stages": presenting.stages_of(submission) if submission.state is SubmissionState.IN_REVIEW else [],
        "waiting_for": [presenting.role_word(r) for r in where["waiting_for"]] if where else [],
        "due_at": where["due_at"] if where else None,
        "changed_at": submission.updated_at,
        "points": None,
        "note": None,
    }


@bp.get("/submissions/<int:submission_id>")
@gate(P.PROPOSE)
def show(submission_id: int) -> str:
    """Where it is, with whom, until when – and everything that happened to it."""
    who = actor()
    submission = ops.find_submission(submission_id, who)
    readable = can(who, P.READ_SUBMISSION, submission)
    where = presenting.where_is_it(submission) if submission.submitted_at else None
    article = submission.article
    own = can(who, P.WITHDRAW, submission)
    names = presenting.names_of(submission.author_ids)
    ids = submission.author_ids
    return render_template(
        "submissions/show.html",
        submission={
            "id": submission.id,
            "title": submission.head.title if submission.head else _("Untitled"),
            "kind": submission.kind,
            "state": submission.state.value,
            "url": url_for(".show", submission_id=submission.id),
            "version_label": presenting.draft_label(submission),
            "author": names.get(ids[0], ""),
            "co_authors": [names.get(i, "") for i in ids[1:]],
            "submitted_at": submission.submitted_at,
            "edit_url": url_for(".edit", submission_id=submission.id),
            "article_url": url_for("articles.show", slug=article.slug) if article and article.live else None,
            "withdraw_url": url_for(".withdraw", submission_id=submission.id),
            "submit_url": url_for(".hand_in", submission_id=submission.id),
        },
        may={
            "edit": can(who, P.EDIT_SUBMISSION, submission),
            "withdraw": own and submission.state in EDITABLE,
            "submit": own and submission.state in {SubmissionState.DRAFT, SubmissionState.RETURNED},
        },
        now=_now(where),
        stages=presenting.stages_of(submission),
        trail=trail_of(submission, with_notes=readable),
        texts=presenting.labelled(submission.head) if readable and submission.head else [],
        returned=_returned(submission) if readable else None,
        rebase=_rebase(submission) if request.args.get("conflict") == "base-moved" and own else None,
    )


def _now(where: dict[str, Any] | None) -> dict[str, Any] | None:
    if where is None:
        return None
    claimed = [task.claimed_by_id for task in where["tasks"] if task.claimed_by_id]
    names = list(presenting.names_of(claimed).values())
    words = [presenting.role_word(role) for role in where["waiting_for"]]
    return {
        "stage": presenting.role_word(where["stage"] or "author"),
        "who": "、".join(names or words),
        "due_at": where["due_at"],
    }


def _rebase(submission: Submission) -> dict[str, str] | None:
    article = submission.article
    if article is None:
        return None
    base = publication_by_revision(submission.base_revision_id, article.id)
    return {
        "compare_url": url_for("articles.diff", slug=article.slug, to=article.version) + f"&from={base}",
        "url": url_for(".rebase", submission_id=submission.id),
    }


def publication_by_revision(revision_id: int | None, article_id: int) -> str:
    """The version number under which a revision was published ('1.0' when unknown)."""
    found = session.scalar(
        sa.select(Publication).where(Publication.article_id == article_id, Publication.revision_id == revision_id)
    )
    return found.version if found else "1.0"


def _returned(submission: Submission | None) -> dict[str, Any] | None:
    """The remark with which it came back, while it lies with its author."""
    if submission is None or submission.state not in {SubmissionState.RETURNED, SubmissionState.REJECTED}:
        return None
    review = last_review(ops.SUBJECT, submission.id)
    if review is None:
        return None
    found = session.scalar(
        sa.select(Decision)
        .where(Decision.review_id == review.id, Decision.verb.in_([Verb.SEND_BACK, Verb.REJECT]))
        .order_by(Decision.id.desc())
        .limit(1)
    )
    if found is None:
        return None
    return {
        "actor": presenting.names_of([found.actor_id]).get(found.actor_id, ""),
        "at": found.decided_at,
        "text": found.note,
        "stage": presenting.role_word(found.stage),
    }


def trail_of(submission: Submission, *, with_notes: bool = True) -> list[dict[str, Any]]:
    """The acts for the page, newest first."""
    rows = list(session.scalars(trail(ops.SUBJECT, submission.id)))
    numbers = {
        row.id: row.number
        for row in session.execute(
            sa.select(Revision.id, Revision.number).where(Revision.submission_id == submission.id)
        )
    }
    out = [_act(row, numbers, with_notes) for row in rows]
    published = publication_of(submission.id)
    if published is not None:
        out.append({"actor": "Spiral", "verb": "publish", "at": published.published_at, "stage": None,
                    "revision": None, "note": _("version %(version)s", version=published.version)})  # fmt: skip
    return out[::-1]


def _act(row: TrailEntry, numbers: dict[int, int], with_notes: bool) -> dict[str, Any]:
    return {
        "actor": row.actor_name,
        "verb": row.verb,
        "at": row.at,
        "stage": presenting.role_word(row.stage) if row.stage else None,
        "revision": numbers.get(row.revision_id or 0),
        "note": row.note if with_notes else "",
    }


@bp.post("/submissions/<int:submission_id>/submit")
@gate(P.PROPOSE)
def hand_in(submission_id: int) -> Any:
    """Submit the saved draft."""
    return _submit(ops.find_submission(submission_id, actor(), P.SUBMIT, locked=True), actor())


@bp.post("/submissions/<int:submission_id>/withdraw")
@gate(P.PROPOSE)
def withdraw(submission_id: int) -> Any:
    """Take it back."""
    submission = ops.find_submission(submission_id, actor(), P.WITHDRAW, locked=True)
    ops.withdraw(submission, actor())
    flash(_("Withdrawn. The text stays among your submissions."), "success")
    return redirect(url_for(".mine_page"))


@bp.post("/submissions/<int:submission_id>/rebase")
@gate(P.PROPOSE)
def rebase(submission_id: int) -> Any:
    """The author has seen what changed meanwhile; their text now stands against what is live."""
    submission = ops.find_submission(submission_id, actor(), P.EDIT_SUBMISSION, locked=True)
    ops.rebase(submission, actor())
    return _submit(submission, actor())
