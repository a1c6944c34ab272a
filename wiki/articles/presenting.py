"""From stored text to what a page shows: rendered once per revision and renderer version, kept in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup

from accounts.models import Team, Tier, User
from core import pictures
from core.caches import Cache
from core.db import session
from core.i18n import _, format_date, format_datetime
from core.markup import RENDERER_VERSION, joined, plain, shown
from wiki.articles import kind_showing
from wiki.articles.files import sizes_in
from wiki.articles.kinds import KINDS, FieldType
from wiki.articles.models import (
    Article,
    Audience,
    ProvisionalPublication,
    Publication,
    Revision,
    Significance,
    Submission,
)
from wiki.articles.queries import publication_of
from wiki.articles.rules import Because, ProvisionalKind
from workflows.models import Decision, Review, Task
from workflows.queries import approvals_in, approvals_of, last_reviews, open_tasks

_rendered: Cache[dict[str, Any]] = Cache(size=4000)
_copied: Cache[dict[str, str]] = Cache(size=4000)


def texts_of(revision: Revision) -> dict[str, Any]:
    """Every text of a revision as markup, ``body`` and the branches included. Immutable, so it is kept."""
    key = (revision.id, revision.digest, RENDERER_VERSION)
    found = _rendered.get(key)
    if found is None:
        with pictures.sizes(sizes_in(revision)):
            found = _render(revision)
        _rendered.put(key, found)
    return found


def _render(revision: Revision) -> dict[str, Any]:
    kind = KINDS[revision.kind]
    texts: dict[str, Any] = {"body": shown(revision.body) if revision.body.strip() else None}
    for spec in kind.fields:
        value = revision.fields.get(spec.code)
        if value and spec.type is FieldType.TEXT:
            texts[spec.code] = shown(value)
        elif value and spec.type is FieldType.BRANCHES:
            texts[spec.code] = kind_showing.answers(value)
        elif value and spec.type is FieldType.STEPS:
            texts[spec.code] = kind_showing.process(value)
    return texts


def fields_of(revision: Revision) -> dict[str, Any]:
    """The raw values, times and dates as such, so that pages can show them in local form."""
    out: dict[str, Any] = dict(revision.fields)
    for spec in KINDS[revision.kind].fields:
        value = out.get(spec.code)
        if value and spec.type is FieldType.TIME:
            out[spec.code] = datetime.fromisoformat(value)
        elif value and spec.type is FieldType.DATE:
            out[spec.code] = date.fromisoformat(value)
        elif value and spec.type is FieldType.READERS:
            out[spec.code] = "、".join(reader_words(value))
    if "offer_ends_on" in out:
        out["offer_days"] = kind_showing.days_left(out["offer_ends_on"])
    if revision.kind == "notice":
        out["in_force"] = kind_showing.in_force(out.get("effective_from"), out.get("effective_to"))
    return out


def copies_of(revision: Revision) -> dict[str, str]:
    """The texts without their marks, as they go to the clipboard: what a rep pastes or reads out. Kept, as above."""
    key = (revision.id, revision.digest)
    found = _copied.get(key)
    if found is None:
        found = _copies(revision)
        _copied.put(key, found)
    return found


def _copies(revision: Revision) -> dict[str, str]:
    kind = KINDS[revision.kind]
    texts = {spec.code: revision.fields.get(spec.code) for spec in kind.fields if spec.type is FieldType.TEXT}
    return {code: plain(text) for code, text in {**texts, "body": revision.body}.items() if text}


def labelled(revision: Revision) -> list[dict[str, Any]]:
    """The texts in reading order with their labels, for reviewers and authors."""
    kind, texts, fields = KINDS[revision.kind], texts_of(revision), revision.fields
    out: list[dict[str, Any]] = []
    for spec in kind.fields:
        value = fields.get(spec.code)
        if not value:
            continue
        out.append({"name": spec.code, "label": spec.label, "html": _as_html(spec.type, value, texts.get(spec.code))})
    if revision.body.strip():
        out.append({"name": "body", "label": kind.body_label, "html": texts["body"]})
    return out


def _as_html(kind: FieldType, value: Any, rendered: Any) -> Markup:
    if kind is FieldType.TEXT:
        return joined([rendered])
    if kind is FieldType.BRANCHES:
        return shown("\n".join(_answer(one) for one in rendered))
    if kind is FieldType.STEPS:
        return shown("\n".join(_step(row) for row in rendered["rows"]))
    if kind is FieldType.READERS:
        return shown(_(", ").join(reader_words(value)))
    if kind is FieldType.TIME:
        return shown(format_datetime(datetime.fromisoformat(str(value))))
    if kind is FieldType.DATE:
        return shown(format_date(date.fromisoformat(str(value))))
    return shown(str(value))


def _answer(one: dict[str, Any]) -> str:
    goes_on = [_("the first question") if n == 0 else _("answer %(n)s", n=n) for n in one["to"]]
    then = [
        part for part in (one["action"], _("Then: %(what)s", what=_(", ").join(goes_on)) if goes_on else "") if part
    ]
    said = str(one.get("say") or "").replace("\n", "\n    ")
    return f"{one['n']}. **{one.get('when', '')}**\n    {said}  {' · '.join(then)}"


def _step(row: dict[str, Any]) -> str:
    role = f"（{row['role']}）" if row["role"] else ""
    ways = "；".join(" → ".join(part for part in (way["label"], _step_word(way)) if part) for way in row["ways"])
    return f"{row['n']}. {row['text']}{role} → {ways}"


def _step_word(way: dict[str, Any]) -> str:
    if way["n"] == 0:
        return _("end")
    return _("step %(n)s", n=way["n"]) if way["n"] else str(way["id"])


def significance_word(code: Significance | str) -> str:
    """How large an edit is, in the reader's language."""
    return {"typo": _("typo"), "minor": _("small change"), "major": _("large change")}[str(code)]


