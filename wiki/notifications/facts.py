"""What a notice says of its event: plain values for ``params``, never sentences – words are put around them when read.

Each function answers a ``Fact``: the thing the notice is about, the address it leads to, when it happened, the values.
``None``: the thing is gone, or nothing is to be said any more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app

from accounts.models import Absence, User
from core.db import session
from wiki.articles.models import Article, ProvisionalPublication, Revision, Submission, SubmissionState
from wiki.feedback.flag_models import Flag
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.dealing_models import CardAnswer, CardAppeal
from wiki.notifications.rules import shortened
from wiki.search.gap_models import WritingTask
from wiki.training.models import Course
from wiki.training.practice_models import TaskReport
from workflows.models import Decision, ExpertRequest, Remark, Review, Task
from workflows.rules import Verb


@dataclass(frozen=True, slots=True)
class Fact:
    """About what, where, when, and the values."""

    subject_kind: str
    subject_id: int
    url: str
    at: datetime
    params: dict[str, Any]


def path_to(endpoint: str, **values: Any) -> str:
    """The path of a page; works without a request, as in the worker."""
    return str(current_app.url_map.bind("localhost").build(endpoint, values))


def name_of(user_id: int | None) -> str:
    """The name of a person; empty for nobody."""
    return (session.scalar(sa.select(User.name).where(User.id == user_id)) if user_id is not None else None) or ""


def _of_review(review: Review, **more: Any) -> dict[str, Any]:
    rows = session.execute(sa.select(User.id, User.name).where(User.id.in_(review.author_ids)))
    names = dict(iter(rows))
    return {
        "title": review.title,
        "kind": review.topic,
        "authors": [names.get(user_id, "") for user_id in review.author_ids],
        **{name: value for name, value in more.items() if value not in (None, "")},
    }


def _stage(review: Review, key: str | None) -> dict[str, Any]:
    """The stage's key and, if it was given one, its name."""
    if key is None:
        return {}
    name = next((getattr(stage, "name", "") for stage in review.definition.stages if stage.key == key), "")
    return {"stage": key, **({"stage_name": name} if name else {})}


def _track(review: Review) -> tuple[str, int, str]:
    """Subject and address of where authors follow it."""
    return review.subject_kind, review.subject_id, path_to("submissions.show", submission_id=review.subject_id)


def task(event: Any) -> Fact | None:
    """A task and its page: these notices say 'do something'."""
    found = session.get(Task, event.task_id)
    if found is None:
        return None
    asked = session.get(ExpertRequest, event.request_id) if hasattr(event, "request_id") else None
    by = getattr(event, "by_id", None) or getattr(event, "asked_by_id", None)
    params = _of_review(
        found.review,
        due_at=found.due_at.isoformat() if found.due_at else None,
        hours=getattr(event, "hours", None),
        who=name_of(by),
        note=shortened(asked.question) if asked else None,
        **_stage(found.review, found.stage),
    )
    url = path_to("reviews.show", task_id=found.id)
    if asked is not None:
        url = path_to("reviews.question", request_id=asked.id)
    return Fact("task", found.id, url, getattr(event, "at", found.opened_at), params)


def taken(event: Any) -> Fact | None:
    """A task that somebody else has now: there is nothing to do about it."""
    found = session.get(Task, event.task_id)
    if found is None:
        return None
    whom = {"who": name_of(event.by_id), "to": name_of(event.to_id), **_stage(found.review, found.stage)}
    return Fact(*_track(found.review), event.at, _of_review(found.review, **whom))


def answered(event: Any) -> Fact | None:
    """An expert's answer, on the page of the task."""
    found, asked = session.get(Task, event.task_id), session.get(ExpertRequest, event.request_id)
    if found is None or asked is None:
        return None
    params = _of_review(found.review, who=asked.name or name_of(asked.user_id), note=shortened(asked.answer))
    kind, key, _url = _track(found.review)
    return Fact(kind, key, path_to("reviews.show", task_id=found.id), event.at, params)


def move(event: Any) -> Fact | None:
    """A review that moved: where it is now, who did it, and what they said."""
    review = session.get(Review, event.review_id)
    if review is None:
        return None
    given = _verdict(event)
    params = _of_review(
        review,
        who=name_of(event.actor_id),
        note=said_in(given) if given else None,
        reason=given.reason.value if given and given.reason else None,
        **_stage(review, event.after.stage),
    )
    return Fact(*_track(review), event.at, params)


