"""What is done about numbers of people in a text: told to its author, or refused, as the manager has chosen.

What was found is shown to those who may read the text and written nowhere: no log, no trail, no table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.actors import Actor
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _
from core.permissions import require
from core.texts import one_line
from wiki.articles.content import Content
from wiki.articles.kinds import KINDS
from wiki.articles.models import Audience
from wiki.articles.permissions import P
from wiki.articles.personal import LABELS, SAMPLES, Finding, Kind, found, normal
from wiki.articles.personal_models import Level, PersonalException, PersonalRule

PUBLIC = "public"  # of rules: whatever its kind, customers may read it
AROUND = 12  # characters shown on both sides of a number
RANK = {Level.OFF: 0, Level.WARN: 1, Level.MUST: 2}


@dataclass(frozen=True, slots=True)
class Flaw:
    """A number of a person in one field of a text, with the words around it."""

    field: str  # as errors name it: title, body, fields.say
    label: str
    number: str
    finding: Finding
    before: str
    after: str
    level: Level

    @property
    def must_go(self) -> bool:
        """True when the text is refused while it stands there."""
        return self.level is Level.MUST

    @property
    def what(self) -> str:
        """What the number is, in the reader's language."""
        return str(LABELS[self.finding.kind])


def default(article_kind: str, finding: Kind) -> Level:
    """Scripts are read out and public texts leave the building: there it must go. Elsewhere its author is told."""
    return Level.MUST if article_kind in {PUBLIC, "script"} else Level.WARN


def rules() -> dict[tuple[str, Kind], Level]:
    """What holds for each kind of article (and for public ones) and each kind of number."""
    chosen = {(row.article_kind, row.finding): row.level for row in session.scalars(sa.select(PersonalRule))}
    wanted = ((kind, finding) for kind in (*KINDS, PUBLIC) for finding in Kind)
    return {key: chosen.get(key, default(*key)) for key in wanted}


def allowed() -> frozenset[str]:
    """Numbers that are nobody's."""
    return SAMPLES | frozenset(session.scalars(sa.select(PersonalException.number)))


def flaws(kind_code: str, audience: str, texts: Mapping[str, Any]) -> list[Flaw]:
    """Numbers of people in the fields of a text, as far as they matter; asks the database only when there are some."""
    kind = KINDS[kind_code]
    labels = {"title": _("Title"), "body": str(kind.body_label), "tags": _("Tags")}
    labels |= {spec.code: str(spec.label) for spec in kind.fields}
    some = [(name, text) for name in labels for text in _strings(texts.get(name)) if found(text)]
    if not some:
        return []
    held, known = rules(), allowed()
    out: list[Flaw] = []
    for name, text in some:
        field = name if name in {"title", "body", "tags"} else f"fields.{name}"
        for one in found(text, known):
            level = held[kind_code, one.kind]
            if audience == Audience.PUBLIC:
                level = max(level, held[PUBLIC, one.kind], key=RANK.__getitem__)
            if level is not Level.OFF:
                out.append(_flaw(field, labels[name], text, one, level))
    return out


def _flaw(field: str, label: str, text: str, one: Finding, level: Level) -> Flaw:
    before = text[max(0, one.start - AROUND) : one.start].rpartition("\n")[2]
    after = text[one.end : one.end + AROUND].partition("\n")[0]
    return Flaw(field, label, text[one.start : one.end], one, before, after, level)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def of_content(kind_code: str, content: Content) -> list[Flaw]:
    """Numbers of people in a proposed text: for imports, too, which warn of each and refuse those that must go."""
    texts = {**content.fields, "title": content.title, "body": content.body, "tags": list(content.tags)}
    return flaws(kind_code, content.audience, texts)


def must_go(kind_code: str, content: Content) -> dict[str, str]:
    """A sentence for each field with numbers that must be masked first; empty when there are none."""
    return sentences([flaw for flaw in of_content(kind_code, content) if flaw.must_go])


def sentences(some: list[Flaw]) -> dict[str, str]:
    """A sentence for each field; the numbers are named as they would be masked."""
    numbers: dict[str, list[str]] = {}
    for flaw in some:
        numbers.setdefault(flaw.field, []).append(f"{flaw.what} {flaw.finding.masked}")
    return {
        field: _("Numbers of people must be masked first: %(numbers)s", numbers=_(", ").join(dict.fromkeys(found_here)))
        for field, found_here in numbers.items()
    }


def require_masked(kind_code: str, content: Content) -> None:
    """The text holds no number that must go.

    Raises:
        Invalid: a sentence per field.
    """
    errors = must_go(kind_code, content)
    if errors:
        raise Invalid(errors, code="personal-data")


def choose(actor: Actor, chosen: Mapping[tuple[str, Kind], Level]) -> None:
    """From now on this holds; texts that are submitted already stay as they are.

    Raises:
        Forbidden.
    """
    require(actor, P.MANAGE_ARTICLES)
    before = rules()
    changed = {key: level for key, level in chosen.items() if key in before and before[key] is not level}
    for (article_kind, finding), level in changed.items():
        session.merge(PersonalRule(article_kind=article_kind, finding=finding, level=level))
    session.flush()
    for (article_kind, finding), level in changed.items():
        note = f"{article_kind}, {finding.value}: {level.value}"
        audit.record(actor, "save", subject_kind="personal_rule", subject_id=0, note=note)


def allow(actor: Actor, number: str, note: str) -> PersonalException:
    """This number is nobody's from now on; allowing it again changes the note.

    Raises:
        Forbidden, Invalid: it would not be found anyway, or nobody says whose it is.
    """
    require(actor, P.MANAGE_ARTICLES)
    number, note = one_line(number)[:60], one_line(note)[:200]
    here = found(number, ())
    if len(here) != 1:
        raise Invalid({"number": _("This is not a number that the check would find.")})
    if not note:
        raise Invalid({"note": _("Please say whose number this is, so that others can tell.")})
    bare = normal(number[here[0].start : here[0].end])
    bare = f"0{bare}" if here[0].kind is Kind.MOBILE_TW and not bare.startswith("0") else bare
    row = session.scalar(sa.select(PersonalException).where(PersonalException.number == bare))
    if row is None:
        row = PersonalException(number=bare, added_by_id=actor.id, created_at=clock.now())
        session.add(row)
    row.note = note
    session.flush()
    audit.record(actor, "save", subject_kind="personal_exception", subject_id=row.id, note=note)
    return row


def disallow(actor: Actor, exception_id: int) -> None:
    """The number is found again.

    Raises:
        Forbidden, NotFound.
    """
    require(actor, P.MANAGE_ARTICLES)
    row = session.get(PersonalException, exception_id)
    if row is None:
        raise NotFound(_("There is nothing here, or you may not see it."))
    audit.record(actor, "remove", subject_kind="personal_exception", subject_id=row.id, note=row.note)
    session.delete(row)
    session.flush()


def exceptions() -> list[PersonalException]:
    """The numbers that managers allowed, newest first."""
    return list(session.scalars(sa.select(PersonalException).order_by(PersonalException.id.desc())))
