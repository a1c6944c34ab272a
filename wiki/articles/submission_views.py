"""The writer's desk: the editor, autosave, submit, withdraw, and following where it is."""

import secrets
from typing import Any

import sqlalchemy as sa
from flask import flash, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from accounts.queries import teams
from core.actors import Actor
from core.db import session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.markup import render
from core.permissions import can
from core.web import actor, blueprint, gate, paginate
from wiki.articles import file_forms, forms, ops, personal_forms, personal_policy, presenting, similar, tracking
from wiki.articles.content import Content, of_revision
from wiki.articles.diff import changes
from wiki.articles.kinds import KINDS, Kind, kind_of, missing
from wiki.articles.models import EDITABLE, Submission, SubmissionState
from wiki.articles.permissions import P
from wiki.articles.queries import buffer_of, mine, written_by
from workflows.blindness import blind_since

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
    document = {name: request.form.getlist(name) for name in request.form if name not in {"csrf_token", "once", "head"}}
    seen = request.form.get("head", type=int) if "head" in request.form else ops.WHATEVER
    buffer = ops.autosave(submission, actor(), document, seen=seen)
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
        errors = forms.errors_of(
            personal_policy.must_go(kind.code, content) | missing(kind, content.title, content.fields)
        )
    buffer = buffer_of(submission.id, actor().id)
    typed = MultiDict({"head": str(buffer.base_revision_id or ""), **buffer.document}) if buffer else None
    return _editor(kind, content, submission=submission, typed=typed, errors=errors)


@bp.post("/submissions/<int:submission_id>/edit")
@gate(P.PROPOSE)
def keep(submission_id: int) -> Any:
    """Save, preview or submit an existing draft."""
    submission = ops.find_submission(submission_id, actor(), P.EDIT_SUBMISSION, locked=True)
    return _take(KINDS[submission.kind], request.form, submission)


def _take(kind: Kind, form: MultiDict[str, str], submission: Submission | None, slug: str | None = None) -> Any:
    """One of the editor's three verbs. What is typed is either stored or shown again, never lost."""
    verb, who, given = form.get("verb", "save"), actor(), submission
    try:
        written = personal_forms.masked(kind, file_forms.applied(form))
        if verb == "preview":
            return _editor(kind, Content(), submission=submission, typed=written, slug=slug, preview=True)
        if submission is None:
            submission = ops.begin(who, kind.code, article_slug=slug, draft_key=form.get("key") or None)
        ops.save(
            submission,
            who,
            forms.content_of(kind, written),
            significance=form.get("significance") or None,
            reason=form.get("reason"),
            seen=form.get("head", type=int) if given is not None and "head" in form else ops.WHATEVER,
        )
    except Invalid as error:  # what was begun here is undone with the rest: the page goes on with the same key
        errors = forms.errors_of(error.errors)
        return _editor(kind, Content(), submission=given, typed=form, errors=errors, slug=slug), 422
    except Conflict as error:
        if error.code != "edited" or given is None:
            raise
        return _editor(kind, Content(), submission=given, typed=form, overtaken=error), 409
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
    overtaken: Conflict | None = None,
) -> str:
    article = submission.article if submission else ops.readable_article(actor(), slug) if slug else None
    key = key or (typed.get("key") if typed else None) or secrets.token_urlsafe(16)
    values = forms.typed_values(kind, typed) if typed is not None else forms.values_of(kind, content, submission)
    buffer = buffer_of(submission.id, actor().id) if submission else None
    reads_it = article is not None and can(actor(), P.READ, article)  # its author may have left the circle since
    title = article.title if article and reads_it else submission.head.title if submission and submission.head else ""
    return render_template(
        "articles/edit.html",
        kind=kind.code,
        heading=forms.heading(kind, title, change=article is not None),
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
        base={"version": article.version, "url": url_for("articles.show", slug=article.slug)}
        if article and reads_it
        else None,
        state={
            "draft_label": presenting.draft_label(submission) if submission and submission.head else None,
            "saved_at": buffer.saved_at if buffer else submission.updated_at if submission else None,
        },
        similar=[],
        preview_html=_preview(values["body"]) if preview else None,
        returned=tracking.returned_with(submission, actor()),
        remarks=tracking.open_remarks(submission, actor()),
        reader_choices=_reader_choices(values["readers"]),
        head=_head(submission, typed if overtaken is None else None),
        files=file_forms.beside(values),
        flaws=personal_forms.beside(kind, values),
        overtaken=_overtaken(kind, submission, typed, overtaken),
        **forms.choices(change=article is not None),
    )


