"""Which mail comes when: choices, digests, what is read meanwhile, and the pure rules of both."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from core import outbox
from core.db import reading, session, writing
from tests.notifications.post import due_again, jobs, submit, use
from tests.support.smtp import MailServer
from wiki.notifications import mailing, ops
from wiki.notifications.models import MailEntry
from wiki.notifications.rules import Mail, Rhythm, is_old_news, last_bell, way

# ── choices and digests ──────────────────────────────────────────────────────────────────────────────────────────────


def choose(centre, name, rhythm="daily", hour=8, **mails):
    with writing():
        ops.choose(centre[name], mails, rhythm=rhythm, hour=hour)


def ring() -> None:
    with writing():
        mailing.ring_the_bells()
    outbox.drain()


@pytest.mark.both_databases
def test_a_daily_digest_comes_at_the_chosen_hour_with_what_was_not_read(clock, centre):
    choose(centre, "biz1", hour=18, waits="digest")  # it is nine in the morning in Shanghai
    submit(centre, title="Fees")
    submit(centre, title="Bills")
    submit(centre, title="Cards")
    first = centre.entries("biz1")[0]
    with writing():
        ops.read(centre["biz1"], [first.id])
    ring()
    clock.advance(hours=8, minutes=59)
    ring()
    assert centre.mails("biz1") == []
    clock.advance(minutes=1)
    ring()
    ring()
    (digest,) = centre.mails("biz1")
    assert digest.subject == "Spiral: 2 notices for you"
    assert "Waits for me" in digest.body
    assert "«Bills» waits for you" in digest.body
    assert "«Cards» waits for you" in digest.body
    assert "«Fees»" not in digest.body
    clock.advance(days=1)
    ring()
    assert len(centre.mails("biz1")) == 1, "nothing new, no mail"


@pytest.mark.both_databases
def test_an_hourly_digest(clock, centre):
    choose(centre, "biz1", rhythm="hourly", waits="digest")
    submit(centre)
    clock.advance(minutes=59)
    ring()
    assert centre.mails("biz1") == []
    clock.advance(minutes=1)
    ring()
    assert [mail.subject for mail in centre.mails("biz1")] == ["Spiral: 1 notice for you"]


def test_a_digest_that_could_not_be_sent_is_promised_once_and_goes_later(app, clock, centre):
    choose(centre, "biz1", rhythm="hourly", waits="digest")
    with MailServer() as server:
        gone = server.url
    use(app, None, smtp_url=gone)
    submit(centre)
    clock.advance(hours=1)
    for _minute in range(3):
        with writing():
            mailing.ring_the_bells()
    assert len([job for job in jobs() if job.key.startswith("digest")]) == 1
    outbox.drain()
    with MailServer() as server:
        use(app, server)
        due_again()
        assert [one.recipients for one in server.mails].count(["biz1@example.com"]) == 1


@pytest.mark.both_databases
def test_no_mail_means_none_but_the_list_has_it(centre):
    choose(centre, "biz1", waits="off")
    submit(centre)
    assert centre.mails("biz1") == []
    assert [one.code for one in centre.entries("biz1")] == ["task_opened"]


def test_what_is_switched_off_leaves_the_digest_that_it_waited_for(clock, centre):
    choose(centre, "biz1", waits="digest")
    submit(centre)
    choose(centre, "biz1", waits="off")
    clock.advance(days=2)
    ring()
    assert centre.mails("biz1") == []


def test_what_is_urgent_cannot_be_switched_off(centre):
    from core import clock as clocks
    from core.events import emit
    from workflows.events import TaskBlocked

    choose(centre, "boss", team="off")
    made = submit(centre)
    with writing():
        task = centre.make.task(made)
        emit(TaskBlocked(task.id, task.review_id, clocks.now()))
    outbox.drain()
    assert [mail.subject for mail in centre.mails("boss")] == ["Urgent: Nobody is left to decide «Fees»"]


def test_what_was_read_or_decided_meanwhile_is_not_mailed_any_more(app, centre):
    with MailServer() as server:
        gone = server.url
    use(app, None, smtp_url=gone)
    made = submit(centre)
    centre.make.decide(made, centre["biz1"])
    outbox.drain()
    with MailServer() as server:
        use(app, server)
        due_again()
        assert sorted(one.recipients[0] for one in server.mails) == ["qa1@example.com", "qa2@example.com"]


def test_old_news_is_listed_as_read_and_not_mailed(clock, centre):
    made = submit(centre)
    centre.make.decide(made, centre["biz1"], "send_back")
    clock.advance(days=4)
    outbox.drain()
    (returned,) = centre.entries("ann")
    assert returned.read_at is not None
    assert centre.mails("ann") == []


def test_what_was_read_long_ago_is_forgotten(clock, centre):
    submit(centre)
    with writing():
        ops.read(centre["biz1"])
    clock.advance(days=91)
    with writing():
        ops.forget_what_is_old()
    assert centre.entries("biz1") == []
    assert len(centre.entries("biz2")) == 1, "what nobody has read stays"
    with reading():
        assert session.scalar(sa.select(sa.func.count()).select_from(MailEntry)) == 0


# ── pure rules ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("default", "chosen", "urgent", "late", "expected"),
    [
        (Mail.AT_ONCE, None, False, False, Mail.AT_ONCE),
        (Mail.DIGEST, None, False, False, Mail.DIGEST),
        (Mail.AT_ONCE, Mail.OFF, False, False, Mail.OFF),
        (Mail.DIGEST, Mail.AT_ONCE, False, False, Mail.AT_ONCE),
        (Mail.AT_ONCE, Mail.OFF, True, False, Mail.AT_ONCE),
        (Mail.AT_ONCE, Mail.AT_ONCE, True, True, Mail.OFF),
    ],
)
def test_the_way(default, chosen, urgent, late, expected):
    assert way(default, chosen, urgent=urgent, late=late) is expected


@pytest.mark.parametrize(
    ("rhythm", "hour", "zone", "now", "bell"),
    [
        (Rhythm.DAILY, 8, "Asia/Shanghai", "2026-11-16T00:00", "2026-11-16T00:00"),
        (Rhythm.DAILY, 8, "Asia/Shanghai", "2026-11-15T23:59", "2026-11-15T00:00"),
        (Rhythm.HOURLY, 8, "Asia/Shanghai", "2026-11-16T01:59", "2026-11-16T01:00"),
        (Rhythm.DAILY, 2, "Europe/Berlin", "2026-03-29T12:00", "2026-03-29T01:00"),  # two o'clock is left out that day
        (Rhythm.DAILY, 2, "Europe/Berlin", "2026-10-25T12:00", "2026-10-25T00:00"),  # and there twice: the first
    ],
)
def test_the_bell(rhythm, hour, zone, now, bell):
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert last_bell(rhythm, hour, zone, at) == datetime.fromisoformat(bell).replace(tzinfo=UTC)


def test_old_news():
    now = datetime(2026, 11, 16, tzinfo=UTC)
    assert not is_old_news(now - timedelta(days=3), now)
    assert is_old_news(now - timedelta(days=3, seconds=1), now)