def _verdict(event: Any) -> Decision | None:
    """The verdict that sent it back or rejected it."""
    if event.verb not in {Verb.SEND_BACK, Verb.REJECT}:
        return None
    return session.scalar(
        sa.select(Decision)
        .where(Decision.review_id == event.review_id, Decision.actor_id == event.actor_id, Decision.verb == event.verb)
        .order_by(Decision.id.desc())
        .limit(1)
    )


def said_in(decision: Decision) -> str | None:
    """What somebody said with a decision, shortened; where there are only remarks on passages, the first of them."""
    passage = sa.select(Remark.text).where(Remark.decision_id == decision.id).order_by(Remark.id).limit(1)
    note = decision.note or session.scalar(passage)
    return shortened(note) if note else None


def remark(event: Any) -> Fact | None:
    """Something that was said without a verdict."""
    review, decision = session.get(Review, event.review_id), session.get(Decision, event.decision_id)
    if review is None or decision is None:
        return None
    params = _of_review(review, who=name_of(event.actor_id), note=said_in(decision))
    return Fact(*_track(review), event.at, params)


def resolved(event: Any) -> Fact | None:
    """A remark on a passage that was answered."""
    review, found = session.get(Review, event.review_id), session.get(Remark, event.remark_id)
    if review is None or found is None or found.resolved_at is None:
        return None  # the answer was taken back
    params = _of_review(review, who=name_of(event.actor_id), note=shortened(found.answer or found.text))
    return Fact(*_track(review), event.at, params)


def text(event: Any) -> Fact | None:
    """A submission whose text was changed under review."""
    submission, revision = session.get(Submission, event.submission_id), session.get(Revision, event.revision_id)
    if submission is None or revision is None:
        return None
    params = {"title": revision.title, "kind": submission.kind, "who": name_of(event.author_id)}
    url = path_to("submissions.show", submission_id=submission.id)
    return Fact("submission", submission.id, url, event.at, params)


def provisional(event: Any) -> Fact | None:
    """A text that readers see, or were to see, before its review has ended."""
    told = getattr(event, "publication", event)
    submission, row = (
        session.get(Submission, told.submission_id),
        session.get(ProvisionalPublication, event.provisional_id),
    )
    if submission is None or submission.head is None or row is None:
        return None
    until = getattr(event, "until", None) or getattr(event, "deadline", None)
    params = {
        "title": getattr(event, "title", "") or submission.head.title,
        "kind": submission.kind,
        "who": name_of(row.asked_by_id),
        "note": shortened(row.reason),
        **({"due_at": until.isoformat()} if until else {}),
        **({"because": event.because} if hasattr(event, "because") else {}),
    }
    url = path_to("submissions.show", submission_id=submission.id)
    return Fact("submission", submission.id, url, told.at, params)


def article(event: Any) -> Fact | None:
    """An article that readers see, or saw."""
    found = session.get(Article, event.article_id)
    if found is None:
        return None
    due = found.revision.fields.get("acknowledge_by") if found.revision else None
    params = {"title": found.title, "kind": found.kind, **({"due_at": due} if due else {})}
    return Fact("article", found.id, path_to("articles.show", slug=found.slug), event.at, params)


def must_read(event: Any) -> Fact | None:
    """An article that is to be confirmed, and until when."""
    found = session.get(Article, event.article_id)
    if found is None or not found.live:
        return None
    who = name_of(getattr(event, "actor_id", None))
    params = {
        "title": found.title,
        "kind": found.kind,
        "due_at": event.due_at.isoformat(),
        **({"who": who} if who else {}),
    }
    return Fact("article", found.id, path_to("articles.show", slug=found.slug), event.at, params)


def not_confirmed(event: Any) -> Fact | None:
    """The same for a supervisor: the names of those who have not, and the way to the list."""
    fact = must_read(event)
    found = session.get(Article, event.article_id)
    if fact is None or found is None:
        return None
    names = list(session.scalars(sa.select(User.name).where(User.id.in_(event.user_ids)).order_by(User.name).limit(10)))
    params = {**fact.params, "authors": names, "count": len(event.user_ids)}
    return Fact("article", found.id, path_to("training.chase", slug=found.slug), event.at, params)


def published(event: Any) -> Fact | None:
    """A review that approved its text, unless that waits for its day."""
    submission = session.get(Submission, event.subject_id) if event.subject_kind == "submission" else None
    waits = submission is not None and submission.state is SubmissionState.APPROVED
    return None if waits else move(event)


