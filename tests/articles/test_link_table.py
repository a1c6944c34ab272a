"""After any history the table of links says what the live texts name, and the earlier titles what they were called."""

from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core import outbox
from core.actors import Actor
from core.db import reading, session, writing
from core.errors import DomainError
from tests.make import Make
from wiki.articles import link_upkeep, provisional, publishing
from wiki.articles.link_models import Link, Redirect
from wiki.articles.models import Article, Submission
from wiki.articles.ops import withdraw

TITLES = ["一", "二 ", "三", "Four"]
TEXTS = ["", "[[一]]", "[[二|w]] ![[x]]", "![[三]]\n\n[[FOUR]]", "`[[一]]` [[ five ]]", "![[一]]"]

publish = st.tuples(st.just("publish"), st.sampled_from(["faq", "block"]), st.sampled_from(TITLES),
                    st.sampled_from(TEXTS))  # fmt: skip
change = st.tuples(st.just("change"), st.integers(0, 5), st.sampled_from(TITLES), st.sampled_from(TEXTS),
                   st.booleans())  # fmt: skip
retire = st.tuples(st.just("retire"), st.integers(0, 5))
early = st.tuples(st.just("early"), st.integers(0, 5), st.sampled_from(TITLES), st.sampled_from(TEXTS), st.booleans())
back = st.tuples(st.just("back"), st.integers(0, 5))
settle = st.tuples(st.just("settle"))
HISTORIES = st.lists(st.one_of(publish, publish, change, change, retire, back, early, settle), min_size=2, max_size=9)


@dataclass
class Story:
    """A history as it is played through the verbs."""

    make: Make
    boss: Actor
    lead: Actor
    author: Actor
    articles: list[tuple[str, str]] = field(default_factory=list)  # slug, kind

    def play(self, act: tuple) -> None:
        verb, *about = act
        getattr(self, verb)(*about)

    def publish(self, kind: str, title: str, body: str) -> None:
        made = self.make.article(self.author, kind, title=title, body=body or "text")
        self.articles.append((made.slug, kind))

    def pick(self, number: int) -> tuple[str, str] | None:
        found = self.articles[number % len(self.articles)] if self.articles else None
        with reading():
            row = session.scalar(Article.__table__.select().where(Article.slug == found[0])) if found else None
            live = row is not None and session.get_one(Article, row).live
        return found if live else None

    def change(self, number: int, title: str, body: str, closed: bool) -> None:
        found = self.pick(number)
        if found is not None:
            who = {"audience": "restricted", "readers": ["role:qa"]} if closed else {}
            self.make.article(self.author, found[1], article=found[0], title=title, body=body or "text", **who)

    def retire(self, number: int) -> None:
        found = self.pick(number)
        if found is not None:
            with writing():
                row = session.scalars(Article.__table__.select().where(Article.slug == found[0])).one()
                publishing.retire(session.get_one(Article, row), self.boss, reason="old")

    def back(self, number: int) -> None:
        """What was retired, and is not there any more, is put back."""
        if self.articles:
            slug = self.articles[number % len(self.articles)][0]
            with writing():
                row = session.scalars(Article.__table__.select().where(Article.slug == slug)).one()
                publishing.put_back(session.get_one(Article, row), self.boss, reason="needed")

    def early(self, number: int, title: str, body: str, taken_back: bool) -> None:
        """Two people publish a change before its review, which is then withdrawn, or approves it."""
        found = self.pick(number)
        if found is None:
            return
        with writing():
            made = self.make.submission(self.author, found[1], article=found[0], title=title, body=body or "text")
            number = made.id
            provisional.ask_emergency(made, self.lead, "it burns")
        with writing():
            made = session.get_one(Submission, number)
            provisional.confirm_emergency(made, self.boss)
        with writing():
            made = session.get_one(Submission, number)
            withdraw(made, self.author) if taken_back else self.make.approved(made)

    def settle(self) -> None:
        outbox.drain()


@pytest.mark.both_databases
@pytest.mark.timeout(600)
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate],
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(history=HISTORIES)
def test_the_table_says_what_is_published(app, make, history):
    for topic in ("faq", "block"):
        make.pipeline("business", topic=topic)
    story = Story(make, make.actor("manager"), make.actor("supervisor"), make.actor("rep"))
    for act in history:
        with suppress(DomainError):  # what the house refuses has not happened: a block in itself, a closed circle
            story.play(act)
    outbox.drain()
    with reading():
        assert list(link_upkeep.differences()) == []


@pytest.mark.both_databases
def test_rebuilding_makes_the_same_and_keeps_one_piece_at_a_time(app, make, monkeypatch):
    monkeypatch.setattr(link_upkeep, "CHUNK", 1)
    held: list[int] = []

    def watched(ids):
        count = link_upkeep.relink(ids)
        held.append(sum(isinstance(one, Article) for one in session.info.get("held", ())))
        return count

    monkeypatch.setattr(link_upkeep, "STEPS", (link_upkeep.refold, link_upkeep.retitle, watched))
    make.pipeline("business", topic="faq")
    slug = make.article(title="一", body="[[二]] [[三|w]]").slug
    make.article(title="二", body="![[x]] [[一]]")
    make.article(article=slug, title="新", body="[[二]]")
    outbox.drain()

    def tables() -> tuple[set, set]:
        with reading():
            links = {(r.from_id, r.to_id, r.kind, r.folded, r.words, r.title) for r in session.query(Link)}
            return links, {(r.article_id, r.folded, r.title) for r in session.query(Redirect)}

    before = tables()
    with writing():
        session.query(Link).delete()
        session.query(Redirect).delete()
        session.execute(Article.__table__.update().values(folded_title=""))
    with reading():
        assert list(link_upkeep.differences())
    verify = app.test_cli_runner().invoke(args=["links", "verify"])
    assert verify.exit_code == 1
    assert "is missing" in verify.output
    with writing():
        link_upkeep.fill()
    assert tables() == before
    assert held == [1, 1]
    with writing():
        session.query(Link).delete()
        session.query(Redirect).delete()
    assert app.test_cli_runner().invoke(args=["links", "rebuild"]).output.startswith("3 links in 2 articles")
    assert tables() == before
    assert held == [1] * 4
    assert app.test_cli_runner().invoke(args=["links", "verify"]).exit_code == 0
