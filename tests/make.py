"""Things for tests, made in the fewest words: ``make.user('qa', team='billing')``.

Inside ``db`` (or any ``writing()`` block) a thing belongs to that transaction; outside, it is committed at once. Extend
the class with one method per thing; take what is needed by keyword and invent the rest.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import sqlalchemy as sa

from accounts import passwords
from accounts.events import PersonMoved
from accounts.identity import new_token, token_hash
from accounts.models import ApiToken, Site, Team, Tier, User, UserRole
from accounts.people import actor_of
from accounts.rules import Role
from core import clock
from core.actors import Actor
from core.db import has_session, session, writing
from core.events import emit
from tests.clients import PASSWORD
from wiki.articles import ops as writing_ops
from wiki.articles.content import Content
from wiki.articles.models import Article, Submission
from workflows import deciding
from workflows.definitions import Applies, Definition, pipeline
from workflows.models import Pipeline, Task
from workflows.rules import TaskState, Verb

TEXTS: dict[str, dict[str, Any]] = {
    "script": {"scenario": "客户对账单有疑问", "say": "我马上为您逐项核对。"},
    "best_practice": {"situation": "客户反复来电", "action": "先复述,再核对。"},
    "faq": {"question": "套餐什么时候生效?", "answer": "次月一日零点生效。"},
    "sop": {"process_no": "CS-1", "effective_on": "2026-11-01", "steps": [{"id": "1", "text": "核对身份", "next": []}]},
    "notice": {"effective_from": "2026-11-20T00:00+08:00"},
    "product": {"department_text": "资费说明", "customer_text": "每月多十元,多两倍流量。"},
    "block": {},
}


@contextmanager
def somewhere() -> Iterator[None]:
    """The transaction that is open, else one of its own."""
    if has_session():
        yield
        session.flush()
    else:
        with writing():
            yield


class Make:
    """One per test."""

    _hash: ClassVar[dict[str, str]] = {}

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def number(self) -> int:
        """A number not used before in this test."""
        return next(self._numbers)

    def site(
        self,
        slug: str = "wuhan",
        *,
        name: str | None = None,
        timezone: str = "Asia/Shanghai",
    ) -> Site:
        """The site of this slug, made when it is not there."""
        return self._named(Site, slug, name=name or slug, timezone=timezone)

    def tier(self, slug: str = "first", *, name: str | None = None, position: int = 1) -> Tier:
        """The tier of this slug, made when it is not there."""
        return self._named(Tier, slug, name=name or slug, position=position)

    def team(self, slug: str = "billing", *, name: str | None = None, site: str | None = None) -> Team:
        """The team of this slug, made when it is not there."""
        with somewhere():
            place = self.site(site) if site else None
            return self._named(Team, slug, name=name or slug, site_id=place.id if place else None)

    def user(
        self,
        *roles: str,
        username: str | None = None,
        name: str | None = None,
        team: str | None = None,
        tier: str | None = None,
        password: str | None = PASSWORD,
        locale: str | None = "en",
        active: bool = True,
    ) -> User:
        """A person holding the roles (none: ``rep``), in the team of this slug."""
        with somewhere():
            number = self.number()
            user = User(
                username=username or f"{roles[0] if roles else 'rep'}{number}",
                name=name or f"Person {number}",
                password_hash=self._hashed(password) if password else None,
                locale=locale,
                team=self.team(team) if team else None,
                tier=self.tier(tier) if tier else None,
                active=active,
                created_at=clock.now(),
                role_rows=[UserRole(role=Role(role)) for role in roles or ("rep",)],
            )
            session.add(user)
            session.flush()
            emit(PersonMoved(user.id, clock.now()))
            return user

    def actor(self, *roles: str, **about: Any) -> Actor:
        """The same as the actor that operations take."""
        return actor_of(self.user(*roles, **about))

    def token(self, user: User, *, scopes: list[str] | None = None) -> str:
        """A bearer token of this user."""
        token = new_token()
        with somewhere():
            session.add(
                ApiToken(
                    token_hash=token_hash(token),
                    user_id=user.id,
                    scopes=scopes,
                    created_at=clock.now(),
                )
            )
        return token

    def _hashed(self, password: str) -> str:
        if password not in self._hash:
            self._hash[password] = passwords.hashed(password)
        return self._hash[password]

    def _named(self, kind: Any, slug: str, **about: Any) -> Any:
        with somewhere():
            found = session.scalar(sa.select(kind).where(kind.slug == slug))
            if found is None:
                found = kind(slug=slug, **about)
                session.add(found)
                session.flush()
            return found

    def pipeline(self, *roles: str, topic: str = "faq", definition: Definition | None = None) -> Definition:
        """New reviews of this topic are judged this way from now on."""
        with somewhere():
            chosen = definition or pipeline(*roles)
            chosen = chosen.model_copy(update={"applies": Applies(topics=(topic,))})
            last = session.scalar(sa.select(sa.func.max(Pipeline.version)).where(Pipeline.key == topic)) or 0
            session.execute(sa.update(Pipeline).where(Pipeline.key == topic).values(active=False))
            document = chosen.model_dump(mode="json")
            session.add(Pipeline(key=topic, version=last + 1, document=document, created_at=clock.now()))
            session.flush()
            return chosen

    def content(self, kind: str = "faq", **changed: Any) -> Content:
        """A complete text of a kind; ``fields`` are added to those it needs."""
        fields = {**TEXTS[kind], **changed.pop("fields", {})}
        if kind == "sop" and fields["process_no"] == "CS-1":
            fields["process_no"] = f"CS-{self.number()}"
        given: dict[str, Any] = {"title": f"知识 {self.number()}", "body": "先安抚,再核对。", **changed}
        return Content(**given, fields=fields)

    def submission(
        self,
        author: Actor | None = None,
        kind: str = "faq",
        *,
        article: str | None = None,
        submitted: bool = True,
        significance: str = "major",
        **content: Any,
    ) -> Submission:
        """A proposal, handed in unless told otherwise."""
        with somewhere():
            author = author or self.actor("rep")
            made = writing_ops.propose(
                author, kind, self.content(kind, **content), article_slug=article, significance=significance
            )
            if submitted:
                writing_ops.submit(made, author)
            return made

    def tasks(self, submission: Submission, *, opened: bool = True) -> list[Task]:
        """The tasks of a submission's reviews, oldest first; only the open ones unless told otherwise."""
        found = sa.select(Task).where(Task.review.has(subject_kind="submission", subject_id=submission.id))
        return list(session.scalars((found.where(Task.state == TaskState.OPEN) if opened else found).order_by(Task.id)))

    def task(self, submission: Submission, seat: str | None = None) -> Task:
        """The one open task (of this seat)."""
        (found,) = [task for task in self.tasks(submission) if seat is None or task.seat == seat]
        return found

    def decide(
        self, submission: Submission, actor: Actor, verb: str = "approve", *, seat: str | None = None, **about: Any
    ) -> Any:
        """This person decides the open task having just looked at it."""
        with somewhere():
            task = self.task(submission, seat)
            return deciding.decide(
                task.id, actor, Verb(verb), seen=task.version, **({"note": "Please mend it."} | about)
            )

    def approved(self, submission: Submission, *, until: str | None = None) -> Submission:
        """Somebody new of the right role approves each open task, to the end or until the stage named ``until``."""
        with somewhere():
            while tasks := [task for task in self.tasks(submission) if task.stage != until]:
                deciding.decide(tasks[0].id, self.actor(tasks[0].role), Verb.APPROVE, seen=tasks[0].version)
            return submission

    def article(self, author: Actor | None = None, kind: str = "faq", **about: Any) -> Article:
        """A published article (or, with ``article=slug``, its next version)."""
        with somewhere():
            made = self.approved(self.submission(author, kind, **about))
            return session.get_one(Article, made.article_id)
