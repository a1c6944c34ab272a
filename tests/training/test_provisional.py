"""Lessons and acknowledgements beside publication before review."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.people import actor_of
from core import clock
from core.db import session
from core.errors import Invalid
from wiki.articles import ops as writing
from wiki.articles import provisional
from wiki.articles.models import Article
from wiki.articles.provisional_ends import keep_deadlines
from wiki.training import ops
from wiki.training.acknowledging import acknowledge, must_read

NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)


def hurried(make, article=None, kind: str = "faq", **about):
    made = make.submission(kind=kind, article=article.slug if article else None, **about)
    provisional.ask_emergency(made, make.actor("manager"), "it burns")
    provisional.confirm_emergency(made, make.actor("supervisor"))
    return made


@pytest.mark.parametrize("approve", [True, False])
def test_a_lesson_waits_for_the_review(make, db, approve):
    trainer = make.actor("training")
    with clock.fixed(NOON):
        article = make.article()
        course = ops.create_course(trainer, ops.CourseSpec("course"))
        lesson = ops.add_lesson(course, trainer, article.slug)
        made = hurried(make, article, significance="minor")
        assert (article.version, lesson.publication.version) == ("1.1", "1.0")
        with pytest.raises(Invalid):
            ops.add_lesson(course, trainer, article.slug)
        if approve:
            make.approved(made)
            assert (lesson.publication.version, lesson.marked_at) == ("1.1", None)
    with clock.fixed(NOON + timedelta(hours=24)):
        keep_deadlines()
        if not approve:
            assert (lesson.publication.version, lesson.marked_at) == ("1.2", None)
            assert lesson.publication.revision_id == article.revision_id


def test_a_large_change_marks_only_when_it_is_confirmed(make, db):
    trainer = make.actor("training")
    with clock.fixed(NOON):
        one, other = make.article(), make.article()
        course = ops.create_course(trainer, ops.CourseSpec("course"))
        kept, gone = (ops.add_lesson(course, trainer, article.slug) for article in (one, other))
        made = hurried(make, one)
        hurried(make, other)
        assert kept.marked_at is None
        make.approved(made)
        assert kept.marked_at is not None
    with clock.fixed(NOON + timedelta(hours=24)):
        keep_deadlines()
        assert (gone.publication.version, gone.marked_at) == ("2.1", None), "it teaches the text that is back"


def test_who_has_confirmed_a_notice_is_not_asked_again_before_the_review(make, db):
    rep = make.actor("rep")
    fields = {"acknowledge_by": "2026-11-25T00:00+08:00"}
    with clock.fixed(NOON):
        article = make.article(kind="notice", fields=fields)
        acknowledge(rep, article)
        first = hurried(make, article, kind="notice", fields=fields, title="in a hurry")
        assert must_read(rep) == []
        assert must_read(make.actor("rep")) == []
    with clock.fixed(NOON + timedelta(hours=24)):
        keep_deadlines()
        assert must_read(rep) == [], "what was confirmed is back"
        writing.withdraw(first, actor_of(first.author))
        made = hurried(make, article, kind="notice", fields=fields, title="again")
        make.approved(made)
        assert [one.article.id for one in must_read(rep)] == [article.id]


def test_a_new_notice_in_an_emergency_asks_at_once(make, db):
    rep = make.actor("rep")
    with clock.fixed(NOON):
        made = hurried(make, kind="notice", fields={"acknowledge_by": "2026-11-25T00:00+08:00"})
        article = session.get_one(Article, made.article_id)
        assert [one.article.id for one in must_read(rep)] == [article.id]
        acknowledge(rep, article)
        make.approved(made)
        assert must_read(rep) == [], "what was confirmed stays confirmed"
