"""What the editor and the merge page say about drafts: who else is here, what moved, what came from whom."""

import secrets
from datetime import datetime
from typing import Any

from flask import url_for
from werkzeug.datastructures import MultiDict

from core.actors import Actor
from core.i18n import _, local
from core.permissions import can
from wiki.articles import draft_ops, presence, presenting
from wiki.articles.diff import compare, names
from wiki.articles.draft_buffers import buffers_of
from wiki.articles.kinds import FieldType, Kind, field_text
from wiki.articles.merge_parts import By, Clash, Part
from wiki.articles.merging import Choice, Field, Merge
from wiki.articles.models import Article, DraftBuffer, Revision, Submission
from wiki.articles.permissions import P
from wiki.articles.queries import category_by_slug

Chosen = dict[str, Choice]


def others_words(who: Actor, submission: Submission | None, article: Article | None) -> str | None:
    """Who else has this open, in one sentence; ``None``: nobody."""
    found = presence.others(who, submission, article)
    same, beside = [o.name for o in found if o.same], [o.name for o in found if not o.same]
    said = []
    if same:
        said.append(_("%(names)s is editing this now. What you both save is merged.", names=_people(same)))
    if beside:
        said.append(_("%(names)s is writing another change of this article now.", names=_people(beside)))
    return " ".join(said) or None


def _people(given: list[str]) -> str:
    named = [name for name in given if name]
    return _(", ").join([*named, *[_("Somebody")] * (len(named) < len(given))])


def moved_words(head: Revision, who: Actor) -> str:
    """Somebody has saved since this text was begun."""
    if head.author_id == who.id:
        return _(
            "You saved another version at %(time)s; it is merged with this one when you save.",
            time=f"{local(head.created_at):%H:%M}",
        )
    return _(
        "%(name)s saved a change at %(time)s; it is merged with yours when you save.",
        name=head.author.name,
        time=f"{local(head.created_at):%H:%M}",
    )


def merged_words(kind: Kind, merged: draft_ops.Merged, *, live: bool) -> str:
    """What came from whom, after a merge without a choice."""
    labels = _labels(kind)
    name = merged.theirs.author.name
    given = {
        "name": name,
        "theirs": _(", ").join(labels[one] for one in merged.found.theirs) or _("nothing new"),
        "mine": _(", ").join(labels[one] for one in merged.found.mine) or _("nothing new"),
    }
    if live:
        return _(
            "Brought up to date with %(name)s's change of the article. From %(name)s: %(theirs)s. Yours: %(mine)s.",
            **given,
        )
    return _("Saved, merged with %(name)s's change. From %(name)s: %(theirs)s. Yours: %(mine)s.", **given)


def _labels(kind: Kind) -> dict[str, str]:
    given = {name: str(label) for name, label in names(kind)}
    return _Labels({**given, "services": _("Services it helps with")})


