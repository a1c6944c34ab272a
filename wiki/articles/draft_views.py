"""Drafts over the wire: autosave, who is here, merging, bringing up to date."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from pydantic import TypeAdapter, ValidationError
from werkzeug.datastructures import MultiDict

from core.actors import Actor
from core.db import session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.web import actor, blueprint, gate
from wiki.articles import draft_buffers, draft_ops, draft_showing, forms, ops, presence
from wiki.articles.content import Content, of_revision
from wiki.articles.draft_buffers import Window
from wiki.articles.draft_ops import WHATEVER, Clashing
from wiki.articles.kinds import KINDS
from wiki.articles.merging import Choice, merge
from wiki.articles.models import Article, Revision, Submission
from wiki.articles.permissions import P

bp = blueprint("drafts", __name__)
# what a form says beside the text itself; no part of what is kept while it is typed
ABOUT = frozenset({"csrf_token", "once", "verb", "head", "page", "took", "who", "base", "key", "kind", "article"})
CHOICE = "choice-"
_content: TypeAdapter[Content] = TypeAdapter(Content)


# ── while it is typed ────────────────────────────────────────────────────────────────────────────────────────────────


@bp.put("/drafts/<key>")
@gate(P.PROPOSE)
def autosave_new(key: str) -> Any:
    """Keep what is being typed before the first explicit save; the draft is made on the first call."""
    form = request.form
    must_be_the_same_person(form)
    submission = ops.begin(
        actor(),
        form.get("kind", ""),
        article_slug=form.get("article") or None,
        draft_key=key[:40],
        base_id=form.get("base", type=int),
    )
    return _autosave(submission, form, seen=None)


@bp.put("/submissions/<int:submission_id>/autosave")
@gate(P.PROPOSE)
def autosave(submission_id: int) -> Any:
    """Keep what is being typed; overwritten each time, no revision."""
    must_be_the_same_person(request.form)
    submission = ops.find_submission(submission_id, actor(), P.EDIT_SUBMISSION)
    return _autosave(submission, request.form, seen=seen_in(request.form))


def _autosave(submission: Submission, form: MultiDict[str, str], *, seen: int | None) -> Any:
    """Keep it, renew the page's presence, and say what the page should know: who else is here, what has moved."""
    who, window = actor(), window_of(form)
    document = {name: form.getlist(name) for name in form if name not in ABOUT}
    buffer = draft_ops.autosave(submission, who, document, seen=seen, window=window)
    if window.page:
        presence.seen(who, window.page, submission=submission)
    head, article = submission.head, submission.article
    moved = head is not None and seen not in {WHATEVER, head.id}
    said = forms.content_of(KINDS[submission.kind], form) if moved else None
    return jsonify(
        submission=str(submission.id),
        saved_at=buffer.saved_at.isoformat(),
        edit_url=url_for("submissions.edit", submission_id=submission.id),
        head=head.id if head is not None else None,
        caught_up=bool(said and draft_ops.says(submission, said)),
        moved=draft_showing.moved_words(head, who) if head is not None and moved else None,
        others=draft_showing.others_words(who, submission, article),
        elsewhere=bool(presence.pages_open(who, submission) - {window.page}),
    )


@bp.put("/presence/<page>")
@gate(P.PROPOSE)
def here(page: str) -> Any:
    """This page is open; the answer says who else is in the text."""
    submission, article = _about(request.form)
    if submission is not None or article is not None:
        presence.seen(actor(), page, submission=submission, article=article)
    mine = presence.pages_open(actor(), submission) if submission is not None else frozenset()
    others = draft_showing.others_words(actor(), submission, article)
    return jsonify(others=others, elsewhere=bool(mine - {page[:40]}))


@bp.post("/presence/<page>/left")
@gate(P.PROPOSE)
def left(page: str) -> Any:
    """This page was shut."""
    presence.left(actor(), page)
    return "", 204


def _about(form: MultiDict[str, str]) -> tuple[Submission | None, Article | None]:
    number, slug = form.get("submission", type=int), form.get("article")
    if number is not None and 0 < number < 10**9:
        submission = ops.find_submission(number, actor(), P.EDIT_SUBMISSION)
        return submission, submission.article
    return None, ops.readable_article(actor(), slug) if slug else None


def window_of(form: MultiDict[str, str]) -> Window:
    """Which open page sends a form, and whose text it went on with."""
    took, _at, at = form.get("took", "").partition("@")
    try:
        moment = datetime.fromisoformat(at) if at else None
    except ValueError:
        moment = None
    aware = moment if moment is not None and moment.tzinfo is not None else None
    return Window(form.get("page", "")[:40], took[:40] if aware else None, aware)


def seen_in(form: MultiDict[str, str], *, new: bool = False) -> int | None:
    """The revision that the text in a form was begun from; ``None``: before there was one."""
    return form.get("head", type=int) if new or "head" in form else WHATEVER


def must_be_the_same_person(form: MultiDict[str, str]) -> None:
    """A page that one person left open is not saved by the next who signs in at this desk.

    Raises:
        Conflict (``other-person``).
    """
    if form.get("who", str(actor().id)) != str(actor().id):
        raise Conflict(
            _("Somebody else wrote this and you are signed in now. It is not saved under your name."),
            code="other-person",
        )


# ── when it is saved ─────────────────────────────────────────────────────────────────────────────────────────────────


