"""A small centre with something to hide in every corner, for the tests that try the doors.

``SECRETS`` are words that stand in titles and texts; each names who may ever meet it. Everything else is public.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from accounts import absences
from accounts.models import ApiToken, LoginSession, User
from accounts.people import actor_of
from core import clock, outbox, web
from core.db import session, writing
from core.i18n import choose_zone, local
from tests.clients import Browser, Script
from tests.make import Make
from tests.support.files import picture
from wiki.articles import draft_ops, files, ops, provisional
from wiki.articles.models import Category, Submission
from wiki.exchange import ops as imports
from wiki.feedback import flagging
from wiki.feedback import ops as feedback
from wiki.feedback.models import Feedback
from wiki.kpi import appeals, queries
from wiki.kpi import files as files_of_figures
from wiki.kpi.bringing import import_readings
from wiki.kpi.cuika_models import KpiAction
from wiki.kpi.cuika_rules import ActionState
from wiki.kpi.models import KpiReading, SubjectKind
from wiki.kpi.periods import of_moment
from wiki.kpi.subjects import of_person
from wiki.people import interviews, leaving, paths
from wiki.people.leaving_rules import Sort
from wiki.people.path_models import StepSort
from wiki.scoring.models import Finding, FindingKind
from wiki.search import log, pins, words
from wiki.search import writing as writing_tasks
from wiki.search.models import Source
from wiki.training import learning, must_read_asking, outline, practice, quizzes, recalling
from wiki.training import ops as teaching
from wiki.training.assigning import assign
from wiki.training.models import Course
from wiki.training.recall_models import RecallCard
from wiki.training.rules import Kind, Requires, spec
from workflows import deciding, experts
from workflows.models import Remark

PEOPLE = ("nobody", "gone", "author", "rep", "business", "qa", "training", "supervisor", "manager", "admin")
SECRETS = {
    "zzdraft": {"author"},  # a draft
    "zzreview": {"author", "business", "manager"},  # under review for a closed circle, lies with the business reviewers
    "zzcircle": {"author", "qa", "manager"},  # published for a closed circle
    "zzearlier": {"author", "qa", "manager"},  # the first version, of an article that all may read now
    "zznarrow": {"author", "qa", "manager"},  # an article that all could read once
    "zzopening": {"author", "business", "qa", "manager"},  # a proposal to open a closed article, not yet approved
    "zzcourse": {"training", "manager"},  # a course that is not open yet
}


def secret(word: str, **about: Any) -> dict[str, Any]:
    """A text with the word in every corner, for the circle of the quality reviewers."""
    return {
        "title": f"{word} title",
        "body": f"{word} body",
        "fields": {"question": f"{word} question", "answer": f"{word} answer"},
        "tags": [f"{word}-tag"],
        "audience": "restricted",
        "readers": ["role:qa"],
        **about,
    }


class World:
    """Everybody and everything, by name."""

    session_of_author: int | None
    token_of_author: int | None

    def __init__(self, make: Make) -> None:
        self.make = make
        self.users: dict[str, User] = {}
        with writing():
            self._people()
            self._texts()
            self._courses()
            self._actions()
            self._leaver()
            self._new_hire()
            self._left_over()
        outbox.drain()

    def _people(self) -> None:
        make, team = self.make, {"author": "billing", "supervisor": "billing", "rep": "faults"}
        for name in PEOPLE[1:]:
            role = {"gone": "manager", "author": "rep"}.get(name, name)
            self.users[name] = make.user(role, username=name, name=f"The {name}", team=team.get(name))
        self.users["victim"] = make.user("rep", username="victim", team="faults")
        self.actors = {name: actor_of(user) for name, user in self.users.items()}
        session.flush()
        tomorrow, author = clock.now() + timedelta(days=1), self.actors["author"]
        self.brought = imports.begin(self.actors["manager"], "0" * 32, "zz.md", b"x", [], []).id
        author, manager = self.actors["author"], self.actors["manager"]
        month = of_moment(clock.now(), choose_zone())
        self.appeal = appeals.appeal(author, of_person(self.users["author"]), month, "csat", "it was better").id
        data = b"indicator,subject,period,value\ncsat,centre,2026-01,9\n"
        self.figures = files_of_figures.begin(manager, "zz.csv", data).id
        row = {"indicator": "csat", "subject": "centre", "period": str(month), "value": "90"}
        import_readings(manager, [(2, row)], source="zz.csv")
        self.reading = session.scalars(sa.select(KpiReading.id)).one()
        self.absence = absences.announce(author, author.id, tomorrow, tomorrow + timedelta(days=1)).id

    def _texts(self) -> None:
        make, who = self.make, self.actors
        author = who["author"]
        drawn, closed, shown = (files.keep(author, "a.png", picture(width)) for width in (5, 6, 7))
        self.draft_file, self.circle_file, self.open_file = drawn.id, closed.id, shown.id
        text = secret("zzdraft", audience="internal", readers=[], body=f"zzdraft body {drawn.markdown()}")
        self.draft = make.submission(author, submitted=False, **text).id
        self.review = make.submission(author, title="under review").id
        self.closed_review = make.submission(author, **secret("zzreview")).id
        self.circle = make.article(author, **secret("zzcircle", body=f"zzcircle body {closed.markdown()}")).slug
        self.open = make.article(author, title="open to all", body=f"[shown]({shown.url})").slug
        earlier = make.article(author, **secret("zzearlier"))
        earlier.slug = "opened"  # an address is made once; whoever opens an article sees what it says
        self.earlier = make.article(author, article=earlier.slug, title="now for all").slug
        narrow = make.article(author, title="once for all")
        self.narrow = make.article(author, article=narrow.slug, **secret("zznarrow")).slug
        self.opening = make.submission(author, article=self.circle, title="zzopening title", body="zzopening body").id
        asked = make.submission(author, title="asked for")
        provisional.ask_emergency(asked, who["manager"], "it burns")
        self.emergency = asked.id
        self.task = make.task(session.get_one(Submission, self.review)).id
        self.closed_task = make.task(session.get_one(Submission, self.closed_review)).id
        noted = deciding.comment(self.task, who["business"], note="", remarks=[deciding.Passage("body", "", "shorter")])
        self.remark = session.scalars(sa.select(Remark.id).where(Remark.decision_id == noted.id)).one()
        asked = make.task(make.submission(author, title="an expert is asked")).id
        self.asked = experts.ask_colleague(asked, who["business"], username="rep", question="Is it so?").id
        self.link = experts.ask_outside(asked, who["business"], name="Somebody outside", question="Is it so?")[1]
        draft_ops.autosave(session.get_one(Submission, self.draft), author, {"title": ["zzdraft typed"]})
        self.pin = pins.pin(who["manager"], "open", self.circle).id
        self.writing = writing_tasks.ask(who["manager"], "what is missing", whom=f"user:{who['rep'].id}").id
        asked_of = {self.circle: "role:training", self.narrow: "role:training", self.open: f"user:{who['victim'].id}"}
        for slug, token in asked_of.items():  # who trains does not read the first two
            article, soon = ops.readable_article(who["manager"], slug), clock.now() + timedelta(days=3)
            must_read_asking.ask(who["manager"], article, due_at=soon, circle=[token], urgent=True)
        for word in ("zzcircle", "zznarrow"):  # somebody of the circle looked for it, and opened nothing
            said = f"{word} title"
            log.keep(session, [log.Asked(clock.now(), who["qa"].id, said, 1, Source.PAGE, word)])
        for slug in (self.circle, self.open):
            article = ops.readable_article(who["qa"], slug)
            feedback.say(article, who["qa"], helpful=True, used_in_call=True, comment="fine")
        closed = ops.readable_article(who["qa"], self.circle)
        feedback.say(closed, who["manager"], helpful=False, used_in_call=False, reason="wrong", comment="zzcircle no")
        of_it = sa.select(Feedback.id).where(Feedback.article_id == closed.id, Feedback.comment == "zzcircle no")
        self.said_of_circle = session.scalars(of_it).one()
        flags = {slug: flagging.flag(ops.readable_article(who["qa"], slug), who["qa"], reason="wrong",
                                     comment=f"{word} is wrong").id
                 for slug, word in ((self.open, "it"), (self.circle, "zzcircle"))}  # fmt: skip
        self.flag, self.closed_flag = flags[self.open], flags[self.circle]
        self.word = words.add(who["manager"], "话费 = 账单").id

    def _courses(self) -> None:
        manager = self.actors["manager"]
        course = teaching.create_course(manager, teaching.CourseSpec("course for all", requires=Requires.QUIZZES))
        for slug, version in ((self.open, None), (self.circle, None), (self.earlier, "1.0"), (self.narrow, "1.0")):
            teaching.add_lesson(course, manager, slug, version=version)
        circle = ops.readable_article(manager, self.circle)
        question = spec(Kind.SINGLE, "Which?", ["This", "That"], 0, explanation="Because.", article_id=circle.id)
        quiz = quizzes.add_quiz(course, manager, quizzes.QuizSpec("a quiz", shuffle=False), (question,))
        begins = clock.now() + timedelta(days=1)
        about = practice.SessionSpec("a session", "Room 1", begins, begins + timedelta(hours=1))
        self.session = practice.save_session(course, manager, about).id
        todo = practice.save_task(course, manager, "a task", "Do it.")
        teaching.publish(course, manager)
        self.todo, self.report = todo.id, practice.say_done(todo, self.actors["author"]).id
        self.module = outline.add_module(course, manager, "a part").id
        self.course, self.quiz, self.question = course.slug, quiz.id, quiz.questions[0].id
        assign(course, manager, user=self.users["author"])
        self.attempt = learning.hand_in(quiz, self.actors["author"], {self.question: []}).id
        card = session.scalars(sa.select(RecallCard)).one()
        card.due_on = recalling.today()
        self.recall_answer = recalling.answer(card, self.actors["author"], [], number=1).id
        card.due_on = recalling.today()
        self.card = card.id
        seen = {"since": "2026-01-01", "ties": []}
        row = Finding(
            kind=FindingKind.RING, key="zz", people=[self.users["rep"].id], evidence=seen,
            strength=1, found_at=clock.now(), seen_at=clock.now(),
        )  # fmt: skip
        session.add(row)
        session.flush()
        self.finding = row.id
        hidden = teaching.create_course(manager, teaching.CourseSpec("zzcourse title", "zzcourse summary"))
        teaching.add_lesson(hidden, manager, self.open)
        quiz = quizzes.add_quiz(hidden, manager, quizzes.QuizSpec("zzcourse quiz"), (question,))
        self.hidden_course, self.hidden_quiz = hidden.slug, quiz.id

    def _actions(self) -> None:
        """Something is to be done about a figure of the author's team, by a colleague of another one."""
        manager, code = self.users["manager"], queries.indicator("cases_closed_24h")
        action = KpiAction(
            indicator_id=code.id if code else 0,
            subject_kind=SubjectKind.TEAM,
            subject_id=self.users["author"].team_id or 0,
            period="2026-01",
            what="Listen to calls together",
            owner_id=self.users["rep"].id,
            due_on=clock.now().date(),
            state=ActionState.OPEN,
            made_at=clock.now(),
            made_by_id=manager.id,
        )
        session.add(action)
        session.flush()
        self.action = action.id

    def _leaver(self) -> None:
        """The author leaves; the other rep takes a course over, the trainer talks to them."""
        who = self.actors
        row = leaving.mark(who["manager"], who["author"].id, local(clock.now()).date(), disable=True)
        held = {(Sort.DRAFT, self.draft): who["rep"].id}
        leaving.hand_on(row, who["author"], held)
        interviews.ask_for(row, who["manager"], who["training"].id)
        ops.add_category("bills", "Bills")
        self.leaving = row.id
        self.handover = leaving.handovers(row)[0].id

    def _new_hire(self) -> None:
        """The author walks a path of one text."""
        training = self.actors["training"]
        path = paths.save_path(training, "a path")
        step = paths.add_step(path, training, 1, StepSort.READING, what=self.open)
        cohort = paths.make_cohort(training, "a cohort", path, local(clock.now()).date())
        row = paths.add_people(cohort, training, [self.users["author"]])[0]
        self.path, self.step, self.cohort, self.newcomer = path.id, step.id, cohort.id, row.id

    def _left_over(self) -> None:
        """A question of the bank that nobody asks, and a job that was given up."""
        trainer, now = self.actors["training"], clock.now()
        course = session.scalars(sa.select(Course).where(Course.slug == self.course)).one()
        about = quizzes.QuizSpec("gone"), (spec(Kind.SINGLE, "Who?", ["I", "You"], 0),)
        quiz = quizzes.add_quiz(course, trainer, *about)
        question = quiz.questions[0]
        question.category_id = session.scalars(sa.select(Category.id)).one()
        quizzes.remove_quiz(quiz, trainer)
        job = outbox.OutboxJob(
            topic="links.settle", key="zz", payload={}, created_at=now, available_at=now, attempts=outbox.TRIES,
            parked_at=now, error="it was cut off",
        )  # fmt: skip
        session.add(job)
        session.flush()
        self.banked, self.parked = question.id, job.id


