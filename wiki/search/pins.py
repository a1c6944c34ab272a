"""What stands first for a question: the manager says so, for everybody who may read it, on both engines, at once."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import audit, clock
from core.actors import Actor
from core.caches import Cache
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _, local
from core.permissions import allowed, require
from wiki.articles.models import Article
from wiki.articles.permissions import P
from wiki.search.analysis.scripts import fold, mainland_wording
from wiki.search.likeness import flat
from wiki.search.pin_models import SearchPin

MOST = 10  # articles for one question


class Place(NamedTuple):
    """One article that stands first, and when."""

    article_id: int
    from_on: date | None
    until_on: date | None

    def on(self, day: date) -> bool:
        """Whether it stands first on this day."""
        return (self.from_on is None or self.from_on <= day) and (self.until_on is None or day <= self.until_on)


_places: Cache[Mapping[str, tuple[Place, ...]]] = Cache(1, seconds=1.0, until_write=True)


def key_of(question: str) -> str:
    """The question as it is compared: width, case, script, region's wording, signs and blanks make no difference."""
    return flat(mainland_wording(fold(question)))[:200]


def first_for(question: str) -> tuple[str, ...]:
    """The ids of the articles that stand first for this question today, in their order; not all may be readable."""
    places = _everywhere()
    if not places or not (key := key_of(question)):
        return ()
    today = local(clock.now()).date()
    return tuple(str(place.article_id) for place in places.get(key, ()) if place.on(today))


def _everywhere() -> Mapping[str, tuple[Place, ...]]:
    found = _places.get(0)
    if found is None:
        gathered: dict[str, list[Place]] = {}
        columns = (SearchPin.key, SearchPin.article_id, SearchPin.from_on, SearchPin.until_on)
        for row in session.execute(sa.select(*columns).order_by(SearchPin.position, SearchPin.id)):
            gathered.setdefault(row.key, []).append(Place(row.article_id, row.from_on, row.until_on))
        found = {key: tuple(places) for key, places in gathered.items()}
        _places.put(0, found)
    return found


# ── what the manager does ────────────────────────────────────────────────────────────────────────────────────────────


def pin(
    actor: Actor,
    question: str,
    slug: str,
    *,
    reason: str = "",
    from_on: date | None = None,
    until_on: date | None = None,
) -> SearchPin:
    """The article stands first for the question from now on, after those that do already; once is enough.

    Raises Forbidden, Invalid (by field).
    """
    require(actor, P.MANAGE_ARTICLES)
    question, key = " ".join(question.split())[:200], key_of(question)
    article = session.scalar(sa.select(Article).where(Article.slug == slug.strip(), allowed(actor, P.READ)))
    errors = {}
    if not key:
        errors["question"] = _("Please write the question.")
    if article is None:
        errors["article"] = _("There is no published article of this address.")
    if article is None or errors:
        raise Invalid(errors)
    _must_be_in_order(from_on, until_on)
    there = list(session.scalars(sa.select(SearchPin).where(SearchPin.key == key).order_by(SearchPin.position)))
    row = next((one for one in there if one.article_id == article.id), None)
    if row is None:
        if len(there) >= MOST:
            raise Invalid({"question": _("At most %(n)s articles can stand first for one question.", n=MOST)})
        last = max((one.position for one in there), default=0)
        row = SearchPin(
            question=question, key=key, article_id=article.id, position=last + 1, pinned_by_id=actor.id,
            pinned_at=clock.now(),
        )  # fmt: skip
        session.add(row)
    row.reason, row.from_on, row.until_on = reason.strip()[:300], from_on, until_on
    session.flush()
    audit.record(actor, "pin", subject_kind="article", subject_id=article.id, note=question)
    return row


def change(
    actor: Actor, pin_id: int, *, reason: str, from_on: date | None, until_on: date | None, place: int
) -> SearchPin:
    """Why, when and at which place among those of the question (from 1). Raises Forbidden, NotFound, Invalid."""
    row = _found(actor, pin_id)
    _must_be_in_order(from_on, until_on)
    row.reason, row.from_on, row.until_on = reason.strip()[:300], from_on, until_on
    others = [
        one
        for one in session.scalars(
            sa.select(SearchPin).where(SearchPin.key == row.key).order_by(SearchPin.position, SearchPin.id)
        )
        if one.id != row.id
    ]
    others.insert(max(1, place) - 1, row)
    for number, one in enumerate(others, 1):
        one.position = number
    session.flush()
    audit.record(actor, "pin", subject_kind="article", subject_id=row.article_id, note=row.question)
    return row


def unpin(actor: Actor, pin_id: int) -> SearchPin:
    """It stands where its words put it. Raises Forbidden, NotFound."""
    row = _found(actor, pin_id)
    session.delete(row)
    session.flush()
    audit.record(actor, "unpin", subject_kind="article", subject_id=row.article_id, note=row.question)
    return row


def _found(actor: Actor, pin_id: int) -> SearchPin:
    require(actor, P.MANAGE_ARTICLES)
    row = session.get(SearchPin, pin_id)
    if row is None:
        raise NotFound(_("This has been removed already."))
    return row


def _must_be_in_order(from_on: date | None, until_on: date | None) -> None:
    if from_on and until_on and until_on < from_on:
        raise Invalid({"until_on": _("It must end after it has begun.")})


def listed() -> dict[str, list[SearchPin]]:
    """All of them by question, the question asked for last first."""
    rows = session.scalars(
        sa.select(SearchPin)
        .options(joinedload(SearchPin.article), joinedload(SearchPin.pinned_by))
        .order_by(SearchPin.pinned_at.desc(), SearchPin.id.desc())
    )
    found: dict[str, list[SearchPin]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row)
    return {each[0].question: sorted(each, key=lambda one: (one.position, one.id)) for each in found.values()}


def pinned_as(question: str) -> dict[str, int]:
    """Ids of the rows for this question, by article, whatever their days."""
    rows = session.execute(sa.select(SearchPin.article_id, SearchPin.id).where(SearchPin.key == key_of(question)))
    return {str(article_id): pin_id for article_id, pin_id in rows}
