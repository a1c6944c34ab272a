"""A leaving, hand-overs and interviews as pages show them."""

from typing import Any

from flask import url_for

from accounts import queries
from accounts.models import User
from core.actors import Actor
from core.db import session
from core.i18n import _
from core.permissions import can
from wiki.people import interviews, leaving, topics
from wiki.people.holdings import Held, Holding, Key, Link, held, open_reviews, words_for
from wiki.people.leaving_models import Handover, Leaving
from wiki.people.leaving_rules import SETTLED, SORT_NAMES, STATE_NAMES, HandoverState, LeavingState, Sort
from wiki.people.permissions import P
from wiki.search.writing_rules import LIVE
from wiki.search.writing_rules import STATE_NAMES as TASK_STATES

LOOKS = {
    HandoverState.ASKED: "open",
    HandoverState.ACCEPTED: "done",
    HandoverState.DECLINED: "returned",
    HandoverState.PASSED: "done",
    HandoverState.CALLED_OFF: "closed",
}


def address(link: Link | None) -> str | None:
    """Where a thing is seen."""
    return url_for(link[0], **link[1]) if link else None


def row_of(one: Leaving) -> dict[str, Any]:
    """One leaving in a list."""
    return {
        "id": one.id,
        "url": url_for("leaving.show", leaving_id=one.id),
        "name": one.user.name,
        "team": one.user.team.name if one.user.team else "",
        "last_day": one.last_day,
        "days": (one.last_day - leaving.today()).days,
        "disable": one.disable,
        "note": one.note,
        "state": one.state.value,
        "marked_by": one.marked_by.name,
        "marked_at": one.marked_at,
        "closed_at": one.closed_at,
        "open": one.state is LeavingState.OPEN,
    }


def page_of(one: Leaving, who: Actor) -> dict[str, Any]:
    """Everything on the page of a leaver."""
    found, rows = held(one.user, who), leaving.handovers(one)
    known = {(row.sort, row.subject_id): row for row in rows}
    reviews, all_reviews = open_reviews(one.user_id, who)
    steers = can(who, P.STEER_LEAVING, one)
    may_hand_on = can(who, P.HAND_ON, one) and one.state is not LeavingState.UNDONE
    return {
        "leaver": row_of(one),
        "groups": _groups(found, known),
        "hidden": found.hidden,
        "settled": _settled(rows, found, who),
        "reviews": [_review(task) for task in reviews],
        "more_reviews": all_reviews - len(reviews),
        "topics": topics.topics(one.user_id),
        "may": {"steer": steers and one.state is LeavingState.OPEN, "hand_on": may_hand_on, "interview": steers},
        "successors": successors(one) if may_hand_on else [],
        "interviewers": _people(list(session.scalars(interviews.interviewers())), one) if steers else [],
        "interview": interview_of(one),
        "is_self": who.id == one.user_id,
    }


def _groups(found: Held, known: dict[Key, Handover]) -> list[dict[str, Any]]:
    """Things by sort; texts that only they wrote first."""
    groups = []
    for sort in Sort:
        rows = [_holding(one, known.get(one.key)) for one in found.rows if one.sort is sort]
        rows = [row for row in rows if not row["settled"]]
        if rows:
            rows.sort(key=lambda row: not row["sole"])
            groups.append({"sort": sort.value, "name": SORT_NAMES[sort], "rows": rows})
    return groups


def _holding(one: Holding, row: Handover | None) -> dict[str, Any]:
    return {
        "key": f"{one.sort.value}-{one.id}",
        "title": one.title,
        "url": address(one.link),
        "about": one.about,
        "sole": one.sole,
        "mine": one.mine,
        "settled": row is not None and row.state in SETTLED and one.sort is Sort.DRAFT,
        "asked": _answer(row) if row else None,
        "successor": row.successor_id if row and row.state is HandoverState.ASKED else "",
    }


def _answer(row: Handover) -> dict[str, Any]:
    return {
        "name": row.successor.name,
        "state": LOOKS[row.state],
        "word": STATE_NAMES[row.state],
        "at": row.answered_at or row.asked_at,
        "note": row.note,
    }


def _settled(rows: list[Handover], found: Held, who: Actor) -> list[dict[str, Any]]:
    """What has changed hands already, with who has it now."""
    done = [row for row in rows if row.state in SETTLED]
    words = words_for([(row.sort, row.subject_id) for row in done], who)
    shown = []
    for row in done:
        title, link = words.get((row.sort, row.subject_id), ("", None))
        shown.append({"title": title, "url": address(link), "sort": SORT_NAMES[row.sort], **_answer(row)})
    return shown


def _review(task: Any) -> dict[str, Any]:
    return {
        "title": task.review.title,
        "url": url_for("reviews.show", task_id=task.id),
        "due_at": task.due_at,
        "opened_at": task.opened_at,
    }


def successors(one: Leaving) -> list[tuple[int, str]]:
    """Who can be chosen: the leaver's team first, then everybody else who is active."""
    return _people(list(session.scalars(queries.people(active=True))), one)


def _people(users: list[User], one: Leaving) -> list[tuple[int, str]]:
    own = one.user.team_id
    rows = [user for user in users if user.id != one.user_id]
    rows.sort(key=lambda user: user.team_id != own or own is None)
    return [(user.id, f"{user.name} · {user.team.name}" if user.team else user.name) for user in rows]


def interview_of(one: Leaving) -> dict[str, Any] | None:
    """How far the interview is."""
    task = one.interview
    if task is None:
        return None
    asked = interviews.questions(one)
    person = task.taken_by or task.user
    return {
        "url": url_for("leaving.interview", leaving_id=one.id),
        "with": person.name if person else "",
        "with_id": person.id if person else "",
        "due_on": task.due_on,
        "state": task.state.value,
        "word": TASK_STATES[task.state],
        "live": task.state in LIVE,
        "answered": sum(1 for row in asked if row.answer),
        "asked": len(asked),
    }


def waiting_rows(rows: list[Handover], who: Actor) -> list[dict[str, Any]]:
    """What somebody is asked to take over, by leaver."""
    words = words_for([(row.sort, row.subject_id) for row in rows], who)
    groups: dict[int, dict[str, Any]] = {}
    for row in rows:
        title, link = words.get((row.sort, row.subject_id), (_("It is not there any more"), None))
        group = groups.setdefault(
            row.leaving_id,
            {"id": row.leaving_id, "name": row.leaving.user.name, "last_day": row.leaving.last_day, "rows": []},
        )
        group["rows"].append({"id": row.id, "title": title, "url": address(link), "sort": SORT_NAMES[row.sort]})
    return list(groups.values())
