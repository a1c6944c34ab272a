"""«Improve that one instead»: what somebody began to write anew becomes a proposal to change what is already there.

Nothing typed is lost: what the article has no words for yet goes into its own field, everything else under a heading at
the end of the text, to be worked in. The draft that was begun is withdrawn, and can be taken up again.
"""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from core.actors import Actor
from core.db import session
from core.errors import Invalid
from core.i18n import _
from core.permissions import can
from wiki.articles import ops
from wiki.articles.content import Content, of_revision
from wiki.articles.kinds import KINDS, FieldSpec, Kind, clean_fields, field_text
from wiki.articles.models import Article, Submission, SubmissionState
from wiki.articles.permissions import P
from wiki.articles.rules import digest


def carried(kind: Kind, there: Content, typed_kind: Kind, typed: Content) -> Content:
    """The text of an article of one kind, with all that was typed for a new piece of another (or the same) kind."""
    fields, rest = dict(there.fields), []
    if typed.title.strip() and typed.title.strip() != there.title:
        rest.append((_("Title"), typed.title.strip()))
    for spec in typed_kind.fields:
        value = typed.fields.get(spec.code)
        text = field_text(spec, value).strip() if value else ""
        if not text or value == fields.get(spec.code):
            continue
        if _fits(kind, spec, value) and not fields.get(spec.code):
            fields[spec.code] = value
        elif text != str(fields.get(spec.code, "")).strip():
            rest.append((str(spec.label), text))
    body = there.body
    if typed.body.strip() and not body.strip():
        body = typed.body
    elif typed.body.strip() and typed.body.strip() != body.strip():
        rest.append((str(typed_kind.body_label), typed.body.strip()))
    return replace(
        there,
        fields=fields,
        body=_with(body, rest),
        tags=list(dict.fromkeys([*there.tags, *(tag.strip() for tag in typed.tags if tag.strip())])),
        services=list(dict.fromkeys([*there.services, *typed.services])),
    )


def _fits(kind: Kind, spec: FieldSpec, value: Any) -> bool:
    """The other kind has this field, of this type, and takes the value."""
    try:
        if kind.field(spec.code).type is not spec.type:
            return False
        clean_fields(kind, {spec.code: value})
    except (KeyError, Invalid):
        return False
    return True


def _with(body: str, rest: list[tuple[str, str]]) -> str:
    """The text, and below it what has no place yet."""
    if not rest:
        return body
    parts = [body.rstrip()] if body.strip() else []
    parts.append("## " + _("From my own draft"))
    for label, text in rest:
        parts += [f"**{label}**", text]
    return "\n\n".join(parts)


def begun(actor: Actor, *, key: str | None, draft: int | None) -> Submission | None:
    """The draft that the person has been writing in, by its page's key or its id; only one of their own."""
    if draft is not None:
        found = session.get(Submission, draft)
        return found if found is not None and actor.id in found.author_ids else None
    if not key:
        return None
    return session.scalar(
        sa.select(Submission).where(Submission.author_id == actor.id, Submission.draft_key == key[:40])
    )


def improve(actor: Actor, article: Article, typed_kind: Kind, typed: Content, *, old: Submission | None) -> Submission:
    """A proposal to change the article holds its text and all that was typed; a draft never handed in is withdrawn.

    Doing it twice with the same words is doing it once. Raises Invalid when the texts together are more than can be
    kept.
    """
    mark = f"improve-{article.id}-{digest(typed.title, typed.body, typed.fields)}"[:40]
    submission = ops.begin(actor, article.kind, article_slug=article.slug, draft_key=mark)
    if submission.head_revision_id is None:
        content = carried(KINDS[article.kind], of_revision(article.revision), typed_kind, typed)
        ops.save(submission, actor, content, reason=_("Improved instead of written anew"))
    if old is not None and old.state is SubmissionState.DRAFT and can(actor, P.WITHDRAW, old):
        ops.withdraw(old, actor)
    return submission
