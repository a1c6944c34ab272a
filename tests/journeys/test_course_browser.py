"""A course from its first click to what a changed article asks of its learners: a trainer, a rep on a phone."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.people import Person, another_page
from tests.support.browser import overflow
from tests.support.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.server]

TRAINER, LEARNER, TEAM = "hanmei", "zhoumin", "话费账单班"
COURSE = "账单与套餐五课"
PUBLISH = """
import json
from dataclasses import replace
from accounts.models import User
from accounts.people import actor_of
from core.db import session, writing
import sqlalchemy as sa
from wiki.articles.content import of_revision
from wiki.articles.models import Article, Submission
from wiki.articles.ops import propose
from wiki.articles.publishing import publish
say = json.loads({said!r})
with writing():
    article = session.scalars(sa.select(Article).where(Article.title == say["title"])).one()
    actor = actor_of(session.scalars(sa.select(User).where(User.username == "gaoyuan")).one())
    before = of_revision(article.revision)
    body = say["body"] if say["significance"] == "major" else before.body + say["body"]
    about = dict(article_slug=article.slug, significance=say["significance"], reason="so")
    made = propose(actor, article.kind, replace(before, body=body), **about)
    print(publish(session.get_one(Submission, made.id)).version)
"""


@dataclass
class Acts:
    """Counts what a person does: every click, tick, choice and field filled."""

    done: int = 0

    def click(self, what: Locator) -> None:
        self.done += 1
        what.click()

    def fill(self, what: Locator, text: str) -> None:
        self.done += 1
        what.fill(text)

    def check(self, what: Locator) -> None:
        self.done += 1
        what.check()

    def choose(self, what: Locator, label: str) -> None:
        self.done += 1
        what.select_option(label=label)


def test_a_course_is_built_taken_and_follows_its_articles(
    visit: Callable[..., Page], start_server: Callable[..., Server]
):
    server = start_server()
    trainer = Person(visit(locale="en-GB"), server, TRAINER).sign_in()
    acts = Acts()
    title, passage = builds(trainer, acts)
    assert acts.done <= 40, acts.done
    rep = Person(visit(locale="en-GB", width=360), server, LEARNER).sign_in()
    takes(rep)
    publishes(server, title, "minor", "\n\n补充一句说明。")
    bothers_nobody(trainer, rep)
    publishes(server, title, "major", "整篇重写：一律先登记，再由班长回电。")
    follows(trainer, rep, title, passage)
    for person in (trainer, rep):
        person.nothing_wrong()


def builds(trainer: Person, acts: Acts) -> tuple[str, str]:
    """Five articles, ten drafted questions, open, assigned. An article that is asked about, and the passage."""
    page = trainer.page
    link, button = (
        (lambda name: page.get_by_role("link", name=name)),
        (lambda name: page.get_by_role("button", name=name)),
    )
    acts.click(page.get_by_role("navigation", name="Main menu").get_by_role("link", name="Courses"))
    acts.click(link("New course"))
    acts.fill(page.get_by_label("Title"), COURSE)
    acts.click(button("Create and add lessons"))
    ticks = page.locator("#found input[name=article]")
    for number in range(5):
        acts.check(ticks.nth(number))
    acts.click(button("Add the ticked articles"))
    expect(page.locator("[data-ordering] [data-step^=lesson]")).to_have_count(5)
    acts.click(button("Add a quiz"))
    acts.click(link(f"Quiz: {COURSE}"))
    acts.click(link("Choose from drafted questions"))
    drafts = page.locator("input[name=draft]")
    expect(drafts.nth(9)).to_be_attached()
    for number in range(10):
        acts.check(drafts.nth(number))
    first = page.locator("main section.card", has=page.locator("input[name=draft]")).first
    title, passage = first.get_by_role("heading").inner_text(), first.locator(".because").first.inner_text()
    acts.click(button("Take the chosen questions"))
    trainer.sees("10 questions")
    acts.click(link("Back to the course"))
    acts.click(button("Publish the course"))
    acts.choose(page.get_by_label("Team", exact=True), TEAM)
    acts.click(button("Assign"))
    trainer.sees(f"{TEAM} will find the course")
    return title, passage


def takes(rep: Person) -> None:
    """On a phone, to the credits."""
    page = rep.page
    page.goto(f"{rep.server.base}/courses")
    rep.follow(COURSE)
    rep.press("Begin")
    for _number in range(5):
        expect(page.get_by_role("button", name="I have read this", exact=True)).to_be_visible()
        page.wait_for_load_state()
        assert overflow(page) == 0, page.url
        with another_page(page):
            rep.press("I have read this")
    expect(page.locator("fieldset.question").last).to_be_visible()
    right = answers(rep)
    for field in page.locator("fieldset.question").all():
        options = right[field.locator("legend").inner_text().split("\n")[-1].strip().lstrip("0123456789")]
        for label in field.locator("label.option").all():
            if label.locator("span").inner_text() in options:
                label.locator("input").check()
    assert overflow(page) == 0
    rep.press("Hand in")
    rep.sees("Course completed")


def answers(rep: Person) -> dict[str, list[str]]:
    """The key, as it stands in the database."""
    code = """
import json
from core.db import reading, session
from wiki.training.models import Course
import sqlalchemy as sa
with reading():
    course = session.scalars(sa.select(Course).where(Course.title == {title!r})).one()
    found = dict((q.text, [o.text or o.id.capitalize() for o in q.options if o.id in q.key])
                 for q in course.quizzes[0].questions)
    print("KEY" + json.dumps(found))
"""
    said = rep.server.flask("shell", stdin=once(code.format(title=COURSE))).stdout
    return json.loads(re.search(r"KEY(\{.*\})", said)[1])


def once(code: str) -> str:
    """Code for the shell that reads line by line."""
    return f"exec({code!r})\n"


def publishes(server: Server, title: str, significance: str, body: str) -> None:
    said = json.dumps({"title": title, "significance": significance, "body": body})
    done = server.flask("shell", stdin=once(PUBLISH.format(said=said)))
    assert re.search(r"\d\.\d", done.stdout), done.stderr


def course_page(person: Person) -> None:
    person.page.goto(f"{person.server.base}/courses" + ("?show=all" if person.username == TRAINER else ""))
    person.follow(COURSE)
    person.title_is(COURSE)
    person.page.wait_for_load_state()


def bothers_nobody(trainer: Person, rep: Person) -> None:
    for person in (trainer, rep):
        course_page(person)
        expect(person.page.get_by_role("main")).not_to_contain_text(re.compile("changed|read it again", re.IGNORECASE))


def follows(trainer: Person, rep: Person, title: str, passage: str) -> None:
    """The lesson is marked, the question rests, and once the trainer has taken it up the rep reads it again."""
    course_page(trainer)
    trainer.sees("Article changed")
    course_page(rep)
    expect(rep.page.get_by_role("main")).not_to_contain_text("read it again")
    trainer.follow("Edit the course")
    trainer.follow("Questions")
    trainer.sees("Not asked: the passage changed")
    trainer.sees(passage)
    trainer.follow("Back to the course")
    trainer.press("Teach 2.0")
    trainer.sees("now teaches the live version")
    course_page(rep)
    rep.sees("Changed: read it again")
    rep.sees("Completed")  # what was completed stays so
    rep.follow(title)
    rep.press("I have read what changed")
    course_page(rep)
    expect(rep.page.get_by_role("main")).not_to_contain_text("read it again")
