"""Mail: what is in it, and that it goes once – through a real mail server, also one that fails."""

import re

import pytest
import sqlalchemy as sa

from accounts.models import User
from core import health, outbox
from core.audit import TrailEntry
from core.db import reading, session, writing
from core.outbox import OutboxJob
from core.settings import SettingsError, load
from tests.notifications.post import BASE, due_again, jobs, submit, use
from tests.support.smtp import MailServer
from wiki.notifications import mailing, smtp, telling
from wiki.notifications.models import MailEntry
from wiki.notifications.ops import MAILS

# ── the embedded version ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.both_databases
def test_without_a_server_mail_is_kept_with_its_text(centre):
    submit(centre)
    kept = centre.mails("biz1")
    assert [(mail.subject, mail.state) for mail in kept] == [("«Fees» waits for you", "kept")]
    assert re.search(r"/reviews/\d+\?notice=\d+", kept[0].body)
    assert "FAQ by Ann. Stage: Business reviewer. Due:" in kept[0].body
    assert all(one.mailed_at for one in centre.entries("biz1"))
    assert jobs() == []


# ── a server ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.both_databases
def test_through_a_server(app, centre):
    with MailServer() as server:
        use(app, server)
        submit(centre)
    assert [(one.sender, one.recipients) for one in server.mails] == [
        ("spiral@spiral.example", ["biz1@example.com"]),
        ("spiral@spiral.example", ["biz2@example.com"]),
    ]
    found = server.mails[0].message
    assert found["To"] == "Biz1 <biz1@example.com>"
    assert found["Subject"] == "«Fees» waits for you"
    assert found["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<notice\.\d+\.\d+@spiral\.example>", found["Message-ID"])
    assert re.search(rf"{BASE}/reviews/\d+\?notice=\d+", found.get_content())
    assert f"{BASE}/profile/notices" in found.get_content()
    assert {mail.state for mail in centre.mails()} == {"sent"}
    assert server.calls == 1, "one connection for a batch"


def test_the_password_of_the_address_signs_in(app, centre):
    with MailServer() as server:
        use(app, None, smtp_url=f"smtp://spiral:p%40ss@127.0.0.1:{server.port}", mail_from="robot@example.com")
        submit(centre)
    assert server.logins == ["spiral p@ss"]
    assert {one.sender for one in server.mails} == {"robot@example.com"}


def test_a_server_without_tls_gets_neither_password_nor_mail_where_tls_was_asked_for(app, centre):
    with MailServer() as server:
        use(app, None, smtp_url=f"smtp+starttls://spiral:secret@127.0.0.1:{server.port}")
        submit(centre)
    assert (server.logins, server.mails) == ([], [])
    assert "STARTTLS" in (jobs()[0].error or "")
    assert "secret" not in (jobs()[0].error or "")


@pytest.mark.both_databases
def test_one_refused_address_stops_nobody_else(app, centre):
    with MailServer(refuse={"biz1@example.com": "550 no such user"}) as server:
        use(app, server)
        submit(centre)
        assert [one.recipients for one in server.mails] == [["biz2@example.com"]]
        refused = centre.mails("biz1")[0]
        assert (refused.state, refused.refusal) == ("refused", "550 no such user")
        assert jobs() == [], "refused for good: trying again would change nothing"


@pytest.mark.both_databases
def test_not_now_is_tried_again(app, centre):
    with MailServer(refuse={"biz1@example.com": "451 try later"}) as server:
        use(app, server)
        submit(centre)
        assert [one.recipients for one in server.mails] == [["biz2@example.com"]]
        assert [job.attempts for job in jobs()] == [1]
        server.refuse.clear()
        due_again()
        assert [one.recipients[0] for one in server.mails] == ["biz2@example.com", "biz1@example.com"]
    assert jobs() == []


@pytest.mark.parametrize("fault", [{"hangs": True}, {"drops": True}, {"says": "451 not now"}])
def test_a_server_that_fails_costs_one_patience_and_loses_nothing(app, centre, monkeypatch, fault):
    monkeypatch.setattr(smtp, "PATIENCE", 0.2)
    with MailServer(**fault) as server:
        use(app, server)
        submit(centre)
        assert server.mails == []
        assert [job.attempts for job in jobs()] == [1, 1]
        if "says" not in fault:
            assert server.calls == 1, "the second mail did not wait for a server that had been silent"
        assert all(one.mailed_at is None for one in centre.entries("biz1"))
    with MailServer() as server:
        use(app, server)
        due_again()
        assert len(server.mails) == 2
    assert jobs() == []


