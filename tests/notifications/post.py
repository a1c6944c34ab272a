"""What the tests of mail share."""

from datetime import UTC, datetime

import sqlalchemy as sa

from accounts.models import User
from core import outbox
from core.db import reading, session, writing
from core.outbox import OutboxJob
from tests.support.smtp import MailServer
from wiki.notifications import smtp
from wiki.notifications.ops import MAILS

BASE = "https://spiral.example"


def use(app, server: MailServer | None, **about) -> None:
    """This application sends through the server, and everybody has an address."""
    url = about.pop("smtp_url", server.url if server else "")
    app.config["SPIRAL"] = app.config["SPIRAL"].model_copy(update={"smtp_url": url, "base_url": BASE, **about})
    with writing():
        for user in session.scalars(sa.select(User)):
            user.email = f"{user.username}@example.com"


def submit(centre, **about):
    made = centre.make.submission(centre["ann"], **({"title": "Fees"} | about))
    outbox.drain()
    return made


def jobs() -> list[OutboxJob]:
    with reading():
        return list(session.scalars(sa.select(OutboxJob).where(OutboxJob.topic == MAILS).order_by(OutboxJob.id)))


def due_again() -> None:
    """Failed jobs need not wait, and the server is forgiven."""
    smtp._silent.clear()
    with writing():
        session.execute(sa.update(OutboxJob).values(available_at=datetime(2020, 1, 1, tzinfo=UTC)))
    outbox.drain()
