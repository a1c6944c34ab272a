"""The pages of a text's life, as its keeper and a manager use them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts.people import actor_of
from core import clock as clocks
from core.db import reading, session, writing
from wiki.articles import lifecycle
from wiki.articles.models import Article, Submission, SubmissionState


@pytest.fixture
def people(make):
    with writing():
        return make.user("rep", username="ann"), make.user("manager", username="boss")


def test_a_keeper_says_that_it_is_still_true(make, signed_in, people):
    with writing():
        slug = make.article(make.actor("rep")).slug
        article = session.scalar(sa.select(Article).where(Article.slug == slug))
        article.owner_id, article.verify_due_at = people[0].id, clocks.now() - timedelta(days=3)
    ann = signed_in(people[0])
    assert "overdue" in ann.text("/lifecycle")
    page = ann.get(f"/articles/{slug}/lifecycle")
    assert "Still true" in page.text and "Retire it" not in page.text
    ann.submit(f"/articles/{slug}/lifecycle", to=f"/articles/{slug}/lifecycle/verify", data={"note": ""})
    assert "looked at and found true" in ann.text(f"/articles/{slug}/lifecycle")
    assert "Nothing is due within two weeks" in ann.text("/lifecycle")


def test_a_manager_changes_how_it_is_kept_retires_it_and_puts_it_back(make, signed_in, people):
    with writing():
        slug = make.article().slug
    boss = signed_in(people[1])
    refused = boss.submit(
        f"/articles/{slug}/lifecycle",
        to=f"/articles/{slug}/lifecycle",
        data={"owner": "nobody", "verify_months": "6", "expires_at": "soon"},
    )
    assert refused.status_code == 422
    assert "Please give a time like 2026-11-30 18:00." in refused.text and "soon" in refused.text
    boss.submit(
        f"/articles/{slug}/lifecycle",
        to=f"/articles/{slug}/lifecycle",
        data={"owner": "ann", "verify_months": "6", "expires_at": ""},
    )
    assert "ann" in boss.text(f"/articles/{slug}/lifecycle")
    assert (
        boss.submit(
            f"/articles/{slug}/lifecycle", to=f"/articles/{slug}/lifecycle/retire", data={"reason": ""}
        ).status_code
        == 422
    )
    boss.submit(
        f"/articles/{slug}/lifecycle", to=f"/articles/{slug}/lifecycle/retire", data={"reason": "The tariff is gone."}
    )
    assert boss.get(f"/articles/{slug}").status_code == 404
    assert "The tariff is gone." in boss.text(f"/articles/{slug}/lifecycle")
    boss.submit(
        f"/articles/{slug}/lifecycle", to=f"/articles/{slug}/lifecycle/put-back", data={"reason": "It is back."}
    )
    assert "Version 1.1" in boss.text(f"/articles/{slug}")


def test_an_author_plans_and_a_manager_publishes_before_the_day(make, signed_in, people):
    with writing():
        made = make.submission(make.actor("rep")).id
    boss = signed_in(people[1])
    boss.submit(
        f"/submissions/{made}",
        to=f"/submissions/{made}/schedule",
        data={"publish_at": "2030-01-01T08:00", "expires_at": ""},
    )
    assert "once it is approved" in boss.text(f"/submissions/{made}")
    with writing():
        make.approved(session.get_one(Submission, made))
    assert "It waits for its day" in boss.text(f"/submissions/{made}")
    assert "Waiting for their day" in boss.text("/lifecycle?view=scheduled")
    boss.submit(f"/submissions/{made}", to=f"/submissions/{made}/publish-now", data={})
    with reading():
        assert session.get_one(Submission, made).state is SubmissionState.PUBLISHED


def test_programs_look_and_plan(make, api, people):
    with writing():
        slug = make.article(None).slug
    boss = api(people[1])
    assert boss.get(f"/articles/{slug}/lifecycle").json["months"] == 12
    assert boss.post(f"/articles/{slug}/verify", {"note": "ok"}).status_code == 200
    assert boss.post(f"/articles/{slug}/verify", {"note": 1}).status_code == 422


@pytest.mark.both_databases
def test_who_judges_or_writes_a_change_of_a_retired_article_is_told(make, signed_in, api, people):
    make.pipeline("business")
    with writing():
        author, judge = make.user(), make.user("business")
        slug = make.article(title="Roaming", body="one").slug
        made = make.submission(actor_of(author), article=slug, title="Roaming", body="one two")
        task = make.task(made).id
    desk, desk_of_author, boss = signed_in(judge), signed_in(author), signed_in(people[1])
    assert "no longer see" not in desk.text(f"/reviews/{task}") + desk_of_author.text(f"/submissions/{made.id}")
    life = f"/articles/{slug}/lifecycle"
    was = api(judge).ok("GET", "/reviews?state=open")["items"][0]
    boss.submit(life, to=f"{life}/retire", data={"reason": "the tariff is gone"})
    about = {"verb": "approve", "version": was["version"]}
    told = api(judge).post(f"/reviews/{task}/decisions", about)
    assert (told.status_code, told.json["code"]) == (409, "moved"), "who has not seen that does not put it back"
    assert "has changed since you opened it" in told.json["detail"]
    page = desk.text(f"/reviews/{task}")
    assert "Readers no longer see this article." in page
    assert f"retired · {people[1].name}" in page
    assert "the tariff is gone" in page
    assert "Compared with version 1.0, the last that readers saw" in page
    assert "When this change is approved, they see it again." in desk_of_author.text(f"/submissions/{made.id}")


@pytest.mark.both_databases
def test_who_judges_a_change_of_an_article_whose_time_is_over_looks_again(make, api, clock):
    make.pipeline("business")
    with writing():
        author, judge = make.user(), make.user("business")
        article = make.article(title="Roaming", body="one")
        made = make.submission(actor_of(author), article=article.slug, title="Roaming", body="one two")
        task = make.task(made).id
        article.expires_at = clock.now() + timedelta(hours=1)
    about = {"verb": "approve", "version": api(judge).ok("GET", "/reviews?state=open")["items"][0]["version"]}
    clock.advance(hours=2)
    with writing():
        lifecycle.end_what_has_expired()
    told = api(judge).post(f"/reviews/{task}/decisions", about)
    assert (told.status_code, told.json["code"]) == (409, "moved"), "to approve it puts the article back"
    about["version"] = api(judge).ok("GET", "/reviews?state=open")["items"][0]["version"]
    assert api(judge).post(f"/reviews/{task}/decisions", about).status_code == 200


@pytest.mark.both_databases
def test_what_was_published_and_is_retired_is_told_its_author_as_that(make, signed_in, api, people):
    with writing():
        article = make.article(actor_of(people[0]), title="Roaming")
        slug, number = article.slug, article.revision.submission_id
    ann, boss, script = signed_in(people[0]), signed_in(people[1]), api(people[0])
    life = f"/articles/{slug}/lifecycle"
    assert "Read the article" in ann.text(f"/submissions/{number}")
    assert "state=retired" not in ann.text("/submissions/mine")
    boss.submit(life, to=f"{life}/retire", data={"reason": "the tariff is gone"})
    page = ann.text(f"/submissions/{number}")
    assert "Read the article" not in page and "can find it now" not in page
    assert "Readers no longer see this article." in page and "the tariff is gone" in page
    assert "When this change is approved" not in page
    assert "state=retired" in ann.text("/submissions/mine")
    assert "Roaming" in ann.text("/submissions/mine?state=retired")
    assert "Roaming" not in ann.text("/submissions/mine?state=published")
    assert script.ok("GET", f"/submissions/{number}")["state"] == "retired"
    assert [one["id"] for one in script.ok("GET", "/submissions?mine=1&state=retired")["items"]] == [str(number)]
    assert script.ok("GET", "/submissions?mine=1&state=published")["items"] == []
    boss.submit(life, to=f"{life}/put-back", data={"reason": "it is not"})
    assert script.ok("GET", f"/submissions/{number}")["state"] == "published"
    assert "Read the article" in ann.text(f"/submissions/{number}")