def test_no_request_waits_for_the_mail_server(app, centre, api):
    """Whoever hands something in is answered while the server takes calls and is silent; nobody has called it yet."""
    script = api(centre.users["ann"])
    with MailServer(hangs=True) as server:
        use(app, server)
        fields = {"question": "Fees?", "answer": "None."}
        made = script.ok("POST", "/submissions", {"kind": "faq", "title": "Fees", "fields": fields})
        script.ok("POST", f"/submissions/{made['id']}/submit", {})
        assert server.calls == 0
    with MailServer() as server:
        use(app, server)
        outbox.drain()
        outbox.drain()
        assert [one.recipients for one in server.mails] == [["biz1@example.com"], ["biz2@example.com"]]


def test_no_server_at_the_address(app, centre):
    with MailServer() as server:
        gone = server.url
    use(app, None, smtp_url=gone)
    submit(centre)
    assert "ConnectionRefusedError" in (jobs()[0].error or "")


def test_given_up_after_many_tries_and_sent_when_the_administrator_says_so(app, centre, make, signed_in):
    with MailServer() as server:
        gone = server.url
    use(app, None, smtp_url=gone)
    submit(centre)
    with writing():
        session.execute(sa.update(OutboxJob).values(attempts=outbox.TRIES - 1))
    due_again()
    with pytest.raises(health.UnwellError, match="2 mails were given up"):
        health._checks["mail"].function()
    admin = signed_in(make.user("admin"))
    assert "2 mails were given up" in admin.text("/admin/mail")
    with MailServer() as server:
        use(app, server)
        assert admin.submit("/admin/mail", to="/admin/mail/again").status_code == 303
        due_again()
        assert len(server.mails) == 2
    with reading() as s:
        act = s.scalars(sa.select(TrailEntry).where(TrailEntry.verb == "retry")).one()
    assert (act.subject_kind, act.details) == ("job", {"jobs": 2})


def test_who_has_no_address_is_listed_as_such(app, centre):
    with MailServer() as server:
        use(app, server)
        with writing():
            session.execute(sa.update(User).where(User.username == "biz1").values(email=None))
        submit(centre)
    assert [one.recipients for one in server.mails] == [["biz2@example.com"]]
    assert centre.mails("biz1")[0].refusal == "no address"


# ── twice is once ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.both_databases
def test_a_promise_kept_twice_doubles_nothing(app, centre):
    with MailServer() as server:
        use(app, server)
        centre.make.submission(centre["ann"])
        with reading():
            found = [outbox.Job(row.topic, row.key, row.payload) for row in session.scalars(sa.select(OutboxJob))]
        telling.tell([job for job in found if job.topic == "notices"])
        telling.tell([job for job in found if job.topic == "notices"])
        outbox.drain()
        mailing.send([outbox.Job(MAILS, "again", {"notice": centre.entries("biz1")[0].id})])
        assert len(server.mails) == 2
    assert [one.code for one in centre.entries("biz1")] == ["task_opened"]
    assert len(centre.mails("biz1")) == 1


@pytest.mark.both_databases
def test_killed_between_writing_and_promising_nothing_is_half_done(centre, monkeypatch):
    class KilledError(BaseException):
        pass

    def killed(*_about):
        raise KilledError

    centre.make.submission(centre["ann"])
    with monkeypatch.context() as patch:
        patch.setattr(telling, "promise_all", killed)
        with pytest.raises(KilledError):
            outbox.drain()
    assert centre.entries("biz1") == []
    with writing():
        session.execute(sa.update(OutboxJob).values(leased_until=None))
    assert centre.heard() == {"biz1": {"task_opened"}, "biz2": {"task_opened"}}


@pytest.mark.both_databases
def test_killed_between_sending_and_remembering_the_same_mail_goes_again(app, centre, monkeypatch):
    class KilledError(BaseException):
        pass

    def killed(_letter):
        raise KilledError

    with MailServer() as server:
        use(app, server)
        with monkeypatch.context() as patch:
            patch.setattr(mailing, "_keep", killed)
            with pytest.raises(KilledError):
                submit(centre)
        with writing():
            session.execute(sa.update(OutboxJob).values(leased_until=None))
        outbox.drain()
        ids = [one.message["Message-ID"] for one in server.mails if one.recipients == ["biz1@example.com"]]
    assert len(ids) == 2
    assert len(set(ids)) == 1, "every mail program shows it once"
    assert len(centre.mails("biz1")) == 1