def audience_word(code: Audience | str) -> str:
    """Who may read it, in the reader's language."""
    return {
        "public": _("everybody, customers too"),
        "internal": _("all staff"),
        "restricted": _("a closed circle"),
    }[str(code)]


def significances() -> list[tuple[str, str]]:
    """(code, label) of the sizes of an edit, the smallest first."""
    words = {Significance.TYPO: _("typo"), Significance.MINOR: _("small change"), Significance.MAJOR: _("large change")}
    return [(code.value, words[code]) for code in Significance]


def provisional_word(kind: ProvisionalKind | str) -> str:
    """What readers must know of a text whose review has not ended, in their language; short, for lists."""
    return {"emergency": _("Emergency, not yet reviewed"), "workaround": _("Not yet validated")}[str(kind)]


def reader_words(tokens: list[str]) -> list[str]:
    """Reader tokens as people say them: roles, and the names of teams, tiers and persons."""
    tables: dict[str, type[Team | Tier | User]] = {"team": Team, "tier": Tier, "user": User}
    out = []
    for token in tokens:
        what, _colon, rest = token.partition(":")
        if what == "role":
            out.append(role_word(rest))
        elif what in tables and rest.isdecimal():
            out.append(session.scalar(sa.select(tables[what].name).where(tables[what].id == int(rest))) or token)
    return out


def names_of(ids: list[int] | tuple[int, ...]) -> dict[int, str]:
    """Names by user id."""
    rows = session.execute(sa.select(User.id, User.name).where(User.id.in_(ids))).all()
    return {row.id: row.name for row in rows}


def article_card(article: Article, published: Publication | None, revision: Revision) -> dict[str, Any]:
    """What the article page shows above and beside the text."""
    submission = published.submission if published else None
    ids = submission.author_ids if submission else (revision.author_id,)
    names = names_of(ids)
    early = published.provisional if published else None
    reviewed = early is None or early.closed_because is Because.APPROVED
    approvals = approvals_of("submission", submission.id) if submission and reviewed else []
    return {
        "id": article.id,
        "slug": article.slug,
        "kind": article.kind,
        "title": revision.title,
        "version": published.version if published else article.version,
        "url": url_for("articles.show", slug=article.slug),
        "category": article.category.name if article.category else None,
        "category_url": f"/search?category={article.category.slug}" if article.category else None,
        "services": [row.service.name for row in article.service_rows],
        "tags": article.tags,
        "author": names.get(ids[0], "") if ids else "",
        "co_authors": [names.get(i, "") for i in ids[1:]],
        "approved_by": list(dict.fromkeys(name for _d, name in approvals)),
        "published_at": published.published_at if published else article.updated_at,
        "audience": audience_word(article.audience),
        "is_live": article.live,
        "provisional": early_card(early) if early else None,
        "verified_at": article.verified_at,
        "owner": names_of([article.owner_id]).get(article.owner_id) if article.owner_id else None,
    }


