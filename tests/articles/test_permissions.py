"""Who may read what: predicate and list say the same for every role, audience and state."""

import pytest
import sqlalchemy as sa

from accounts.rules import Role
from core.permissions import can
from tests.make import Make
from wiki.articles import ops
from wiki.articles.models import Article, Submission, SubmissionState
from wiki.articles.permissions import P
from wiki.articles.publishing import retire
from wiki.articles.queries import mine, published, submissions
from workflows.deciding import comment
from workflows.definitions import Definition, Seat, Stage


def crowd(make: Make) -> list:
    people = [make.actor(role) for role in Role]
    people += [make.actor("rep", team="billing"), make.actor("rep", tier="second"), make.actor("qa", team="billing")]
    return [*people, make.actor(*Role)]


def agree_on_articles(db, people) -> None:
    for who in people:
        listed = set(db.scalars(published(who)))
        for article in db.scalars(sa.select(Article)):
            assert (article in listed) == can(who, P.READ, article), (sorted(who.roles), article.title)


def agree_on_submissions(db, people) -> None:
    for who in people:
        listed = set(db.scalars(submissions(who)).unique())
        for one in db.scalars(sa.select(Submission)):
            may = can(who, P.READ_SUBMISSION, one)
            assert (one in listed) == may, (sorted(who.roles), one.state, one.head and one.head.title)
            assert not may or can(who, P.KNOW_SUBMISSION, one), "what may be read may be known"
            assert one not in set(db.scalars(mine(who)).unique()) or may, "one's own may be read"


def test_articles_for_every_role_and_audience(db, make: Make):
    people = crowd(make)
    billing, second = make.team("billing"), make.tier("second")
    tokens = {
        "role:qa": lambda who: who.holds("qa"),
        f"team:{billing.id}": lambda who: who.team_slug == "billing",
        f"tier:{second.id}": lambda who: who.tier_id == second.id,
        f"user:{people[0].id}": lambda who: who.id == people[0].id,
    }
    make.article(audience="public")
    make.article(audience="internal")
    for token, expected in tokens.items():
        article = make.article(audience="restricted", readers=[token], title=token)
        for who in people:
            assert can(who, P.READ, article) == (expected(who) or who.holds("manager")), (token, who.username)
    gone = make.article(title="retired")
    retire(gone, make.actor("manager"), reason="old")
    owner = make.actor("rep")
    own = make.article(owner, audience="restricted", readers=["role:admin"])
    assert can(owner, P.READ, own)
    assert not any(can(who, P.READ, gone) for who in people)
    agree_on_articles(db, [*people, owner])


def every_state(make: Make, author, **about) -> dict[SubmissionState, Submission]:
    back, away, no = (make.submission(author, "script", **about) for _ in range(3))
    make.decide(back, make.actor("business"), "send_back")
    make.decide(no, make.actor("business"), "reject")
    ops.withdraw(away, author)
    return {
        SubmissionState.DRAFT: make.submission(author, "script", submitted=False, **about),
        SubmissionState.IN_REVIEW: make.submission(author, "script", **about),
        SubmissionState.RETURNED: back,
        SubmissionState.WITHDRAWN: away,
        SubmissionState.REJECTED: no,
        SubmissionState.PUBLISHED: make.approved(make.submission(author, "script", **about)),
    }


@pytest.mark.parametrize("audience", ["public", "internal", "restricted"])
def test_submissions_for_every_role_and_state(db, make: Make, audience: str):
    readers = {"readers": ["role:admin"]} if audience == "restricted" else {}
    author, people = make.actor("rep"), crowd(make)
    made = every_state(make, author, audience=audience, **readers)
    for state, one in made.items():
        assert one.state is state
        held = {task.role for task in make.tasks(one, opened=False)}
        for who in people:
            left = state is not SubmissionState.DRAFT
            judges = left and (bool(held & who.roles) or who.holds("manager"))
            assert can(who, P.READ_SUBMISSION, one) == judges, (state, sorted(who.roles))
            known = left and (audience != "restricted" or judges)
            assert can(who, P.KNOW_SUBMISSION, one) == known, (state, sorted(who.roles))
        assert can(author, P.READ_SUBMISSION, one)
    agree_on_submissions(db, [author, *people])


def test_a_comment_opens_no_door(db, make: Make):
    """Who may know of a submission must not come to its text by remarking on it."""
    made, outsider = make.submission(), make.actor("rep")
    from core.errors import Forbidden

    with pytest.raises(Forbidden):
        comment(make.task(made).id, outsider, note="let me in")
    assert not can(outsider, P.READ_SUBMISSION, made)
    assert not can(outsider, P.EDIT_SUBMISSION, made)


def test_named_people_keep_what_they_held(db, make: Make):
    ana, other = make.actor("qa", username="ana"), make.actor("qa")
    seat = Seat(key="named", role="qa", people=("ana",))
    make.pipeline(definition=Definition(stages=(Stage(key="qa", seats=(seat,)),)))
    author = make.actor("rep")
    made = make.submission(author)
    ops.withdraw(made, author)
    assert can(ana, P.READ_SUBMISSION, made)
    assert not can(other, P.READ_SUBMISSION, made)
    agree_on_submissions(db, [ana, other, author])


def test_a_reviewer_who_edits_becomes_co_author_and_may_not_judge(db, make: Make):
    from workflows.permissions import P as R

    made, editor = make.submission(kind="script"), make.actor("business")
    ops.save(made, editor, make.content("script", title="Better words"))
    assert made.author_ids[-1] == editor.id
    assert not can(editor, R.DECIDE, make.task(made))
    agree_on_submissions(db, [editor])
