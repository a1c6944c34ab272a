"""How the authors of a text share what it earns: by the words each has written, or as they have agreed.

Until the text is published any of its authors may propose other parts, in force once all of them have agreed; a manager
who is none of them sets parts at once, after publication, too: what was paid is divided anew by entries. Who proposed,
agreed and set what, and when, is on record and shown to all of them.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from core import audit, clock
from core.actors import Actor
from core.db import lock, session
from core.errors import Conflict, Invalid
from core.events import emit
from core.i18n import _
from core.permissions import require
from wiki.articles.models import Publication, Submission, SubmissionState
from wiki.articles.origins import contributed
from wiki.scoring.dividing_ops import divide
from wiki.scoring.events import SharesProposed, SharesRefused
from wiki.scoring.models import AuthorShares, ScoringAct, ShareAnswer
from wiki.scoring.permissions import P
from wiki.scoring.queries import accepted_act, act_of, following

EVENTS = ("article.accepted", "revision.accepted")
THANKS = ("feedback.helpful", "feedback.used")


def history(submission_id: int) -> list[AuthorShares]:
    """What was set, the newest first."""
    return list(
        session.scalars(
            sa.select(AuthorShares)
            .where(AuthorShares.submission_id == submission_id)
            .order_by(AuthorShares.id.desc())
            .options(selectinload(AuthorShares.answers))
        )
    )


def agreed(submission_id: int, author_ids: Sequence[int]) -> dict[int, int] | None:
    """The percent that came into force last, while they are still of exactly these authors."""
    row = next((one for one in history(submission_id) if in_force(one, author_ids)), None)
    if row is None or not row.shares:
        return None
    found = {int(user_id): int(percent) for user_id, percent in row.shares.items()}
    return {one: found[one] for one in author_ids} if set(found) == set(author_ids) else None


def in_force(row: AuthorShares, author_ids: Sequence[int]) -> bool:
    """It was set, or all these authors agree to what one of them proposed."""
    return not row.proposed or not unheard(row, author_ids)


def unheard(row: AuthorShares, author_ids: Sequence[int]) -> list[int]:
    """Which of these authors have not agreed to it, in their order; whoever proposed it has."""
    said = {row.by_id, *(one.user_id for one in row.answers if one.agrees)}
    return [one for one in author_ids if one not in said]


def waiting(submission: Submission, rows: Sequence[AuthorShares]) -> AuthorShares | None:
    """What was proposed last (of ``history``), while the authors can still agree to it."""
    row = rows[0] if rows else None
    if row is None or in_force(row, submission.author_ids) or any(not one.agrees for one in row.answers):
        return None
    still = not row.shares or {int(one) for one in row.shares} == set(submission.author_ids)
    return row if still and submission.state is not SubmissionState.PUBLISHED else None


def by_words(submission: Submission) -> dict[int, int]:
    """Characters that each author has brought into the text; equal parts where nobody brought any."""
    if len(submission.author_ids) < 2:
        return dict.fromkeys(submission.author_ids, 1)
    found = contributed(submission)
    weights = {one: found.get(one, 0) for one in submission.author_ids}
    return weights if any(weights.values()) else dict.fromkeys(weights, 1)


def shares_of(submission_id: int, author_ids: Sequence[int]) -> list[int] | None:
    """The parts of the authors, whole numbers in their order; none for a single author."""
    if len(author_ids) < 2:
        return None
    found = agreed(submission_id, author_ids) or by_words(session.get_one(Submission, submission_id))
    return [found.get(one, 0) for one in author_ids]


def standing_shares(act: ScoringAct) -> list[int] | None:
    """The parts by which an acceptance is shared now, beside its people."""
    found = act.shares
    for row in session.scalars(following(act)):
        if row.does == "divide" and row.shares is not None:
            parts = dict(zip(row.people, row.shares, strict=True))
            found = [parts.get(one, 0) for one in act.people]
    return found


def percents(weights: Mapping[int, int]) -> dict[int, int]:
    """Whole percent of weights that sum to 100, by largest remainder."""
    whole = sum(weights.values()) or 1
    exact = {who: Fraction(100 * weight, whole) for who, weight in weights.items()}
    floor = {who: int(value) for who, value in exact.items()}
    order = sorted(exact, key=lambda who: -(exact[who] - floor[who]))
    for who in order[: 100 - sum(floor.values())]:
        floor[who] += 1
    return floor


def set_shares(submission: Submission, actor: Actor, shares: Mapping[int, int], *, reason: str = "") -> AuthorShares:
    """From now on the authors share by these percent; empty: by the words each has written. One of the authors only
    proposes it: it is in force when the others have agreed.

    What was paid already is divided anew by entries of the open month.

    Raises:
        Forbidden. Invalid: they are not of exactly the authors, or do not sum to 100.
    """
    require(actor, P.SHARE, submission)
    lock(Submission, submission.id)
    if shares:
        _check(submission, shares)
    paid = submission.state is SubmissionState.PUBLISHED
    if paid and not reason.strip():
        raise Invalid({"reason": _("Points were paid already. Please say why they are divided anew.")})
    row = AuthorShares(
        submission_id=submission.id,
        shares={str(who): percent for who, percent in shares.items()},
        reason=reason.strip()[:500],
        by_id=actor.id,
        at=clock.now(),
        proposed=actor.id in submission.author_ids,
    )
    session.add(row)
    session.flush()
    verb = "propose_shares" if row.proposed else "set_shares"
    about = dict(row.shares)
    audit.record(actor, verb, subject_kind="submission", subject_id=submission.id, note=row.reason, details=about)
    if row.proposed:
        emit(SharesProposed(submission.id, row.id, tuple(unheard(row, submission.author_ids)), actor.id, row.at))
    elif paid:
        _divide_anew(submission, dict(shares) or by_words(submission), row)
    return row


def answer(submission: Submission, actor: Actor, shares_id: int, *, agrees: bool) -> AuthorShares:
    """A co-author agrees to what was proposed, or does not, and then it is off. Said twice is said once.

    Raises:
        Forbidden. Conflict: it is proposed no more.
    """
    require(actor, P.AGREE, submission)
    lock(Submission, submission.id)
    rows = history(submission.id)
    known = {one.user_id: one.agrees for one in rows[0].answers} if rows else {}
    if rows and rows[0].id == shares_id and known.get(actor.id) is agrees:
        return rows[0]
    row = waiting(submission, rows)
    if row is None or row.id != shares_id or actor.id not in unheard(row, submission.author_ids):
        raise Conflict(_("These shares are not proposed any more. Look at the page again."), code="not-proposed")
    session.add(ShareAnswer(shares_id=row.id, user_id=actor.id, agrees=agrees, at=clock.now()))
    session.flush()
    session.expire(row, ["answers"])
    verb = "agree_to_shares" if agrees else "refuse_shares"
    audit.record(actor, verb, subject_kind="submission", subject_id=submission.id, details=dict(row.shares))
    if not agrees:
        emit(SharesRefused(submission.id, row.id, row.by_id, actor.id, clock.now()))
    return row


def _check(submission: Submission, shares: Mapping[int, int]) -> None:
    if set(shares) != set(submission.author_ids):
        raise Invalid({"shares": _("Give a part to each of the authors, and to nobody else.")})
    if any(not 0 <= percent <= 100 for percent in shares.values()) or sum(shares.values()) != 100:
        raise Invalid({"shares": _("The parts must sum to 100 percent; these sum to %(n)s.", n=sum(shares.values()))})


def _divide_anew(submission: Submission, shares: Mapping[int, int], row: AuthorShares) -> None:
    """The acceptance and the thanks for it."""
    acts = [act for event in EVENTS if (act := act_of(event, f"submission:{submission.id}")) is not None]
    found = accepted_act(submission.article_id or 0, submission.author_ids)
    if found is not None and found.source_id == submission.id:  # else readers thank others by now
        versions = sa.select(Publication.revision_id).where(Publication.article_id == submission.article_id)
        thanks = sa.select(ScoringAct).where(
            ScoringAct.event.in_(THANKS), ScoringAct.undoes.is_(None), ScoringAct.revision_id.in_(versions)
        )
        authors = list(submission.author_ids)
        acts += [act for act in session.scalars(thanks.order_by(ScoringAct.id)) if act.people == authors]
    divide(acts, shares, shares_id=row.id, reason=row.reason)
