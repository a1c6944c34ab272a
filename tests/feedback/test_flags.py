"""A reader says that something is wrong; whoever keeps the text true answers; the reader hears of it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from core.db import session, writing
from core.errors import Conflict, Forbidden, IllegalMove, Invalid, NotFound
from core.outbox import OutboxJob
from core.permissions import allowed, can
from wiki.articles.models import Article
from wiki.articles.publishing import retire
from wiki.feedback import flagging
from wiki.feedback.flag_models import Flag
from wiki.feedback.flag_rules import MOVES, Act, FlagState, Outcome
from wiki.feedback.permissions import P
from wiki.feedback.rules import Reason
from wiki.scoring.models import LedgerEntry


def owner_of(article: Article):
    return actor_of(session.get_one(User, article.owner_id))


def flagged(article: Article, reader, reason="wrong") -> Flag:
    return flagging.flag(article, reader, reason=reason, comment="The fee is 20 now.", quote=" the fee\n is 10 ")


def test_every_act_and_every_state_is_in_the_table():
    assert {act for _state, act in MOVES} == set(Act)
    assert set(MOVES.values()) == set(FlagState)


@pytest.mark.both_databases
class TestOneFlag:
    """From the reader to the keeper and back."""

    def test_it_waits_for_the_keeper_within_three_working_days(self, make, db, clock):
        article = make.article()
        row = flagged(article, make.actor("rep"))
        assert (row.state, row.quote, row.revision_id) == (FlagState.OPEN, "the fee is 10", article.revision_id)
        assert timedelta(days=2) < row.due_at - row.raised_at <= timedelta(days=5)
        keeper = owner_of(article)
        assert session.scalars(sa.select(Flag.id).where(allowed(keeper, P.ANSWER_FLAG))).all() == [row.id]
        stranger = make.actor("qa")
        assert not can(stranger, P.SEE_FLAG, row)
        assert session.scalars(sa.select(Flag.id).where(allowed(stranger, P.ANSWER_FLAG))).all() == []

    @pytest.mark.parametrize(
        ("about", "field"),
        [({"reason": "ugly"}, "reason"), ({"comment": " "}, "comment"), ({"comment": "x" * 1001}, "comment")],
    )
    def test_two_lines_are_needed(self, make, db, about, field):
        with pytest.raises(Invalid) as refused:
            flagging.flag(make.article(), make.actor("rep"), **{"reason": "wrong", "comment": "x", **about})
        assert set(refused.value.errors) == {field}

    def test_the_same_reader_says_the_same_once(self, make, db):
        article, reader = make.article(), make.actor("rep")
        flagged(article, reader)
        with pytest.raises(Conflict):
            flagged(article, reader)
        flagged(article, reader, "outdated")
        flagged(article, make.actor("rep"))

    def test_asked_and_replied_it_waits_again(self, make, db):
        article, reader = make.article(), make.actor("rep")
        row = flagged(article, reader)
        flagging.ask(row, owner_of(article), "Which fee?")
        with pytest.raises(NotFound):
            flagging.reply(row, make.actor("rep"), "Not mine")
        flagging.reply(row, reader, "That of the card.")
        assert row.state is FlagState.OPEN
        assert [(note.act, note.text) for note in row.notes] == [("ask", "Which fee?"), ("reply", "That of the card.")]

    def test_changed_needs_a_version_published_since(self, make, db, clock):
        article, reader = make.article(), make.actor("rep")
        keeper, row = owner_of(article), flagged(article, reader)
        with pytest.raises(Invalid) as refused:
            flagging.answer(row, keeper, outcome="changed", text="Mended.")
        assert set(refused.value.errors) == {"outcome"}
        clock.advance(hours=1)
        make.article(keeper, article=article.slug)
        flagging.answer(row, keeper, outcome="changed", text="Mended.")
        assert (row.state, row.outcome, row.publication.version) == (FlagState.ANSWERED, Outcome.CHANGED, "2.0")

    def test_a_reader_who_is_not_content_opens_it_again(self, make, db, clock):
        article, reader = make.article(), make.actor("rep")
        row = flagged(article, reader)
        flagging.answer(row, owner_of(article), outcome="right", text="It is 10.")
        with pytest.raises(IllegalMove):
            flagging.answer(row, owner_of(article), outcome="right", text="Again.")
        flagging.reopen(row, reader, "The leaflet says 20.")
        assert (row.state, row.outcome, row.closed_at) == (FlagState.OPEN, None, None)

    def test_nobody_else_answers(self, make, db):
        row = flagged(make.article(), make.actor("rep"))
        with pytest.raises(Forbidden):
            flagging.answer(row, make.actor("supervisor"), outcome="right", text="No.")
        flagging.answer(row, make.actor("manager"), outcome="right", text="It is right.")

    def test_what_readers_no_longer_see_needs_no_answer(self, make, db):
        article = make.article()
        row = flagged(article, make.actor("rep"))
        retire(article, make.actor("manager"), reason="Old.")
        session.refresh(row)
        assert (row.state, row.outcome) == (FlagState.ANSWERED, Outcome.RETIRED)

    def test_late_is_told_once(self, make, db, clock):
        row = flagged(make.article(), make.actor("rep"))
        clock.set(row.due_at)
        flagging.press()
        flagging.press()
        told = session.scalars(sa.select(OutboxJob).where(OutboxJob.topic == "notices")).all()
        assert [job.payload["event"] for job in told if "Flag" in job.payload.get("event", "")] == [
            "FlagRaised",
            "FlagOverdue",
        ]

    def test_who_found_it_earns_when_it_was_mended_once(self, make, db, clock):
        article, reader = make.article(), make.actor("rep")
        keeper, row = owner_of(article), flagged(article, reader)
        clock.advance(hours=1)
        make.article(keeper, article=article.slug)
        flagging.answer(row, keeper, outcome="changed", text="Mended.")
        flagging.reopen(row, reader, "Not all of it.")
        flagging.answer(row, keeper, outcome="changed", text="All of it.")
        paid = session.scalars(sa.select(LedgerEntry).where(LedgerEntry.event == "flag.led_to_change")).all()
        assert {entry.user_id for entry in paid} == {reader.id} and str(sum(entry.points for entry in paid)) == "2.00"


def test_a_reader_flags_and_follows_it_on_pages(make, signed_in):
    with writing():
        reader, boss = make.user("rep"), make.user("manager")
        slug = make.article().slug
    browser, desk = signed_in(reader), signed_in(boss)
    page = f"/articles/{slug}"
    assert "Something is wrong here" in browser.text(page)
    again = browser.submit(page, to=f"{page}/flags", reason="", comment="20 now", quote="10")
    assert (
        again.status_code == 422 and "20 now" in again.text and "Please say what is the matter with it." in again.text
    )
    made = browser.submit(page, to=f"{page}/flags", reason="wrong", comment="20 now", quote="10")
    flag = made.headers["Location"]
    assert "20 now" in browser.text(flag) and "Answer" in desk.text(flag)
    assert "20 now" in desk.text("/flags")
    wrong = desk.submit(flag, act="answer", outcome="", text="It is right.")
    assert wrong.status_code == 422 and "It is right." in wrong.text
    desk.submit(flag, act="answer", outcome="right", text="It is right: page 3.")
    assert "It is right: page 3." in browser.text(flag)
    assert "The text is right as it stands" in browser.text("/flags?view=mine")


def test_programs_flag(make, api):
    with writing():
        slug = make.article().slug
        reader, boss = make.user("rep"), make.user("manager")
    made = api(reader).ok("POST", f"/articles/{slug}/flags", {"reason": "unclear", "comment": "Which day?"})
    assert made["state"] == "open" and made["reason"] == Reason.UNCLEAR
    done = api(boss).ok(
        "POST", f"/flags/{made['id']}/acts", {"act": "answer", "outcome": "elsewhere", "text": "See there."}
    )
    assert done["outcome"] == "elsewhere"
    assert api(make.user("qa")).get(f"/flags/{made['id']}").status_code == 404
