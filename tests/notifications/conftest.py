"""People of a small centre, and ``heard()``: who was told what since it was asked last."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from core import outbox
from core.actors import Actor
from core.db import reading, session, writing
from tests.make import Make
from wiki.notifications import smtp
from wiki.notifications.models import MailEntry, NoticeChoice, NoticeEntry
from wiki.notifications.rules import Group, Mail

Heard = dict[str, set[str]]


class Centre:
    """Two of each role: the author's team is ``billing``, and so is the first supervisor's."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.users: dict[str, User] = {}
        for name, role, team in (
            ("ann", "rep", "billing"),
            ("bob", "rep", "billing"),
            ("biz1", "business", None),
            ("biz2", "business", None),
            ("qa1", "qa", None),
            ("qa2", "qa", None),
            ("sup1", "supervisor", "billing"),
            ("sup2", "supervisor", "faults"),
            ("boss", "manager", None),
        ):
            self.users[name] = make.user(role, username=name, name=name.title(), team=team, tier=None)
        make.pipeline("business", "qa", "supervisor", topic="faq")
        with writing():  # who judges here wants to know at once what waits; the table recommends the digest
            session.add_all(
                NoticeChoice(user_id=self.users[name].id, topic=Group.WAITS, mail=Mail.AT_ONCE)
                for name in ("biz1", "biz2", "qa1", "qa2", "sup1", "sup2")
            )
        self._seen = 0

    def __getitem__(self, name: str) -> Actor:
        with reading():
            return actor_of(session.get_one(User, self.users[name].id))

    def heard(self) -> Heard:
        """Keep every promise; then who was told what since the last time, by username."""
        outbox.drain()
        with reading():
            rows = session.execute(
                sa.select(NoticeEntry.id, User.username, NoticeEntry.code)
                .join(User, User.id == NoticeEntry.user_id)
                .where(NoticeEntry.id > self._seen)
                .order_by(NoticeEntry.id)
            ).all()
        found: Heard = {}
        for key, name, code in rows:
            found.setdefault(name, set()).add(code)
            self._seen = key
        return found

    def entries(self, name: str) -> list[NoticeEntry]:
        """A person's notices, the oldest first."""
        with reading():
            mine = sa.select(NoticeEntry).where(NoticeEntry.user_id == self.users[name].id).order_by(NoticeEntry.id)
            return list(session.scalars(mine))

    def mails(self, name: str | None = None) -> list[MailEntry]:
        """The mails there are, the oldest first."""
        with reading():
            found = sa.select(MailEntry).order_by(MailEntry.id)
            if name is not None:
                found = found.where(MailEntry.user_id == self.users[name].id)
            return list(session.scalars(found))


@pytest.fixture
def centre(app, make: Make) -> Centre:
    return Centre(make)


@pytest.fixture
def heard(centre: Centre) -> Callable[[], Heard]:
    return centre.heard


@pytest.fixture(autouse=True)
def _no_grudge() -> Iterator[None]:
    """A mail server of another test that did not answer is forgiven."""
    smtp._silent.clear()
    yield
    smtp._silent.clear()
