"""What people asked for and did not find, put together, and what is done about it. The only truth about gaps.

A wording is a gap when more than half of its askings in the period ended with nothing found, or with nothing opened
(an answer to a program cannot be opened here: it counts when nothing was found). People are counted, never named; the
title of a text that the reader of the list may not read does not stand in it, even as a question.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import audit, clock
from core.actors import Actor
from core.caches import Cache
from core.db import session
from core.errors import Invalid, NotFound
from core.i18n import _
from core.permissions import allowed, require
from wiki.articles.models import Article, Audience
from wiki.articles.permissions import P as Articles
from wiki.search import words
from wiki.search.gap_models import GapMark, Verdict, WritingTask
from wiki.search.gap_rules import Group, Wording, alike, grouped
from wiki.search.likeness import ALMOST, flat, percent
from wiki.search.models import SearchQuery, Source
from wiki.search.permissions import P
from wiki.search.writing_rules import LIVE, WritingState

PERIODS = (7, 30, 90)
USUAL = 30
MOST = 600  # wordings that are looked at, those asked by most people first
MARKS = 2000
REASON = 300
_few: Cache[list[tuple[str, int]]] = Cache(64, seconds=300.0)

_unmet = sa.or_(SearchQuery.found == 0, sa.and_(SearchQuery.opened_id.is_(None), SearchQuery.source != Source.API))
_people = sa.func.count(SearchQuery.user_id.distinct())


@dataclass(frozen=True, slots=True)
class Gap:
    """A group with what was decided about it; ``view`` is where it is listed: open, writing, settled."""

    group: Group
    view: str
    mark: GapMark | None
    marks: tuple[GapMark, ...] = ()

    @property
    def again(self) -> bool:
        """Something was done about it, and people still ask in vain."""
        return self.view == "open" and self.mark is not None


def gaps(actor: Actor, days: int = USUAL) -> list[Gap]:
    """All gaps of the last days, as this person may see them; most people first.

    Raises:
        Forbidden.
    """
    require(actor, P.SEE_GAPS)
    marks = _marks()
    now = clock.now()
    wordings = _visible(_wordings(now - timedelta(days=days), now), actor)
    known = {one.flat for one in wordings}
    absent = [Wording(mark, mark) for mark in marks if mark not in known]  # they carry what was decided
    found = grouped([*wordings, *absent], words.current())
    return [_with_mark(group, marks) for group in found if group.times]


def few(actor: Actor, *, limit: int = 8) -> list[tuple[str, int]]:
    """(question, people) of the largest open gaps of the last month, for the home of those who look at gaps; at most
    five minutes old, for over a long log the whole is a second's work."""
    key = "manager" if actor.holds("manager") else actor.id  # managers read everything: to them it is the same
    found = _few.get(key)
    if found is None:
        found = [(one.group.chief.text, one.group.people) for one in gaps(actor) if one.view == "open"][:20]
        _few.put(key, found)
    return found[:limit]


def find(actor: Actor, key: str, days: int) -> Gap:
    """The gap in which this wording stands.

    Raises:
        NotFound: nobody asked so, or the reader may not see it.
    """
    for one in gaps(actor, days):
        if any(wording.flat == key for wording in one.group.wordings):
            return one
    raise NotFound(_("This question is not in the list any more."))


def _with_mark(group: Group, marks: dict[str, GapMark]) -> Gap:
    known = [marks[one.flat] for one in group.wordings if one.flat in marks]
    mark = max(known, key=lambda one: (one.at, one.id), default=None)
    group.wordings = sorted((one for one in group.wordings if one.times), key=lambda one: (-len(one.people), one.flat))
    return Gap(group, _view(group, mark), mark, tuple(known))


def _view(group: Group, mark: GapMark | None) -> str:
    """Done, and asked in vain since: it is open again; a word, too, is given a day to show that it helps."""
    if mark is None:
        return "open"
    if mark.verdict is Verdict.IGNORE:
        return "settled"
    if mark.verdict is Verdict.WORD:
        return "open" if _since(group, mark.at + timedelta(days=1)) else "settled"
    if mark.task is None or mark.task.state is WritingState.DROPPED:
        return "open"
    if mark.task.state in LIVE:
        return "writing"
    return "open" if mark.task.closed_at and _since(group, mark.task.closed_at) else "settled"


def _since(group: Group, at: datetime) -> bool:
    return group.last is not None and group.last > at


# ── from the log ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _wordings(since: datetime, until: datetime) -> list[Wording]:
    in_period = (SearchQuery.at >= since, SearchQuery.at <= until, SearchQuery.flat != "")
    unmet = sa.func.sum(sa.case((_unmet, 1), else_=0))
    chosen = session.execute(
        sa.select(SearchQuery.flat, sa.func.max(SearchQuery.id))
        .where(*in_period)
        .group_by(SearchQuery.flat)
        .having(unmet * 2 > sa.func.count())
        .order_by(_people.desc(), unmet.desc(), SearchQuery.flat)
        .limit(MOST)
    )
    newest = {row[0]: row[1] for row in chosen}
    if not newest:
        return []
    texts = session.execute(sa.select(SearchQuery.flat, SearchQuery.text).where(SearchQuery.id.in_(newest.values())))
    found = {row.flat: Wording(row.flat, row.text) for row in texts}
    _count(found, since, until)
    _count_before(found, since - (until - since), since)
    return [one for one in found.values() if one.times]


