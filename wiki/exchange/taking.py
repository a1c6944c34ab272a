"""One line is taken: published at once in the manager's name, or handed in like anybody's proposal."""

from dataclasses import dataclass, replace

import sqlalchemy as sa

from core.actors import Actor
from core.db import session
from core.errors import Invalid
from core.i18n import _
from wiki.articles import ops
from wiki.articles.content import Content, checked, of_revision
from wiki.articles.file_models import FileEntry
from wiki.articles.kinds import KINDS, kind_of
from wiki.articles.models import EDITABLE, Article, Category, Service, Submission, SubmissionState
from wiki.articles.personal_policy import of_content
from wiki.articles.publishing import Row, import_row
from wiki.articles.rules import state_word
from wiki.exchange import pictures
from wiki.exchange.models import ImportRow
from wiki.exchange.portable import Names, by_name, translated
from wiki.exchange.rows import Line
from wiki.exchange.rules import Outcome, Way


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a line, and what it became."""

    outcome: Outcome
    article_id: int | None = None
    submission_id: int | None = None


class Places:
    """The names of this installation, read once for many rows."""

    def __init__(self) -> None:
        rows = session.execute(sa.select(Category.slug, Category.name)).all()
        self.categories = {name: slug for slug, name in rows} | {slug: slug for slug, _name in rows}
        named = session.execute(sa.select(Service.code, Service.name)).all()
        self.services = {name: code for code, name in named} | {code: code for code, _name in named}
        self.tokens = by_name(Names())

    def settled(self, row: Row) -> Row:
        """Categories and services by their codes, readers by their ids; what nobody knows stays, and is refused."""
        content = row.content
        content = replace(
            content,
            category=self.categories.get(content.category or "", content.category),
            services=[self.services.get(one, one) for one in content.services],
        )
        return replace(row, content=translated(row.kind, content, self.tokens))


def publish(actor: Actor, line: Line, places: Places, ready: pictures.Ready) -> str:
    """The line is what readers see: ``created``, ``updated`` or ``unchanged``. Its pictures are kept with it.

    Raises:
        Forbidden, Invalid.
    """
    assert line.row is not None
    kept, _remarks = pictures.keep_all(actor, ready)
    return take(actor, places.settled(line.row), kept, Way.PUBLISH).outcome.value


def take(actor: Actor, row: Row, kept: dict[str, FileEntry], way: Way) -> Taken:
    """A settled row becomes an article, or a proposal; its pictures are those that were kept.

    Raises:
        Forbidden, Invalid, IllegalMove, Conflict.
    """
    row = replace(row, content=pictures.placed(row.content, kept))
    if way is not Way.PUBLISH:
        return _handed_in(actor, row, submit=way is Way.SUBMIT)
    outcome = Outcome(import_row(actor, row))
    return Taken(outcome, session.scalar(sa.select(Article.id).where(Article.external_id == row.id)))


def remarks_on(row: Row) -> list[str]:
    """What its author should know: numbers that lead to a person. The numbers themselves are written nowhere."""
    kind = row.kind or "faq"
    if kind not in KINDS:
        return []
    found = dict.fromkeys((flaw.what, str(flaw.label)) for flaw in of_content(kind, row.content) if not flaw.must_go)
    return [_("%(what)s in «%(field)s»: does it have to be there?", what=what, field=label) for what, label in found]


def _handed_in(actor: Actor, row: Row, *, submit: bool) -> Taken:
    """The row is a draft of the manager's, or under review; again is nothing new."""
    last = _last_proposal(row.id)
    article = session.scalar(sa.select(Article).where(Article.external_id == row.id))
    if last is not None and last.state is SubmissionState.PUBLISHED:
        article, last = last.article, None
    kind = kind_of(row.kind or (last.kind if last else article.kind if article else "faq"))
    content = checked(kind, row.content)
    if last is not None:
        return _again(actor, last, content, submit=submit)
    if article is not None and article.live and of_revision(article.revision) == content:
        return Taken(Outcome.UNCHANGED, article.id)
    slug = article.slug if article is not None and article.live else None
    made = ops.propose(actor, kind.code, content, article_slug=slug, reason=_("import"))
    if submit:
        ops.submit(made, actor)
    return Taken(Outcome.UPDATED if slug else Outcome.CREATED, article.id if slug and article else None, made.id)


def _last_proposal(external_id: str) -> Submission | None:
    """What this id became when it was last handed in."""
    found = sa.select(Submission).join(ImportRow, ImportRow.submission_id == Submission.id)
    return session.scalar(found.where(ImportRow.external_id == external_id).order_by(ImportRow.id.desc()).limit(1))


def _again(actor: Actor, last: Submission, content: Content, *, submit: bool) -> Taken:
    if last.state not in EDITABLE:
        raise Invalid({"id": _("This was handed in before, and is %(state)s.", state=state_word(last.state))})
    same, waiting = of_revision(last.head) == content, last.state is not SubmissionState.IN_REVIEW
    if not same:
        ops.save(last, actor, content)
    if submit and waiting:
        ops.submit(last, actor)
    changed = not same or (submit and waiting)
    return Taken(Outcome.UPDATED if changed else Outcome.UNCHANGED, last.article_id, last.id)