def _action(kind: Kind, submission: Submission | None, slug: str | None) -> str:
    if submission is not None:
        return url_for("submissions.keep", submission_id=submission.id)
    if slug is not None:
        return url_for("submissions.propose_change", slug=slug)
    return url_for("submissions.create", kind=kind.code)


def _head(submission: Submission | None, typed: MultiDict[str, str] | None) -> str | int | None:
    """The revision that the text in the form was begun from."""
    if submission is None:
        return None
    return typed["head"] if typed and "head" in typed else submission.head_revision_id or ""


def _overtaken(
    kind: Kind, submission: Submission | None, typed: MultiDict[str, str] | None, error: Conflict | None
) -> dict[str, Any] | None:
    """Somebody saved meanwhile: their text against the one in the form."""
    if submission is None or typed is None or error is None:
        return None
    changed, _same = changes(kind, of_revision(submission.head), forms.content_of(kind, typed))
    return {"sentence": error.sentence, "changes": changed}


def _reader_choices(chosen: list[str]) -> list[tuple[str, str]]:
    roles = [
        (f"role:{code}", presenting.role_word(code)) for code in ("rep", "business", "qa", "training", "supervisor")
    ]
    offered = roles + [(f"team:{team.id}", team.name) for team in session.scalars(teams())]
    others = [token for token in chosen if token not in dict(offered)]  # tiers and persons, set by a script
    return offered + list(zip(others, presenting.reader_words(others), strict=False))


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
        sa.select(Submission.state, sa.func.count()).where(written_by(who)).group_by(Submission.state)
    )
    counts = {state.value: count for state, count in rows}
    ways = presenting.ways_of(page.items)
    items = [tracking.card(row, who, ways.get(row.id)) for row in page.items]
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


@bp.get("/submissions/<int:submission_id>")
@gate(P.PROPOSE)
def show(submission_id: int) -> str:
    """Where it is, with whom, until when – and everything that happened to it."""
    who = actor()
    submission = ops.find_submission(submission_id, who)
    readable = can(who, P.READ_SUBMISSION, submission)
    way = presenting.way_of(submission)
    article = submission.article
    own = can(who, P.WITHDRAW, submission)
    names = presenting.names_of(submission.author_ids)
    ids = submission.author_ids
    blind = blind_since(who, ops.SUBJECT, submission.id) is not None
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
            "reopen": own and submission.state is SubmissionState.WITHDRAWN,
            "submit": own and submission.state in {SubmissionState.DRAFT, SubmissionState.RETURNED},
        },
        now=None if blind else tracking.now_words(presenting.where_is_it(way)),
        stages=[] if blind else presenting.stages_of(submission, way),
        trail=tracking.trail_of(submission, with_notes=readable, reader=who),
        beside=tracking.text_of(submission, who) if readable else None,
        returned=tracking.returned_with(submission, who) if readable else None,
        rebase=tracking.rebase_offer(submission) if request.args.get("conflict") == "base-moved" and own else None,
    )


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


@bp.post("/submissions/<int:submission_id>/reopen")
@gate(P.PROPOSE)
def reopen(submission_id: int) -> Any:
    """Take up again what was withdrawn."""
    submission = ops.find_submission(submission_id, actor(), P.WITHDRAW, locked=True)
    ops.reopen(submission, actor())
    return redirect(url_for(".edit", submission_id=submission.id))


@bp.post("/submissions/<int:submission_id>/rebase")
@gate(P.PROPOSE)
def rebase(submission_id: int) -> Any:
    """The author has seen what changed meanwhile; their text now stands against what is live."""
    submission = ops.find_submission(submission_id, actor(), P.EDIT_SUBMISSION, locked=True)
    ops.rebase(submission, actor())
    return _submit(submission, actor())
