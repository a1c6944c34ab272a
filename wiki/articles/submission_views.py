"""The writer's desk: the editor, autosave, submit, withdraw, and following where it is."""

import re
import secrets
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from core.actors import Actor
from core.db import has_session, reading, session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.markup import render
from core.permissions import can
from core.texts import one_line
from core.web import actor, blueprint, gate, paginate
from wiki.articles import (
    draft_showing,
    draft_views,
    file_forms,
    forms,
    ops,
    personal_forms,
    personal_policy,
    presenting,
    similar,
    tracking,
)
from wiki.articles.blocks import warnings
from wiki.articles.content import TITLE_LIMIT, Content, of_revision
from wiki.articles.draft_buffers import buffers_of
from wiki.articles.draft_ops import Clashing
from wiki.articles.kinds import KINDS, Kind, kind_of, missing
from wiki.articles.linking import shown
from wiki.articles.models import EDITABLE, DraftBuffer, Submission, SubmissionState
from wiki.articles.permissions import P
from wiki.articles.queries import mine, standing, written_by
from workflows.blindness import blind_since

bp = blueprint("submissions", __name__)
WRITING_KEY = re.compile(r"writing-[0-9]{1,9}-[0-9a-f]{12}")


@bp.get("/new/<kind>")
@gate(P.PROPOSE)
def new(kind: str) -> str:
    """The editor for a new piece of knowledge; the draft begins with the first words typed."""
    found = kind_of(kind)
    title = one_line(request.args.get("title", ""))[:TITLE_LIMIT]  # carried over by a link that leads nowhere yet
    asked = {"question": title} if title and any(spec.code == "question" for spec in found.fields) else {}
    return _editor(found, Content(title=title, fields=asked), key=_key(request.args.get("key")))


def _key(given: str | None) -> str:
    """The key of a new draft: one's own for a writing task (`wiki.search.writing`), else a new one."""
    return given if given and WRITING_KEY.fullmatch(given) else secrets.token_urlsafe(16)


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
    buffer = _typed_last(submission, request.args.get("window"))
    typed = MultiDict({"head": str(buffer.base_revision_id or ""), **buffer.document}) if buffer else None
    return _editor(kind, content, submission=submission, typed=typed, errors=errors, shown=buffer)


def _typed_last(submission: Submission, window: str | None) -> DraftBuffer | None:
    """What was typed last – or in the named window, when there were several – and never saved. What this person typed
    somewhere else before they saved here waits to be asked for."""
    head, me = submission.head, actor().id
    buffers = buffers_of(submission.id, me)
    goes_on = [b for b in buffers if head is None or b.base_revision_id == head.id or head.author_id != me]
    return next((buffer for buffer in buffers if buffer.page == window), next(iter(goes_on), None))


@bp.post("/submissions/<int:submission_id>/edit")
@gate(P.PROPOSE)
def keep(submission_id: int) -> Any:
    """Save, preview or submit an existing draft."""
    submission = ops.find_submission(submission_id, actor(), P.EDIT_SUBMISSION, locked=True)
    return _take(KINDS[submission.kind], request.form, submission)


def _take(kind: Kind, form: MultiDict[str, str], submission: Submission | None, slug: str | None = None) -> Any:
    """One of the editor's three verbs. What is typed is either stored or shown again, never lost."""
    verb, who, given = form.get("verb", "save"), actor(), submission
    if verb != "preview":
        draft_views.must_be_the_same_person(form)
    try:
        written = personal_forms.masked(kind, file_forms.applied(form))
        if verb == "preview":
            return _editor(kind, Content(), submission=submission, typed=written, slug=slug, preview=True)
        if submission is None:
            base = form.get("base", type=int)
            begun = ops.begin(who, kind.code, article_slug=slug, draft_key=form.get("key") or None, base_id=base)
            submission = ops.find_submission(begun.id, who, P.EDIT_SUBMISSION, locked=True)
        merged = draft_views.take(submission, who, written, new=given is None)
    except Invalid as error:  # what was begun here is undone with the rest: the page goes on with the same key
        errors = forms.errors_of(error.errors)
        if back := draft_views.sent_back(form):
            return _editor(kind, back[0], submission=given, errors=errors, begun=back[1]), 422
        return _editor(kind, Content(), submission=given, typed=form, errors=errors, slug=slug), 422
    except Clashing as clash:
        if submission is None:
            raise
        return draft_views.merge_page(submission, form, clash), 409
    for sentence in merged or ([] if verb == "submit" else [_saved(submission)]):
        flash(sentence, "success")
    if verb != "submit":
        return redirect(url_for(".edit", submission_id=submission.id))
    return _submit(submission, who)


