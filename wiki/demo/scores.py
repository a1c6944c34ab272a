"""What a manager and authors do about points: a rule that is to change, shares set by hand, and a text in slices."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock
from core.actors import Actor
from core.db import session
from core.i18n import choose_zone
from wiki.articles import ops, publishing
from wiki.articles.content import Content
from wiki.articles.models import Submission, SubmissionState
from wiki.demo.plan import Do, Plan, World
from wiki.scoring import findings, ruling
from wiki.scoring.models import ScoringRule
from wiki.scoring.sharing import answer, set_shares
from workflows import deciding
from workflows.models import Task
from workflows.queries import eligible_for, open_review, open_tasks
from workflows.rules import Verb

MANAGER = "gaoyuan"


def plan_scores(plan: Plan) -> None:
    """Three weeks ago somebody handed one answer in three times; one is retired as a duplicate, one is to be seen."""
    told, now = plan.library.scores, plan.present.now
    titles = [one["title"] for one in told["slices"]]
    for number, one in enumerate(told["slices"]):
        text = f"{one['before']}{told['answer']}{one['after']}"
        plan.at(now - timedelta(days=21 - 2 * number), _accepting(told["slicer"], one["title"], text))
    plan.at(now - timedelta(days=9), lambda world: _retire(world, titles[2], titles[0], told["retired"]))
    plan.at(now - timedelta(days=2), lambda world: _change(world, told["rule"]))
    plan.at(now - timedelta(minutes=50), lambda world: _agree(world, told["shares"]))
    plan.at(now - timedelta(minutes=5), lambda _world: findings.look())


def _accepting(username: str, title: str, text: str) -> Do:
    return lambda world: _accepted(world, world.actors[username], title, text)


def _accepted(world: World, author: Actor, title: str, text: str) -> None:
    made = ops.propose(author, "faq", Content(title=title, body="", fields={"question": title, "answer": text}))
    ops.submit(made, author)
    people = {actor.id: actor for actor in world.actors.values()}
    while (review := open_review("submission", made.id)) is not None and (tasks := open_tasks([review.id])):
        task: Task = tasks[0]
        somebody = next(user for user in eligible_for(task) if user.id in people and user.id != author.id)
        deciding.decide(task.id, people[somebody.id], Verb.APPROVE, seen=task.version)
    session.refresh(made)
    assert made.article is not None
    world.articles[title] = made.article


def _retire(world: World, twin: str, first: str, reason: str) -> None:
    publishing.retire(world.articles[twin], world.actors[MANAGER], reason=reason, duplicate_of=world.articles[first])


def _change(world: World, told: dict[str, str]) -> None:
    """From the first of next month on a use pays more: what helps counts, not how much is written."""
    old = session.scalars(
        sa.select(ScoringRule).where(ScoringRule.code == told["code"]).order_by(ScoringRule.valid_from.desc()).limit(1)
    ).one()
    terms = ruling.Terms(Decimal(told["points"]), old.quality, old.split, old.cap_per_day, old.cap_per_month)
    today: date = clock.today(choose_zone())
    since = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    ruling.change_rule(told["code"], terms, since=since, actor=world.actors[MANAGER], reason=told["reason"])


def _agree(world: World, told: dict[str, Any]) -> None:
    """The authors of a text under review have agreed."""
    for found in world.submissions.values():
        submission = session.get(Submission, found.id)
        if submission is not None and submission.state is SubmissionState.IN_REVIEW and len(submission.author_ids) == 2:
            by = next(actor for actor in world.actors.values() if actor.id == submission.author_ids[0])
            parts = dict(zip(submission.author_ids, told["percent"], strict=True))
            row = set_shares(submission, by, parts, reason=told["reason"])
            other = next(actor for actor in world.actors.values() if actor.id == submission.author_ids[1])
            answer(submission, other, row.id, agrees=True)
            return