def planned(event: Any) -> Fact | None:
    """An approved text that waits for its day."""
    found = session.get(Submission, event.submission_id)
    if found is None or found.head is None or found.state is not SubmissionState.APPROVED:
        return None
    params = {"title": found.head.title, "kind": found.kind, "until": event.publish_at.isoformat()}
    url = path_to("submissions.show", submission_id=found.id)
    return Fact("submission", found.id, url, event.at, params)


def keeping(event: Any) -> Fact | None:
    """A published text that its keeper is to look at, and by when."""
    found = session.get(Article, event.article_id)
    if found is None:
        return None
    until = getattr(event, "due_at", None) or event.expires_at
    params = {"title": found.title, "kind": found.kind, "until": until.isoformat()}
    return Fact("article", found.id, path_to("lifecycle.show", slug=found.slug), event.at, params)


def flag(event: Any) -> Fact | None:
    """A reader's flag, and what was said last about it."""
    found = session.get(Flag, event.flag_id)
    if found is None:
        return None
    note = found.notes[-1].text if found.notes else found.comment
    params = {
        "title": found.article.title,
        "kind": found.article.kind,
        "who": name_of(getattr(event, "actor_id", None) or found.reporter_id),
        "note": shortened(note),
        "due_at": found.due_at.isoformat(),
    }
    return Fact("article", found.article_id, path_to("flags.show", flag_id=found.id), event.at, params)


def writing(event: Any) -> Fact | None:
    """A text that is asked for; the question stands for its title."""
    found = session.get(WritingTask, event.task_id)
    if found is None:
        return None
    params = {
        "title": found.question,
        "kind": found.kind,
        "who": name_of(found.asked_by_id),
        "due_on": found.due_on.isoformat(),
        "note": shortened(found.answer or found.note),
    }
    return Fact("writing_task", found.id, path_to("writing.show", task_id=found.id), event.at, params)


def appeal(event: Any) -> Fact | None:
    """An appeal against a card, and what was said last about it."""
    found = session.get(CardAppeal, event.appeal_id)
    if found is None:
        return None
    answer = session.scalar(sa.select(CardAnswer).where(CardAnswer.appeal_id == found.id))
    params = {"who": name_of(event.actor_id), "note": shortened(answer.text if answer else found.text)}
    return Fact("card_appeal", found.id, path_to("kpi.show_appeal", appeal_id=found.id), event.at, params)


def fallen(event: Any) -> Fact | None:
    """Texts without an owner, and whose they were."""
    params = {"who": name_of(event.user_id), "count": event.count}
    return Fact("user", event.user_id, path_to("lifecycle.index", view="ownerless"), event.at, params)


def course(event: Any) -> Fact | None:
    """A course."""
    found = session.get(Course, event.course_id)
    if found is None:
        return None
    due = getattr(event, "due_on", None)
    who = name_of(getattr(event, "actor_id", None))
    params = {"title": found.title, **({"due_on": due.isoformat()} if due else {}), **({"who": who} if who else {})}
    return Fact("course", found.id, path_to("training.course", slug=found.slug), event.at, params)


def course_task(event: Any) -> Fact | None:
    """A task of a course: who says that it is done, or who looked at it and what they wrote."""
    found = session.get(TaskReport, event.report_id)
    if found is None:
        return None
    params = {"title": found.task.title, "who": name_of(getattr(event, "actor_id", None) or event.user_id)}
    if not hasattr(event, "verdict"):
        return Fact("course", event.course_id, path_to("training.sign_offs"), found.at, params)
    url = path_to("training.course", slug=found.task.course.slug)
    return Fact("course", event.course_id, url, found.judged_at or found.at, {**params, "note": shortened(found.word)})


def action(event: Any) -> Fact | None:
    """An action on a figure that missed its target."""
    found = session.get(KpiAction, event.action_id)
    if found is None:
        return None
    params = {
        "title": shortened(found.what),
        "who": name_of(getattr(event, "actor_id", None)),
        "due_on": found.due_on.isoformat(),
        **({"note": shortened(found.result)} if found.result else {}),
    }
    return Fact("kpi_action", found.id, path_to("cuika.action", action_id=found.id), event.at, params)


def absence(event: Any) -> Fact | None:
    """Who is away, and until when."""
    found = session.get(Absence, event.absence_id)
    if found is None or found.is_over(event.at) or not found.is_on(event.at):
        return None
    params = {"who": name_of(found.user_id), "until": found.ends_at.isoformat()}
    return Fact("user", found.user_id, path_to("reviews.inbox"), event.at, params)