def _saved(submission: Submission) -> str:
    if submission.state is SubmissionState.IN_REVIEW:
        return _("Saved. The reviewers see the new text now.")
    return _("Saved. Nobody sees it before you submit it.")


def _submit(submission: Submission, who: Actor) -> Any:
    """Submit; what stands in the way is said, and the saved text stays. What is almost here already is asked once."""
    if "distinct" not in request.form and similar.nearly_the_same(who, submission):
        return redirect(url_for(".edit", submission_id=submission.id, same=1))
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
    for sentence in warnings(submission.head, who):
        flash(sentence, "warning")
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
    shown: DraftBuffer | None = None,
    begun: str | None = None,
) -> str:
    article = submission.article if submission else ops.readable_article(actor(), slug) if slug else None
    key = key or (typed.get("key") if typed else None) or secrets.token_urlsafe(16)
    values = forms.typed_values(kind, typed) if typed is not None else forms.values_of(kind, content, submission)
    draft = draft_showing.page_of(actor(), submission, article, typed, shown)
    reads_it = article is not None and can(actor(), P.READ, article)  # its author may have left the circle since
    title = article.title if article and reads_it else submission.head.title if submission and submission.head else ""
    return render_template(
        "articles/edit.html",
        kind=kind.code,
        heading=forms.heading(kind, title, change=article is not None),
        action=_action(kind, submission, slug),
        autosave_url=url_for("drafts.autosave", submission_id=submission.id)
        if submission
        else url_for("drafts.autosave_new", key=key),
        draft=draft,
        key=None if submission else key,
        slug=slug,
        preview_url=url_for(".preview"),
        similar_url=url_for(
            ".similar_titles", draft=submission.id if submission else None, article=article.slug if article else None
        ),
        cancel_url=url_for(".mine_page"),
        specs=forms.specs_of(kind),
        body_label=kind.body_label,
        hint=kind.hint,
        values=values,
        rows=forms.rows_of(kind, values),
        errors=errors or {},
        base={"version": article.version, "url": url_for("articles.show", slug=article.slug)}
        if article and reads_it
        else None,
        state={
            "draft_label": presenting.draft_label(submission) if submission and submission.head else None,
            "saved_at": draft["saved_at"] or (submission.updated_at if submission else None),
        },
        similar=_similar(values, submission, article.slug if article else None)
        if typed is not None or submission
        else [],
        preview_html=_preview(values["body"]) if preview else None,
        preview_chart=forms.chart_of(kind, values) if preview else None,
        draft_id=submission.id if submission else None,
        returned=tracking.returned_with(submission, actor()),
        remarks=tracking.open_remarks(submission, actor()),
        reader_choices=forms.reader_choices(values["readers"]),
        head=_head(submission, typed) if begun is None else begun,
        files=file_forms.beside(values),
        flaws=personal_policy.of_content(kind.code, content if typed is None else forms.content_of(kind, typed)),
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


def _preview(text: str) -> Any:
    try:
        html = render(text)
        if has_session():
            return shown(html, actor(), published=False)
        with reading():
            return shown(html, actor(), published=False)
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
    given = request.args
    found = similar.like(
        actor(),
        given.get("title", ""),
        given.get("text", ""),
        without=given.get("draft", type=int),
        article=given.get("article"),
    )
    return render_template("articles/_similar.html", similar=found, draft_id=given.get("draft", type=int))


def _similar(values: dict[str, Any], submission: Submission | None, slug: str | None) -> list[dict[str, Any]]:
    """What is already here like the text in the form."""
    without = submission.id if submission else None
    return similar.like(actor(), values["title"], similar.opening_of(values), without=without, article=slug)


@bp.get("/submissions/mine")
@gate(P.PROPOSE)
def mine_page() -> str:
    """What I have written, last touched first."""
    who, wanted = actor(), request.args.get("state", "")
    state = SubmissionState(wanted) if wanted in list(SubmissionState) else None
    page = paginate(mine(who, state=state), per=20)
    stands = standing().label("stands")
    counts = dict(session.execute(sa.select(stands, sa.func.count()).where(written_by(who)).group_by(stands)).all())
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
            "state": submission.standing.value,
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
        gone=tracking.gone_for(submission) if readable else None,
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
