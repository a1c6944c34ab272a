"""What readers say of each version, who reads it, and what becomes of it."""

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core.db import reading, session, writing
from core.errors import Conflict, Forbidden, NotFound
from wiki.feedback import figures, remarks
from wiki.feedback.figure_models import ArticleFigures
from wiki.feedback.flag_models import Flag
from wiki.feedback.ops import mark_used, say, take_back, vote
from wiki.feedback.queries import standing


def test_votes_of_an_earlier_major_version_count_no_more(db, make):
    author, reader, other = make.actor(), make.actor(), make.actor()
    article = make.article(author)
    vote(article, reader, helpful=False)
    mark_used(article, other)
    article = make.article(author, article=article.slug, significance="minor")
    vote(article, reader, helpful=True)
    found = standing(article, reader.id)
    assert (found.helpful, found.not_helpful, found.mine) == (1, 0, True), "one person, one vote"
    article = make.article(author, article=article.slug, significance="major")
    found = standing(article, reader.id)
    assert (found.helpful, found.not_helpful, found.used, found.used_this_month, found.mine) == (0, 0, 1, 1, None)
    versions = {row.version: row for row in remarks.by_version(article, reader)}
    assert [(v, row.helpful, row.not_helpful, row.used, row.counts) for v, row in versions.items()] == [
        ("2.0", 0, 0, 0, True),
        ("1.1", 1, 0, 0, False),
        ("1.0", 0, 1, 1, False),
    ]


def test_a_remark_becomes_a_flag_of_whoever_wrote_it_once(db, make):
    author, reader, other = make.actor(), make.actor(), make.actor("qa")
    article = make.article(author)
    row = vote(article, reader, helpful=False, reason="outdated", comment="移机费下月改为 30 元。")
    plain = vote(article, other, helpful=False, reason="wrong")
    with pytest.raises(Forbidden):
        remarks.turn(article, row.id, other)
    with pytest.raises(NotFound):
        remarks.turn(article, plain.id, author)
    flag = remarks.turn(article, row.id, author)
    assert (flag.reporter_id, flag.reason.value, flag.comment) == (reader.id, "outdated", row.comment)
    assert flag.revision_id == row.revision_id
    with pytest.raises(Conflict):
        remarks.turn(article, row.id, author)
    again = vote(article, reader, helpful=False, reason="outdated", comment="还没改。")
    assert remarks.turn(article, again.id, author).id == flag.id, "it waits already"
    assert db.scalar(sa.select(sa.func.count()).select_from(Flag)) == 1


def test_who_reads_what_was_written(make, signed_in, clock):
    author, reader, manager = make.user(), make.user(name="Reader Somebody"), make.user("manager")
    article = make.article(actor_of(author))
    with writing():
        say(session.merge(article), actor_of(reader), helpful=False, reason="not_needed", comment="what I wrote")
    page = f"/articles/{article.slug}/feedback"
    assert "0 of 1 found it helpful" in signed_in(make.user()).text(f"/articles/{article.slug}")
    assert "what I wrote" not in signed_in(make.user("supervisor")).text(page)
    owner = signed_in(author)
    assert "what I wrote" in owner.text(page) and "Reader Somebody" not in owner.text(page)
    assert "Reader Somebody" in signed_in(manager).text(page)
    assert "what I wrote" in owner.text(f"{page}?version=1.0&said=not")
    for other in ("version=9.9", "said=helpful", "version=x.y"):
        assert "what I wrote" not in owner.text(f"{page}?{other}")
    with reading() as s:
        feedback_id = s.scalar(sa.text("SELECT max(id) FROM feedback"))
    answer = owner.submit(page, to=f"{page}/{feedback_id}/flag", improve="1")
    assert answer.status_code == 303 and answer.headers["Location"].endswith("/edit")
    assert "Flag: waits for an answer" in owner.text(page)
    assert "Reader Somebody" in owner.text("/flags"), "from now on they are answered"


def test_a_vote_that_was_taken_back_counts_in_no_kept_figure(app, make):
    author, reader, other = make.actor(), make.actor(), make.actor()
    article = make.article(author)
    with writing():
        vote(article, reader, helpful=False)
        vote(article, other, helpful=True)
    with writing():
        figures.refresh()
        figures.follow()
    with writing():
        take_back(article, reader, vote=True)
    with writing():
        figures.follow()
    with reading():
        kept = session.get_one(ArticleFigures, article.id)
        assert (kept.helpful, kept.not_helpful) == (1, 0)