def take(submission: Submission, who: Actor, form: MultiDict[str, str], *, new: bool) -> list[str]:
    """The text of the editor, or of the merge page, is saved; the sentences say what it was merged with.

    Raises:
        Forbidden, IllegalMove, Invalid.
        Clashing: a choice is to be made; nothing was saved.
    """
    kind, window, before = KINDS[submission.kind], window_of(form), submission.head_revision_id
    content, seen, live_id = forms.content_of(kind, form), seen_in(form, new=new), None
    if "mine" in form:
        content, seen, live_id = _decided(submission, form)
    elif (own := presence.saved_from(who, window.page)) is not None and own == before:
        seen = own  # somebody came back to a page and goes on from what they saved on it
    merged = draft_ops.save(
        submission,
        who,
        content,
        seen=seen,
        significance=form.get("significance") or None,
        reason=form.get("reason"),
        window=window,
    )
    if live_id is not None:
        draft_ops.stand_against(submission, who, live_id)
    brought = None
    if live_id is not None or (form.get("verb") == "update" and not new):
        try:
            brought = draft_ops.bring_up_to_date(submission, who, window=window)
        except Clashing as clash:
            clash.head_id = before  # what was saved a moment ago is undone with the rest
            raise
    plain = merged is None and brought is None and "mine" not in form
    presence.saved(who, window.page, submission, submission.head_revision_id if plain else None)
    both = ((merged, False), (brought, True))
    return [draft_showing.merged_words(kind, one, live=live) for one, live in both if one is not None]


def _decided(submission: Submission, form: MultiDict[str, str]) -> tuple[Content, int | None, int | None]:
    """What the merge page made of the clashes: the text, the head it has seen, and the live revision it has seen.

    Against something that has moved on since, the choices mean nothing: mine goes on as it is, and is merged anew.
    """
    mine, seen, live = _mine(form), form.get("head", type=int), form.get("merge_with") == "live"
    number = form.get("merge_theirs", type=int)
    if live:
        ahead = draft_ops.ahead_of(submission)
        theirs = ahead if ahead is not None and ahead.id == number else None
        base = of_revision(submission.base)
    else:
        found = session.get(Revision, number) if number is not None and 0 < number < 2**31 else None
        theirs = found if found is not None and found.submission_id == submission.id else None
        seen = form.get("merge_base", type=int)
        base = draft_ops.base_of(submission, seen)
    if theirs is None:
        return mine, seen, None
    whole = merge(KINDS[submission.kind], base, mine, of_revision(theirs))
    chosen = {
        name.removeprefix(CHOICE): Choice(value)
        for name, value in form.items()
        if name.startswith(CHOICE) and value in list(Choice)
    }
    if whole.open(chosen):
        clash = Clashing(whole, submission.base_revision_id if live else seen, mine, theirs, live=live)
        clash.chosen, clash.again = chosen, True
        clash.head_id = seen if live else theirs.id
        raise clash
    return whole.content(chosen), seen if live else theirs.id, theirs.id if live else None


def _mine(form: MultiDict[str, str]) -> Content:
    try:
        whole = json.loads(form["mine"]).keys() == set(Content.__dataclass_fields__)
        found = _content.validate_json(form["mine"], strict=True)
    except (ValueError, AttributeError, ValidationError, RecursionError):
        whole, found = False, Content()
    if not whole:
        raise Invalid({"mine": _("This form was damaged on its way; go back and send it again.")})
    return found


def sent_back(form: MultiDict[str, str]) -> tuple[Content, str] | None:
    """The text and its head of a merge page whose result cannot be saved: it goes back into the editor."""
    if "mine" not in form:
        return None
    try:
        return _mine(form), form.get("merge_base" if form.get("merge_with") == "head" else "head", "")
    except Invalid:
        return None


def merge_page(submission: Submission, form: MultiDict[str, str], clash: Clashing) -> str:
    """Mine, theirs or both, passage by passage; all that needs no choice is merged already. Nothing is saved yet."""
    kind = KINDS[submission.kind]
    carried = {name: form.get(name, "") for name in ("page", "took", "who", "significance", "reason") if name in form}
    return render_template(
        "articles/merge.html",
        title=clash.mine.title or _("Untitled"),
        kind=submission.kind,
        action=url_for("submissions.keep", submission_id=submission.id),
        sentence=clash.sentence,
        theirs=clash.theirs.author.name,
        live=clash.live,
        version=submission.article.version if clash.live and submission.article else None,
        open_choices=len(clash.found.clashes),
        missing=clash.again,
        verb=form.get("verb") or "save",
        hidden={
            **carried,
            "merge_with": "live" if clash.live else "head",
            "merge_base": clash.base_id or "",
            "merge_theirs": clash.theirs.id,
            "head": clash.head_id or "",
            "mine": json.dumps(asdict(clash.mine), ensure_ascii=False),
        },
        **draft_showing.merge_parts(kind, clash.found, clash.theirs.author.name, clash.chosen),
    )


@bp.post("/submissions/<int:submission_id>/update")
@gate(P.PROPOSE)
def update(submission_id: int) -> Any:
    """The saved text takes over what was published since it was begun."""
    submission = ops.find_submission(submission_id, actor(), P.EDIT_SUBMISSION, locked=True)
    try:
        merged = draft_ops.bring_up_to_date(submission, actor())
    except Clashing as clash:
        clash.head_id = submission.head_revision_id
        return merge_page(submission, MultiDict({"verb": "save"}), clash), 409
    if merged is not None:
        flash(draft_showing.merged_words(KINDS[submission.kind], merged, live=True), "success")
    return redirect(url_for("submissions.edit", submission_id=submission.id))


@bp.post("/submissions/<int:submission_id>/windows/drop")
@gate(P.PROPOSE)
def drop_window(submission_id: int) -> Any:
    """What was typed in another window and never saved is not wanted."""
    submission = ops.find_submission(submission_id, actor(), P.EDIT_SUBMISSION)
    draft_buffers.drop(submission.id, actor(), Window(request.form.get("window", "")[:40]))
    return redirect(url_for("submissions.edit", submission_id=submission.id))
