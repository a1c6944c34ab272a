"""A small story for tests of what is earned: an article goes through its pipeline by operations."""

from decimal import Decimal
from typing import Any

from accounts.models import User
from accounts.people import actor_of
from core.db import session
from tests.make import Make
from wiki.articles import ops as writing_ops
from wiki.articles.content import Content
from wiki.articles.models import Article, Submission
from wiki.scoring.queries import Filter, sums
from wiki.scoring.rules import Unit
from workflows import deciding
from workflows.queries import open_review, open_tasks
from workflows.rules import Verb

FIELDS: dict[str, dict[str, Any]] = {
    "script": {"scenario": "客户问账单", "say": "我马上为您核对。"},
    "product": {"department_text": "条款", "customer_text": "说明"},
    "faq": {"question": "怎么查话费?", "answer": "发送短信。"},
}


def submitted(author: User, *, kind: str = "product", title: str = "漫游套餐", **change: Any) -> Submission:
    """A submission on its first desk."""
    actor = actor_of(author)
    content = Content(title=title, body=f"正文 {title}", fields=FIELDS[kind])
    made = writing_ops.propose(actor, kind, content, **change)
    writing_ops.submit(made, actor)
    return made


def approved(made: Submission, reviewers: dict[str, User]) -> Article:
    """Every seat approves; readers see it."""
    while (review := open_review("submission", made.id)) is not None and (tasks := open_tasks([review.id])):
        for task in tasks:
            deciding.decide(task.id, actor_of(reviewers[task.role]), Verb.APPROVE, seen=task.version)
    session.refresh(made)
    assert made.article is not None
    return made.article


def desk(make: Make) -> dict[str, User]:
    """One reviewer for each seat."""
    return {role: make.user(role) for role in ("business", "qa", "training", "supervisor")}


def points(user: User) -> Decimal:
    """What somebody has in all."""
    return sums(Filter(user_id=user.id))[Unit.POINTS]
