"""What looks as if somebody played the rules: looked for once a day, kept with its evidence, judged by a manager.

A finding is not a verdict. What a manager dismissed is not found again unless there is half as much again of it; what
he withdrew is taken back as entries that say why.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.actors import Actor
from core.chores import chore
from core.db import lock, session
from core.errors import Conflict, Invalid
from core.i18n import _
from core.permissions import require
from accounts.models import User
from wiki.articles.models import Article, Publication, Revision
from wiki.feedback.models import Feedback, stands
from wiki.scoring.fairness import Paper, Ring, Slices, Thanks, rings, slices
from wiki.scoring.models import Finding, FindingKind, FindingState, LedgerEntry, ScoringAct
from wiki.scoring.ops import undo
from wiki.scoring.permissions import P
from wiki.search.likeness import flat

WINDOW = timedelta(days=90)
SUBJECT = "finding"  # the trail's word
AGAIN = 3, 2  # a dismissed finding comes back when there is 3/2 of it
AT_ONCE = 5_000
LONGEST = 20_000  # characters of a text that are compared


@chore(every=24 * 3600)
def look_daily() -> None:
    """The last three months, once a day."""
    look()


def look(now: datetime | None = None) -> int:
    """Every ring and every group of slices of the last ninety days is a finding afterwards: how many are new or grown.

    Findings nobody has decided on get the newest evidence.
    """
    since = (now or clock.now()) - WINDOW
    teams = {row.id: row.team_id for row in session.execute(sa.select(User.id, User.team_id))}
    fresh = 0
    for ring in rings(thanks_since(since), teams):
        fresh += _keep(FindingKind.RING, ring.people, ring.people, _of_ring(ring, since), ring.votes)
    for group in slices(papers_since(since)):
        evidence = _of_slices(group)
        fresh += _keep(FindingKind.SLICES, group.papers, group.people, evidence, len(group.papers))
    return fresh


def thanks_since(since: datetime) -> Iterator[Thanks]:
    """Who thanked whom for which text: one for each reader and text, votes and uses alike."""
    rows = session.execute(
        sa.select(Feedback.user_id, Feedback.article_id, Feedback.author_ids, Article.category_id)
        .join(Article, Article.id == Feedback.article_id)
        .where(Feedback.at >= since, sa.not_(Feedback.own), stands())
        .where(sa.or_(Feedback.helpful.is_(True), Feedback.used_in_call))
        .order_by(Feedback.id)
        .execution_options(yield_per=AT_ONCE)
    )
    seen: set[tuple[int, int]] = set()
    for voter, article, authors, topic in rows:
        if authors and (voter, article) not in seen:
            seen.add((voter, article))
            yield Thanks(voter, article, tuple(authors), topic)


def papers_since(since: datetime) -> Iterator[Paper]:
    """The new articles somebody was paid for, in the order in which they were accepted."""
    paid = sa.select(ScoringAct.source_id, ScoringAct.people, ScoringAct.revision_id).where(
        ScoringAct.event == "article.accepted", ScoringAct.undoes.is_(None), ScoringAct.at >= since
    )
    rows = session.execute(
        paid.add_columns(Revision.title, Revision.body, Revision.fields)
        .join(Revision, Revision.id == ScoringAct.revision_id)
        .order_by(ScoringAct.id)
        .execution_options(yield_per=500)
    )
    for submission_id, people, _revision, title, body, fields in rows:
        yield Paper(submission_id, tuple(people), flat("\n".join([title, body, *_words(fields)])[:LONGEST]))


def _words(value: Any) -> Iterator[str]:
    """Every text within the fields of a kind."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _words(one)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one)


def _of_ring(ring: Ring, since: datetime) -> dict[str, Any]:
    return {
        "since": since.date().isoformat(),
        "ties": [
            {
                "one": tie.one, "other": tie.other, "given": tie.given, "back": tie.back,
                "expected": f"{tie.expected:.1f}", "expected_back": f"{tie.expected_back:.1f}",
            }
            for tie in ring.ties
        ],
    }  # fmt: skip


def _of_slices(group: Slices) -> dict[str, Any]:
    return {
        "submissions": list(group.papers),
        "pairs": [
            {"one": pair.one, "other": pair.other, "within": pair.within, "alike": pair.alike} for pair in group.pairs
        ],
    }