class _Labels(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key


def page_of(
    who: Actor,
    submission: Submission | None,
    article: Article | None,
    typed: MultiDict[str, str] | None,
    shown: DraftBuffer | None,
) -> dict[str, Any]:
    """What the editor carries and says beside the text. ``shown``: the buffer whose text it shows."""
    given = typed if typed is not None else MultiDict()
    taken = f"{shown.page}@{shown.saved_at.isoformat()}" if shown is not None else given.get("took", "")
    base = given.get("base") or (article.revision_id if article is not None and submission is None else "")
    buffers = buffers_of(submission.id, who.id) if submission is not None else []
    opened = presence.pages_open(who, submission) if submission is not None else frozenset()
    page = given.get("page") or secrets.token_urlsafe(12)
    rest = [b for b in buffers if b.page != page and (shown is None or b.document != shown.document)]
    reads_it = article is not None and can(who, P.READ, article)
    head = submission.head if submission is not None else None
    older = head is not None and shown is not None and shown.base_revision_id != head.id
    return {
        "page": page,
        "took": taken,
        "who": who.id,
        "base": base,
        "submission": submission.id if submission is not None else "",
        "article": article.slug if article is not None and reads_it else "",
        "saved_at": buffers[0].saved_at if buffers else None,
        "others": others_words(who, submission, article),
        "windows": [_window(submission, b) for b in rest if b.page not in opened] if submission is not None else [],
        "moved": moved_words(head, who) if head is not None and older else None,
        "ahead": _ahead(submission) if reads_it else None,
    }


def _window(submission: Submission, buffer: DraftBuffer) -> dict[str, Any]:
    return {
        "page": buffer.page,
        "at": buffer.saved_at,
        "url": url_for("submissions.edit", submission_id=submission.id, window=buffer.page),
        "drop_url": url_for("drafts.drop_window", submission_id=submission.id),
    }


def _ahead(submission: Submission | None) -> dict[str, Any] | None:
    """What was published since the text was begun."""
    live = draft_ops.ahead_of(submission)
    if live is None or submission is None or submission.article is None:
        return None
    return {"name": live.author.name, "version": submission.article.version, "at": submission.article.updated_at}


# ── the merge page ───────────────────────────────────────────────────────────────────────────────────────────────────


def merge_parts(kind: Kind, found: Merge, theirs: str, chosen: Chosen) -> dict[str, Any]:
    """``clashing``: fields with a choice, piece by piece; ``settled``: what was merged by itself; ``same``: labels."""
    labels, clashing, settled, same = _labels(kind), [], [], []
    for one in found.fields:
        if one.clashes():
            clashing.append({"label": labels[one.name], "pieces": _pieces(kind, one, theirs, chosen)})
        elif one.touched(By.MINE, By.THEIRS, By.WORDS, By.BOTH):
            before = "".join(_text(kind, one, piece.before) for piece in one.pieces if isinstance(piece, Part))
            after = _text(kind, one, one.resolved({}))
            settled.append(
                {"label": labels[one.name], "by": _by(one, theirs), "parts": compare(before.rstrip(), after)}
            )
        elif _text(kind, one, one.resolved({})):
            same.append(labels[one.name])
    return {"clashing": clashing, "settled": settled, "same": same}


def _by(one: Field, theirs: str) -> str:
    mine, other = one.touched(By.MINE, By.WORDS, By.BOTH), one.touched(By.THEIRS, By.WORDS, By.BOTH)
    if mine and other:
        return _("from you and %(name)s", name=theirs)
    return _("from you") if mine else _("from %(name)s", name=theirs)


def _pieces(kind: Kind, one: Field, theirs: str, chosen: Chosen) -> list[dict[str, Any]]:
    """Passages without a choice that follow each other are one folded stretch."""
    out: list[dict[str, Any]] = []
    ids = iter(one.clashes())
    for piece in one.pieces:
        if isinstance(piece, Clash):
            out.append(_clash(kind, one, piece, next(ids), chosen))
            continue
        text, before = _text(kind, one, piece.value), _text(kind, one, piece.before)
        if not out or out[-1]["clash"]:
            out.append({"clash": False, "before": "", "after": "", "by": []})
        fold = out[-1]
        fold["before"], fold["after"] = fold["before"] + before, fold["after"] + text
        if piece.by is not By.NOBODY:
            fold["by"].append(_whose(piece.by, theirs))
    for fold in out:
        if not fold["clash"]:
            fold["parts"] = compare(fold["before"].rstrip(), fold["after"].rstrip())
            fold["by"] = list(dict.fromkeys(fold["by"]))
    return [fold for fold in out if fold["clash"] or fold["before"].strip() or fold["after"].strip()]


def _whose(by: By, theirs: str) -> str:
    return {
        By.MINE: _("from you"),
        By.THEIRS: _("from %(name)s", name=theirs),
        By.BOTH: _("the same from both"),
        By.WORDS: _("words of both"),
    }[by]


def _clash(kind: Kind, one: Field, clash: Clash, key: str, chosen: Chosen) -> dict[str, Any]:
    base, mine, other = (_text(kind, one, value).rstrip() for value in (clash.base, clash.mine, clash.theirs))
    possible = one.choices(clash)
    pick = chosen.get(key) or (Choice.BOTH if clash.added and Choice.BOTH in possible else None)
    return {
        "clash": True,
        "id": key,
        "base": base,
        "mine": compare(base, mine) if mine else (),
        "theirs": compare(base, other) if other else (),
        "both": Choice.BOTH in possible,
        "added": clash.added,
        "pick": pick.value if pick else "",
    }


def _text(kind: Kind, one: Field, value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if one.name == "audience":
        audience, readers = value
        return _(": ").join([presenting.audience_word(audience), _(", ").join(presenting.reader_words(list(readers)))]
                            if readers else [presenting.audience_word(audience)])  # fmt: skip
    if one.name == "category":
        node = category_by_slug(value) if value else None
        return node.name if node else str(value or "")
    spec = next((spec for spec in kind.fields if spec.code == one.name), None)
    if spec is not None and spec.type is FieldType.TIME and value:
        return f"{local(datetime.fromisoformat(str(value))):%Y-%m-%d %H:%M}"
    if spec is not None and isinstance(value, list):
        return field_text(spec, value) + ("\n" if one.shape == "list" and value else "")
    return _(", ").join(map(str, value)) if isinstance(value, list) else str(value)
