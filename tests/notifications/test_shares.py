"""Who hears that authors are to agree how they share."""

import pytest

from core.db import session, writing
from tests.notifications.play import Play
from wiki.articles.models import Submission
from wiki.scoring.sharing import answer, set_shares

pytestmark = pytest.mark.both_databases


def test_proposed_shares_are_told_to_the_other_authors_and_a_no_to_whoever_proposed(centre) -> None:
    play = Play(centre)
    play.heard()
    play.revise("biz1")  # who changes a text under review is one of its authors
    with writing():
        made = session.get_one(Submission, play.made.id)
        row = set_shares(made, centre["biz1"], dict.fromkeys(made.author_ids, 50))
    assert play.heard() == {"ann": {"shares_proposed"}}
    with writing():
        answer(session.get_one(Submission, play.made.id), centre["ann"], row.id, agrees=False)
    assert play.heard() == {"biz1": {"shares_refused"}}