def early_card(row: ProvisionalPublication) -> dict[str, Any]:
    """What a page says of a publication before review: kind, state, who answers for it, since when, until when, why."""
    names = names_of(row.publisher_ids)
    return {
        "kind": row.kind.value,
        "state": row.state.value,
        "who": [names.get(i, "") for i in row.publisher_ids],
        "published_at": row.published_at,
        "until": row.deadline,
        "because": row.closed_because.value if row.closed_because else None,
        "closed_at": row.closed_at,
        "reason": row.reason,
    }


@dataclass(frozen=True, slots=True)
class Way:
    """Where a submission is: its newest review, the open tasks, and the approvals that stand."""

    review: Review
    tasks: list[Task]
    approvals: list[tuple[Decision, str]]


def ways_of(submissions: Sequence[Submission]) -> dict[int, Way]:
    """The ways of some submissions by their ids, in the same few queries whatever their number."""
    reviews = last_reviews("submission", [row.id for row in submissions if row.submitted_at is not None])
    if not reviews:
        return {}
    approvals = approvals_in(list(reviews.values()))
    tasks: dict[int, list[Task]] = {}
    for task in open_tasks([review.id for review in reviews.values()]):
        tasks.setdefault(task.review_id, []).append(task)
    return {key: Way(r, tasks.get(r.id, []), approvals.get(r.id, [])) for key, r in reviews.items()}


def way_of(submission: Submission) -> Way | None:
    """The way of one submission; ``None`` before its first submit."""
    return ways_of([submission]).get(submission.id)


def stages_of(submission: Submission, way: Way | None) -> list[dict[str, Any]]:
    """The steps of its way for the stepper: name, state (done, now, next, back), who, at, due."""
    if way is None:
        return []
    review = way.review
    done = {d.stage: (d, name) for d, name in way.approvals}
    out = []
    for stage in review.definition.stages:
        open_here = next((t for t in way.tasks if t.stage == stage.key and not t.blind), None)
        row: dict[str, Any] = {"name": stage.name or role_word(stage.key), "state": "waiting"}
        if open_here is not None:
            row |= {"state": "now", "due_at": open_here.due_at}
        elif stage.key in done:
            decision, name = done[stage.key]
            row |= {"state": "done", "who": name, "at": decision.decided_at}
        out.append(row)
    if submission.closed_at is None and review.stage is None and review.closed_at is None:
        out.insert(0, {"name": _("Author"), "state": "now"})
    return out


def role_word(code: str) -> str:
    """The name of a role in the reader's language; other stage names stay as they are."""
    return {
        "rep": _("Representative"),
        "business": _("Business reviewer"),
        "qa": _("Quality reviewer"),
        "training": _("Trainer"),
        "supervisor": _("Supervisor"),
        "manager": _("Knowledge manager"),
        "admin": _("Administrator"),
        "author": _("Author"),
    }.get(code, code)


def where_is_it(way: Way | None) -> dict[str, Any] | None:
    """The stage it waits in, the roles it waits for, and until when; ``None`` when it waits for nobody."""
    if way is None or way.review.closed_at is not None:
        return None
    tasks = [task for task in way.tasks if not task.blind]  # a second opinion is waited for by nobody
    if not tasks:
        return {"stage": None, "waiting_for": ["author"], "due_at": None, "tasks": []}
    return {
        "stage": tasks[0].stage,
        "waiting_for": list(dict.fromkeys(task.role for task in tasks)),
        "due_at": min((t.due_at for t in tasks if t.due_at), default=None),
        "tasks": tasks,
    }


def draft_label(submission: Submission) -> str:
    """'version 1.2' once published, else 'draft 3' or 'draft 3 after 1.2'."""
    published = publication_of(submission.id)
    if published is not None:
        return _("version %(version)s", version=published.version)
    number, article = submission.head.number if submission.head else 1, submission.article
    if article is not None and article.provisional and article.revision_id == submission.head_revision_id:
        return _("version %(version)s, not yet reviewed", version=article.version)
    if submission.article is not None and submission.article.major:
        return _("draft %(n)s after %(version)s", n=number, version=submission.article.version)
    return _("draft %(n)s", n=number)