def keep_nothing(patch: pytest.MonkeyPatch) -> None:
    """From now on every request is taken back once all it wrote was sent, so that the next finds the same world."""

    def undone(answer: Any) -> Any:
        session.flush()
        session.rollback()
        return answer

    patch.setattr(web, "_kept", undone)


def browsers(app: Any, world: World, signed_in: Callable[[User], Browser]) -> tuple[dict[str, Browser], dict[str, str]]:
    """A signed-in browser and a CSRF token for everybody; ``gone`` was disabled after signing in."""
    found: dict[str, Browser] = {"nobody": app.test_client()}
    for name in PEOPLE[1:]:
        found[name] = signed_in(world.users[name])
    tokens = {name: browser.csrf("/login" if name == "nobody" else "/profile") for name, browser in found.items()}
    _disable(world)
    return found, tokens


def scripts(world: World, api: Callable[..., Script]) -> dict[str, Script]:
    """A script for everybody."""
    found = {name: api(world.users[name]) for name in PEOPLE[1:]}
    _disable(world)
    with writing():
        mine = [
            sa.select(table.id).where(table.user_id == world.users["author"].id) for table in (LoginSession, ApiToken)
        ]
        world.session_of_author, world.token_of_author = (session.scalar(one.limit(1)) for one in mine)
    return {"nobody": api(), **found}


def _disable(world: World) -> None:
    from accounts import ops as people

    with writing():
        people.disable(None, session.get_one(User, world.users["gone"].id))