def _count(found: dict[str, Wording], since: datetime, until: datetime) -> None:
    nothing = sa.func.sum(sa.case((SearchQuery.found == 0, 1), else_=0))
    rows = session.execute(
        sa.select(SearchQuery.flat, SearchQuery.user_id, sa.func.count(), nothing, sa.func.max(SearchQuery.at))
        .where(SearchQuery.at >= since, SearchQuery.at <= until, SearchQuery.flat.in_(found), _unmet)
        .group_by(SearchQuery.flat, SearchQuery.user_id)
    )
    for key, user_id, times, empty, last in rows:
        one = found[key]
        found[key] = replace(
            one,
            people=one.people | ({user_id} if user_id is not None else set()),
            times=one.times + times,
            nothing=one.nothing + empty,
            last=max(last, one.last or last),
        )


def _count_before(found: dict[str, Wording], since: datetime, until: datetime) -> None:
    asked = sa.select(SearchQuery.flat, SearchQuery.user_id).where(
        SearchQuery.at >= since, SearchQuery.at < until, SearchQuery.flat.in_(found), _unmet
    )
    before: dict[str, set[int]] = defaultdict(set)
    for key, user_id in session.execute(asked.distinct()):
        if user_id is not None:
            before[key].add(user_id)
    for key, people in before.items():
        found[key] = replace(found[key], before=frozenset(people))


def _visible(wordings: list[Wording], actor: Actor) -> list[Wording]:
    """Without those that say the title of a text that this person may not read."""
    closed = sa.select(Article.title).where(Article.audience == Audience.RESTRICTED, sa.not_(_readable(actor)))
    titles = sorted({key for title in session.scalars(closed) if len(key := flat(title)) > 1})
    return [one for one in wordings if not _says(one.flat, titles)] if titles else wordings


def _readable(actor: Actor) -> sa.ColumnElement[bool]:
    """What is out of service is seen by nobody but the manager."""
    return sa.true() if actor.holds("manager") else allowed(actor, Articles.READ)


def _says(question: str, titles: list[str]) -> bool:
    if any(title in question for title in titles):
        return True
    return any(percent(question, title) >= ALMOST for _place, title in alike(question, titles))


# ── what is done about it ────────────────────────────────────────────────────────────────────────────────────────────


def _marks() -> dict[str, GapMark]:
    found = sa.select(GapMark).options(joinedload(GapMark.task).joinedload(WritingTask.submission))
    return {mark.flat: mark for mark in session.scalars(found.order_by(GapMark.at.desc()).limit(MARKS))}


def settle(actor: Actor, gap: Gap, verdict: Verdict, *, reason: str = "", task: WritingTask | None = None) -> None:
    """All wordings of the gap are marked: somebody writes it, another word leads to it, or it is left alone.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.SEE_GAPS)
    reason = " ".join(reason.split())
    if verdict is Verdict.IGNORE and not reason:
        raise Invalid({"reason": _("Please say why it can be left alone.")})
    if len(reason) > REASON:
        raise Invalid({"reason": _("A note may have %(n)s characters at most.", n=REASON)})
    keys = sorted({one.flat for one in gap.group.wordings} | {mark.flat for mark in gap.marks})
    known = {mark.flat: mark for mark in session.scalars(sa.select(GapMark).where(GapMark.flat.in_(keys)))}
    for key in keys:
        mark = known.get(key) or GapMark(flat=key)
        mark.verdict, mark.task_id, mark.reason = verdict, task.id if task else None, reason
        mark.at, mark.by_id = clock.now(), actor.id
        session.add(mark)
    session.flush()
    details = {"verdict": verdict.value, "questions": keys[:20], **({"task": task.id} if task else {})}
    first = known.get(keys[0]) or session.scalar(sa.select(GapMark).where(GapMark.flat == keys[0]))
    audit.record(actor, "settle_gap", subject_kind="gap", subject_id=first.id if first else 0, note=reason,
                 details=details)  # fmt: skip
    _few.clear()


def put_back(actor: Actor, gap: Gap) -> None:
    """What was decided does not hold any more; a writing task stays as it is.

    Raises:
        Forbidden.
    """
    require(actor, P.SEE_GAPS)
    keys = [one.flat for one in gap.group.wordings]
    for mark in gap.marks:
        session.delete(mark)
    if gap.mark is not None:
        details = {"questions": keys[:20], "verdict": gap.mark.verdict.value}
        audit.record(actor, "put_back_gap", subject_kind="gap", subject_id=gap.mark.id, details=details)
    session.flush()
    _few.clear()