# ── what people write never becomes a header ─────────────────────────────────────────────────────────────────────────


def test_no_header_comes_from_a_title_or_a_name(app, centre):
    bad = "Fees\r\nBcc: victim@example.com\r\n\r\nBuy now"
    with MailServer() as server:
        use(app, server)
        made = centre.make.submission(centre["ann"])
        with writing():
            from workflows.models import Review

            session.execute(sa.update(Review).values(title=bad))
            session.execute(sa.update(User).where(User.username == "biz1").values(name="Biz\r\nBcc: x@example.com"))
        outbox.drain()
    assert made
    assert len(server.mails) == 2
    for one in server.mails:
        assert len(one.recipients) == 1
        assert one.message["Bcc"] is None
        assert one.message["Subject"] == "«Fees Bcc: victim@example.com Buy now» waits for you"


@pytest.mark.parametrize(
    "address", ["a@b.c, evil@example.com", "a@b.c\r\nRCPT TO:<x@y.z>", "nobody", "用户@例子", "<a@b.c>"]
)
def test_what_is_no_address_is_refused(app, centre, address):
    with MailServer() as server:
        use(app, server)
        with writing():
            session.execute(sa.update(User).where(User.username == "biz1").values(email=address))
        submit(centre)
    assert [one.recipients for one in server.mails] == [["biz2@example.com"]]
    assert centre.mails("biz1")[0].state == "refused"


# ── in the reader's language ─────────────────────────────────────────────────────────────────────────────────────────


def test_each_reads_it_in_their_language(app, centre, signed_in):
    with writing():
        session.execute(sa.update(User).where(User.username == "biz1").values(locale="zh_Hans"))
    submit(centre)
    chinese, english = centre.mails("biz1")[0], centre.mails("biz2")[0]
    assert "常见问题" in chinese.body, "the values are in words of the language, too"
    assert "FAQ by Ann" in english.body


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://host:port",
        "smtp://host:99999",
        "smtp://h/x",
        "smtp://a b",
    ],
)
def test_a_malformed_mail_server_names_its_setting_and_hides_its_value(tmp_path, url):
    with pytest.raises(SettingsError, match=r"SPIRAL_SMTP_URL must look like smtp://"):
        load({"var": tmp_path}, environ={"SPIRAL_SMTP_URL": url})


@pytest.mark.parametrize("scheme", ["smtp", "smtps", "smtp+starttls"])
def test_mail_servers_that_are_taken(tmp_path, scheme):
    found = load({"var": tmp_path}, environ={"SPIRAL_SMTP_URL": f"{scheme}://me:s3c%2Fret@mail.example:25"})
    assert found.shown()["smtp_url"] == f"{scheme}://***@mail.example:25"


def test_a_malformed_sender_names_its_setting(tmp_path):
    with pytest.raises(SettingsError, match="SPIRAL_MAIL_FROM"):
        load({"var": tmp_path}, environ={"SPIRAL_MAIL_FROM": "Spiral <spiral@example.com>"})


def test_the_doctor_says_how_mail_goes(app):
    assert health._checks["mail"].function() == "kept here, see /admin/mail; no server is set"
    use(app, None, smtp_url="smtp://me:secret@mail.example")
    assert health._checks["mail"].function() == "sent through smtp://***@mail.example"


# ── experts outside ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_link_of_an_expert_goes_out_and_is_not_kept(app, centre, signed_in):
    made = submit(centre)
    with reading():
        task = centre.make.task(made)
    browser, page = signed_in(centre.users["biz1"]), f"/reviews/{task.id}"
    fields = {"name": "Han", "address": "han@vendor.example", "question": "Is it so?"}
    with MailServer() as server:
        use(app, server)
        shown = browser.submit(page, fields, to=f"{page}/experts")
        assert "It was mailed to han@vendor.example." in shown.text
        link = re.search(rf"{BASE}/expert/[^\"<\s]+", shown.text)[0]
        outbox.drain()
    (mail,) = [one.message for one in server.mails if one.recipients == ["han@vendor.example"]]
    said = mail.get_content()
    assert link in said
    assert "Is it so?" in said
    with reading():
        kept = session.scalars(sa.select(MailEntry).where(MailEntry.key.startswith("expert:"))).one()
    assert (kept.address, kept.state) == ("han@vendor.example", "sent")
    assert "/expert/" not in kept.body