def _keep(kind: FindingKind, about: Sequence[int], people: Iterable[int], evidence: dict[str, Any], much: int) -> bool:
    """True when this is new, or has grown since somebody dismissed it."""
    key = hashlib.sha256(f"{kind}:{','.join(map(str, sorted(about)))}".encode()).hexdigest()[:40]
    now = clock.now()
    found = session.scalars(
        sa.select(Finding).where(Finding.key.startswith(key)).order_by(Finding.id.desc()).limit(1)
    ).first()
    if found is not None and found.state is FindingState.OPEN:
        found.evidence, found.strength, found.seen_at = evidence, much, now
        return False
    if found is not None and much * AGAIN[1] < found.strength * AGAIN[0]:
        return False
    number = session.scalar(sa.select(sa.func.count()).where(Finding.key.startswith(key))) or 0
    session.add(
        Finding(
            kind=kind, key=f"{key}.{number}", people=sorted(people), evidence=evidence, strength=much,
            state=FindingState.OPEN, found_at=now, seen_at=now, reason="",
        )  # fmt: skip
    )
    session.flush()
    return True


# ── what a manager does ──────────────────────────────────────────────────────────────────────────────────────────────


def dismiss(finding: Finding, actor: Actor, *, reason: str) -> None:
    """There is a good explanation. Nothing is taken back.

    Raises:
        Forbidden, Invalid, Conflict.
    """
    _decide(finding, actor, FindingState.DISMISSED, reason)


def withdraw(finding: Finding, actor: Actor, *, reason: str) -> int:
    """What was earned unfairly is taken back, as entries that say why: how many acts. Of a ring, the thanks that went
    round in it; of slices, every acceptance but the first.

    Raises:
        Forbidden, Invalid, Conflict.
    """
    _decide(finding, actor, FindingState.WITHDRAWN, reason)
    taken = 0
    for event, source in acts_of(finding):
        taken += bool(undo(event, source, why="unfair", reason=finding.reason, finding=finding.id))
    return taken


def _decide(finding: Finding, actor: Actor, state: FindingState, reason: str) -> None:
    require(actor, P.JUDGE_FAIRNESS)
    if actor.id in finding.people:
        raise Conflict(_("This is about yourself; another manager decides it."), code="own-finding")
    if not reason.strip():
        raise Invalid({"reason": _("Please say why; the people concerned read it.")})
    lock(Finding, finding.id)
    if finding.state is not FindingState.OPEN:
        raise Conflict(_("This has been decided already."), code="decided")
    finding.state, finding.reason = state, reason.strip()[:500]
    finding.decided_at, finding.decided_by_id = clock.now(), actor.id
    session.flush()
    audit.record(
        actor, state.value, subject_kind=SUBJECT, subject_id=finding.id, note=finding.reason,
        details={"kind": finding.kind.value, "people": list(finding.people)},
    )  # fmt: skip


def acts_of(finding: Finding) -> list[tuple[str, str]]:
    """The acts (event, source) whose points are in question."""
    if finding.kind is FindingKind.SLICES:
        later = finding.evidence["submissions"][1:]
        return [("article.accepted", f"submission:{number}") for number in later]
    people, since = set(finding.people), finding.evidence["since"]
    tied = {(tie["one"], tie["other"]) for tie in finding.evidence["ties"]}
    tied |= {(other, one) for one, other in tied}
    rows = session.execute(
        sa.select(ScoringAct.event, ScoringAct.source, ScoringAct.people, Feedback.user_id)
        .join(Feedback, Feedback.id == ScoringAct.source_id)
        .where(ScoringAct.event.in_(("feedback.helpful", "feedback.used")), ScoringAct.source_kind == "feedback")
        .where(ScoringAct.undoes.is_(None), Feedback.user_id.in_(people))
        .where(Feedback.at >= datetime.fromisoformat(f"{since}T00:00:00+00:00"))
        .order_by(ScoringAct.id)
    )
    return [
        (event, source)
        for event, source, authors, voter in rows
        if any((voter, author) in tied for author in authors)
    ]


def worth(finding: Finding) -> Any:
    """Points that the acts of a finding still pay."""
    sources = [source for _event, source in acts_of(finding)]
    total = sa.select(sa.func.sum(LedgerEntry.points, type_=LedgerEntry.points.type))
    found: Any = 0
    for n in range(0, len(sources), 500):
        some = sources[n : n + 500]
        acts = sa.select(ScoringAct.id).where(
            sa.or_(ScoringAct.source.in_(some), ScoringAct.undoes.in_(some)),
            ScoringAct.event.in_(("feedback.helpful", "feedback.used", "article.accepted")),
        )
        found += session.scalar(total.where(LedgerEntry.act_id.in_(acts))) or 0
    return found


def titles_of(submission_ids: Sequence[int]) -> dict[int, tuple[str, datetime]]:
    """Title and day of publication of accepted submissions."""
    rows = session.execute(
        sa.select(Publication.submission_id, Revision.title, Publication.published_at)
        .join(Revision, Revision.id == Publication.revision_id)
        .where(Publication.submission_id.in_(submission_ids))
        .order_by(Publication.id.desc())
    )
    return {number: (title, at) for number, title, at in rows}
