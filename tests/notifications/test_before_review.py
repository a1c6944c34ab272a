"""Publication before review: who hears of the request, of what readers see, and of how it ends."""

from datetime import timedelta

import pytest

from core import clock as clocks
from core.db import session, writing
from wiki.articles import provisional
from wiki.articles.models import Submission
from wiki.articles.provisional_ends import keep_deadlines

pytestmark = pytest.mark.both_databases
WHY = "The network is down in the whole town."


@pytest.fixture
def made(centre):
    found = centre.make.submission(centre["ann"], title="Fees")
    centre.heard()
    return found


def asked(centre, made):
    with writing():
        provisional.ask_emergency(session.get_one(Submission, made.id), centre["boss"], WHY)


def signed(centre, made):
    with writing():
        provisional.confirm_emergency(session.get_one(Submission, made.id), centre["sup1"])


def test_a_request_is_told_to_who_may_sign_too(centre, made):
    asked(centre, made)
    assert centre.heard() == {"sup1": {"emergency_asked"}, "sup2": {"emergency_asked"}}
    (mail,) = centre.mails("sup1")
    assert mail.subject == "Urgent: Emergency: «Fees» needs your signature"
    assert WHY in mail.body


def test_a_request_that_was_signed_meanwhile_asks_nobody(centre, made):
    asked(centre, made)
    signed(centre, made)
    told = centre.heard()
    assert not any("emergency_asked" in codes for codes in told.values())
    assert {name for name, codes in told.items() if "before_review" in codes} == {"ann", "boss", "sup1"}


def test_a_request_that_lapses_is_told_to_who_asked(clock, centre, made):
    asked(centre, made)
    centre.heard()
    clock.advance(hours=25)
    with writing():
        keep_deadlines()
    assert centre.heard()["boss"] == {"emergency_closed"}
    (closed,) = [mail for mail in centre.mails("boss") if "was not published" in mail.subject]
    assert "nobody gave the second signature in time" in closed.body


def test_what_is_taken_back_is_told_nobody(centre, made):
    asked(centre, made)
    centre.heard()
    with writing():
        provisional.take_back_request(session.get_one(Submission, made.id), centre["boss"])
    assert centre.heard() == {}


def test_a_missed_review_rolls_back_and_all_who_answer_are_told(clock, centre, made):
    asked(centre, made)
    signed(centre, made)
    centre.heard()
    clock.advance(days=20)
    with writing():
        keep_deadlines()
    told = centre.heard()
    assert {name for name, codes in told.items() if "rolled_back" in codes} == {"ann", "boss", "sup1"}
    assert clocks.now() - centre.entries("ann")[-1].created_at < timedelta(minutes=1)


def test_confirmed_is_told_to_who_put_it_up(centre, made):
    asked(centre, made)
    signed(centre, made)
    centre.heard()
    for name in ("biz1", "qa1", "sup2"):
        centre.make.decide(made, centre[name])
        told = centre.heard()
    assert {name for name, codes in told.items() if "confirmed" in codes} == {"boss", "sup1"}
    assert "published" in told["ann"]
