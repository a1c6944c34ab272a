import pytest
from core import outbox
from core.db import reading, session, writing
from wiki.notifications.models import NoticeEntry, MailEntry
import sqlalchemy as sa


@pytest.mark.both_databases
def test_smoke(app, make):
    a, b = make.user("rep", name="A"), make.user("business", name="B")
    from accounts.people import actor_of
    with writing():
        a, b = session.merge(a), session.merge(b)
        sub = make.submission(actor_of(a))
    outbox.drain()
    with writing():
        make.decide(sub, actor_of(session.merge(b)), "send_back")
    outbox.drain()
    with reading():
        for n in session.scalars(sa.select(NoticeEntry)):
            print(n.user_id, n.code, n.params, n.url, n.way, n.mailed_at, n.read_at)
        for n in session.scalars(sa.select(MailEntry)):
            print(n.subject, n.body, n.message_id)
        for n in session.scalars(sa.select(outbox.OutboxJob)):
            print(n.topic, n.key, n.error)
    assert 0
