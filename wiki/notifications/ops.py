"""What people do with their notices: read them, and choose what comes by mail."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from core import clock, outbox
from core.actors import Actor
from core.audit import record
from core.chores import chore
from core.db import session
from core.errors import Invalid
from core.i18n import _
from wiki.notifications.models import DigestTime, MailEntry, NoticeChoice, NoticeEntry
from wiki.notifications.permissions import mine
from wiki.notifications.queries import forgettable, waits_for_digest
from wiki.notifications.rules import KEEP_READ, Group, Mail, Rhythm
from wiki.notifications.table import ROWS

MAILS = "mails"  # the topic of the outbox


def read(actor: Actor, ids: Sequence[int] | None = None, *, at: datetime | None = None) -> None:
    """These notices of the person (``None``: all) are read afterwards; somebody else's stay as they are."""
    mark(actor.id, ids, at or clock.now())


def mark(user_id: int, ids: Sequence[int] | None, at: datetime) -> None:
    """The same, for what a page remembered until later (``wiring``)."""
    found = sa.update(NoticeEntry).where(NoticeEntry.user_id == user_id, NoticeEntry.read_at.is_(None))
    if ids is not None:
        found = found.where(NoticeEntry.id.in_(ids))
    session.execute(found.values(read_at=at), execution_options={"synchronize_session": False})


def choose(actor: Actor, mails: Mapping[str, str], *, rhythm: str, hour: int) -> None:
    """What the person wants by mail of each group (an empty text: as recommended), and when the digest comes.

    What waited for a digest and is unwanted now is not mailed any more.

    Raises:
        Invalid: with the field.
    """
    wanted = {Group(group): _mail(group, text) for group, text in mails.items() if group in set(Group)}
    if rhythm not in set(Rhythm):
        raise Invalid({"rhythm": _("The digest comes daily or hourly.")})
    if not 0 <= hour <= 23:
        raise Invalid({"hour": _("An hour is a number from 0 to 23.")})
    for group, mail in wanted.items():
        row = session.get(NoticeChoice, (actor.id, group))
        if mail is None:
            if row is not None:
                session.delete(row)
        elif row is None:
            session.add(NoticeChoice(user_id=actor.id, topic=group, mail=mail))
        else:
            row.mail = mail
        if mail is Mail.OFF:
            _forget(actor, group)
    session.merge(DigestTime(user_id=actor.id, rhythm=Rhythm(rhythm), hour=hour))
    session.flush()


def _mail(group: str, text: str) -> Mail | None:
    if text and text not in set(Mail):
        raise Invalid({group: _("Choose: at once, in the digest, or no mail.")})
    return Mail(text) if text else None


def _forget(actor: Actor, group: Group) -> None:
    codes = [row.code for row in ROWS.values() if row.group is group]
    found = sa.update(NoticeEntry).where(mine(actor), waits_for_digest(), NoticeEntry.code.in_(codes))
    session.execute(found.values(way=Mail.OFF), execution_options={"synchronize_session": False})


def given_up() -> int:
    """How many mails were given up after many tries."""
    return len(_given_up())


def _given_up() -> list[outbox.OutboxJob]:
    return list(session.scalars(outbox.parked().where(outbox.OutboxJob.topic == MAILS)))


def send_again(actor: Actor) -> int:
    """Mails that were given up get their tries again; returns how many."""
    jobs = _given_up()
    for job in jobs:
        outbox.retry(job.id)
    if jobs:
        record(actor, "retry", subject_kind="job", subject_id=jobs[0].id, details={"jobs": len(jobs)})
    return len(jobs)


@chore(every=3600)
def forget_what_is_old() -> None:
    """What was read three months ago goes, and so do mails of that age: neither is a record of anything."""
    session.execute(sa.delete(NoticeEntry).where(forgettable()), execution_options={"synchronize_session": False})
    old = sa.delete(MailEntry).where(MailEntry.created_at < clock.now() - KEEP_READ)
    session.execute(old, execution_options={"synchronize_session": False})
