"""The demo: it loads, everybody finds work, and every number in it can be reckoned again."""

import contextlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from accounts import passwords
from accounts.models import User
from accounts.people import actor_of
from accounts.rules import PASSWORD_MIN, REVIEWERS
from core import buffers, caches, clock, migrate
from core.db import reading, session
from core.errors import Conflict
from core.outbox import drain
from core.permissions import allowed
from core.settings import load as load_settings
from tests.clients import Browser
from tests.support import run
from wiki.app import create_app
from wiki.articles.content import of_revision
from wiki.articles.diff import changes
from wiki.articles.kinds import KINDS
from wiki.articles.models import Article, Publication, Revision, Submission, SubmissionState
from wiki.articles.permissions import P
from wiki.demo import usage
from wiki.demo.content import FOLDER, Library
from wiki.demo.hours import worked_back
from wiki.demo.load import load
from wiki.feedback.models import Feedback
from wiki.kpi.models import CardSnapshot, ClosedPeriod, KpiReading
from wiki.scoring import rebuilding as scoring
from wiki.scoring.models import LedgerEntry
from wiki.search import gaps, log_queries, words, writing
from wiki.training.acknowledging import must_read
from wiki.training.chasing import counts
from wiki.training.models import Attempt, Enrolment
from workflows.models import Decision, Task
from workflows.queries import count_waiting
from workflows.rules import TaskState, Verb

NOW = datetime(2026, 11, 18, 6, 20, tzinfo=UTC)  # a Wednesday, twenty past two in Shanghai
LIBRARY = Library()


@dataclass
class Demo:
    """A loaded demo."""

    app: Flask
    logins: dict[str, str]  # username → password


@contextlib.contextmanager
def application(folder: Path, url: str) -> Iterator[Flask]:
    caches.forget_everything()
    buffers.forget_all()
    app = create_app(load_settings({"var": folder, "database_url": url, "allow_unsafe_database": True}, environ={}))
    app.testing = True
    app.test_client_class = Browser
    with app.app_context():
        yield app
    app.extensions["spiral.database"].close()


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path) -> Path:
    """A folder with the loaded demo, made once in a run whoever needs it."""
    folder = run.folder() / "demo"
    with run.locked("demo"):
        if not (folder / "logins.json").exists():
            folder.mkdir(exist_ok=True)
            shutil.copyfile(sqlite_template, folder / "spiral.db")
            with clock.fixed(NOW), application(folder, f"sqlite:///{folder / 'spiral.db'}") as app:
                told = load()
                with app.extensions["spiral.database"].writer.connect() as connection:
                    connection.exec_driver_sql("COMMIT")
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            (folder / "logins.json").write_text(json.dumps(told))
    return folder


@pytest.fixture(scope="module")
def demo(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo of this module, at the moment of its loading."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copyfile(loaded / "spiral.db", folder / "spiral.db")
    told = json.loads((loaded / "logins.json").read_text())
    with clock.fixed(NOW), application(folder, f"sqlite:///{folder / 'spiral.db'}") as app:
        yield Demo(app, {username: password for username, password, _name, _roles in told})


@pytest.fixture
def looking(demo: Demo) -> Iterator[Demo]:
    """A read transaction over the demo."""
    with reading():
        yield demo


def user(username: str) -> User:
    return session.scalars(sa.select(User).where(User.username == username)).one()


SLICES = [one["title"] for one in LIBRARY.scores["slices"]]


def texts(state: str) -> int:
    return sum(text.state == state for text in LIBRARY.texts)


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_text_is_where_the_content_says(looking: Demo) -> None:
    states = Counter(session.scalars(sa.select(Submission.state)))
    versions = sum(1 + len(text.earlier) for text in LIBRARY.texts if text.state == "published")
    assert states == {
        SubmissionState.PUBLISHED: versions + len(SLICES),
        SubmissionState.IN_REVIEW: texts("in_review"),
        SubmissionState.DRAFT: texts("draft"),
        SubmissionState.RETURNED: texts("returned"),
        SubmissionState.REJECTED: texts("rejected"),
    }
    live = session.scalars(sa.select(Article).where(Article.live)).all()
    early = {act["article"] for act in LIBRARY.activity["before_review"] if act["kind"] == "workaround"}
    assert {a.title for a in live if a.provisional} == early
    titles = {t.title for t in LIBRARY.texts if t.state == "published"} | set(SLICES[:2])  # the third was a duplicate
    assert {a.title for a in live if not a.provisional} == titles
    assert len({a.slug for a in live}) == len(live)


def test_titles_bodies_and_names_come_from_the_content(looking: Demo) -> None:
    content = "".join(path.read_text("utf-8") for path in FOLDER.rglob("*.*"))
    squeezed = "".join(content.split())
    for revision in session.scalars(sa.select(Revision)):
        assert revision.title in content
        for line in filter(None, revision.body.splitlines()):
            assert "".join(line.split()) in squeezed, (revision.title, line)
    for note in session.scalars(sa.select(Decision.note).where(Decision.note != "")):
        assert note in content
    for name in session.scalars(sa.select(User.name)):
        assert name in content


def test_every_stage_waits_with_overdue_and_fresh_work(looking: Demo) -> None:
    tasks = session.scalars(sa.select(Task).where(Task.state == TaskState.OPEN, sa.not_(Task.blind))).all()
    wanted = Counter(text.stage for text in LIBRARY.texts if text.state == "in_review")
    assert Counter(task.stage for task in tasks) == wanted
    for stage in REVIEWERS:
        late = [task.due_at < NOW for task in tasks if task.stage == stage]  # type: ignore[operator]
        assert any(late) and not all(late), stage
    assert any(t.due_at and t.due_at > NOW and t.due_at.date() == NOW.date() for t in tasks), "something is due today"
    assert any((NOW - t.opened_at).total_seconds() < 2 * 3600 for t in tasks), "something has just arrived"


def test_each_reviewer_finds_work(looking: Demo) -> None:
    for person in LIBRARY.people.values():
        if set(person.roles) & set(REVIEWERS):
            assert count_waiting(actor_of(user(person.username))) > 0, person.username


def test_versions_differ_readably(looking: Demo) -> None:
    two = session.scalars(
        sa.select(Article.id).join(Publication).group_by(Article.id).having(sa.func.count() > 1)
    ).all()
    assert len(two) == sum(bool(text.earlier) for text in LIBRARY.texts)
    numbers = set()
    for article_id in two:
        rows = session.scalars(
            sa.select(Publication).where(Publication.article_id == article_id).order_by(Publication.id)
        ).all()
        old, new = rows[0], rows[-1]
        numbers |= {old.version, new.version}
        assert old.version == "1.0" and old.published_at < new.published_at and new.reason
        changed, _same = changes(KINDS[new.revision.kind], of_revision(old.revision), of_revision(new.revision))
        assert changed, new.revision.title
    assert {"1.0", "1.1", "2.0"} <= numbers


def test_nobody_judged_own_work_and_each_send_back_came_before_the_approval(looking: Demo) -> None:
    for decision in session.scalars(sa.select(Decision)):
        assert decision.actor_id not in decision.task.review.author_ids
    for back in LIBRARY.activity["send_backs"]:
        row = session.scalars(sa.select(Decision).where(Decision.note == back["remark"])).one()
        assert row.verb is Verb.SEND_BACK and row.stage == back["stage"]
        assert row.task.round.number == 1 and row.task.review.round_number == 2
        assert row.task.review.title == back["article"]


def test_acts_lie_in_the_past_and_in_working_hours(looking: Demo) -> None:
    assert session.scalar(sa.select(sa.func.max(Feedback.at))) <= NOW  # type: ignore[operator]
    for at in session.scalars(sa.select(Decision.decided_at)):
        assert at <= NOW
        assert 8 <= (at.hour + 8) % 24 < 22, at  # both sites are eight hours ahead


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_ledger_is_what_happened(looking: Demo) -> None:
    assert scoring.verify() == [] and scoring.unrecorded() == {}
    total = session.scalar(sa.select(sa.func.sum(LedgerEntry.points)))
    assert total and total > 0
    earned = set(session.scalars(sa.select(LedgerEntry.user_id)))
    assert {user(name).id for name in ("chenyu", "wuxinyi", "qianwei", "shenlan", "zhaoli", "hanmei")} <= earned


def test_every_use_is_kept_and_own_ones_earn_nothing(looking: Demo) -> None:
    counts = sum(sum(row) for rows in LIBRARY.activity["uses"].values() for row in rows.values())
    uses = session.scalars(sa.select(Feedback).where(Feedback.used_in_call)).all()
    assert len(uses) == counts
    own = [row for row in uses if row.user_id in row.author_ids]
    assert all(row.own for row in own)
    paid = set(session.scalars(sa.select(LedgerEntry.source_id).where(LedgerEntry.source_kind == "feedback")))
    assert not paid & {row.id for row in own}


def test_months_are_closed_but_for_the_last_two(looking: Demo) -> None:
    assert set(session.scalars(sa.select(ClosedPeriod.period))) == {f"2026-0{month}" for month in range(5, 10)}
    months = sa.select(KpiReading.period).where(sa.func.length(KpiReading.period) == 7)  # beside days of new hires
    assert set(session.scalars(months)) == {
        *(f"2026-0{month}" for month in range(5, 10)), "2026-10", "2026-11",
    }  # fmt: skip
    centre = session.scalars(
        sa.select(CardSnapshot).where(CardSnapshot.period == "2026-09", CardSnapshot.subject_kind == "centre")
    ).one()
    assert centre.total and centre.total > 50


def test_courses_have_those_who_passed_and_those_who_are_behind(looking: Demo) -> None:
    for course in LIBRARY.courses:
        passed = {a["by"] for a in course["attempts"]} - {p["by"] for p in course["progress"]}
        done = session.scalars(
            sa.select(User.username)
            .join(Enrolment, Enrolment.user_id == User.id)
            .where(Enrolment.completed_at.is_not(None), Enrolment.course.has(title=course["title"]))
        ).all()
        assert set(done) == passed
    assert session.scalar(sa.select(sa.func.count(Attempt.id)).where(sa.not_(Attempt.passed))) == 3
    assert session.scalar(sa.select(sa.func.count(LedgerEntry.id)).where(LedgerEntry.unit == "credits")) == 8 + 7


def test_some_have_still_to_confirm_a_notice(looking: Demo) -> None:
    assert must_read(actor_of(user("tangxin")))
    assert not [m for m in must_read(actor_of(user("chenyu"))) if m.article.title.startswith("“畅享 88”")]


def test_one_text_is_urgent_and_one_is_overdue_with_people_who_have_not(looking: Demo) -> None:
    found = {one.ask.article.title[:4]: one for one in counts(actor_of(user("gaoyuan"))) if one.ask.row is not None}
    assert found["流量超出"].ask.urgent and found["流量超出"].waiting and found["流量超出"].confirmed
    assert found["宽带故障"].ask.due_at < NOW and found["宽带故障"].waiting and found["宽带故障"].confirmed


# ── signing in, and loading again ────────────────────────────────────────────────────────────────────────────────────


def test_some_questions_wait_for_a_text_and_some_are_being_written(looking: Demo) -> None:
    found = gaps.gaps(actor_of(user("gaoyuan")))
    assert Counter(one.view for one in found).keys() == {"open", "writing", "settled"}
    assert found[0].group.people >= 5
    assert any(len(one.group.wordings) > 1 for one in found)
    assert session.scalars(writing.waiting(actor_of(user("chenyu")))).all()
    assert log_queries.turns(NOW - timedelta(days=30), words.current())


def test_everybody_can_sign_in(looking: Demo) -> None:
    assert set(looking.logins) == set(LIBRARY.people)
    assert len(set(looking.logins.values())) == len(looking.logins)
    for username, password in looking.logins.items():
        assert len(password) >= PASSWORD_MIN
        assert passwords.verify(user(username).password_hash, password), username


def test_a_supervisor_signs_in_and_finds_the_inbox_full(demo: Demo) -> None:
    browser = demo.app.test_client()
    assert isinstance(browser, Browser)
    browser.sign_in("xujianhong", demo.logins["xujianhong"])
    assert "到場維修需要改期時的通知話術" in browser.text("/reviews")


@pytest.mark.parametrize("username", ["chenyu", "shenlan", "qiuzhiming", "guomei", "gaoyuan", "davidlee"])
def test_pages_answer_whoever_looks(demo: Demo, username: str) -> None:
    browser = demo.app.test_client()
    assert isinstance(browser, Browser)
    browser.sign_in(username, demo.logins[username])
    with reading():
        who = actor_of(user(username))
        slugs = session.scalars(sa.select(Article.slug).where(allowed(who, P.READ))).all()
    assert len(slugs) > texts("published") - 3
    for path in ("/", "/reviews", "/submissions/mine", "/scorecard", "/ledger", "/courses", "/search?q=宽带"):
        browser.text(path)
    for slug in slugs:
        browser.text(f"/articles/{slug}")
    browser.text(f"/articles/{slugs[0]}/history")


def test_it_is_found_once_the_promises_are_kept(demo: Demo) -> None:
    drain()
    browser = demo.app.test_client()
    assert isinstance(browser, Browser)
    browser.sign_in("liuyang", demo.logins["liuyang"])
    assert "五分钟远程排查话术" in browser.text("/search?q=光猫红灯")


def test_a_second_load_is_refused(demo: Demo) -> None:
    with pytest.raises(Conflict) as refusal:
        load()
    assert refusal.value.code == "not-empty"
    answer = demo.app.test_cli_runner().invoke(args=["demo", "load"])
    assert answer.exit_code == 1 and "Traceback" not in answer.output
    with reading():
        assert session.scalar(sa.select(sa.func.count(User.id))) == len(LIBRARY.people)


@pytest.mark.postgres
@pytest.mark.timeout(600)  # half a year of work, with every commit on the disk
@pytest.mark.parametrize("share", [pytest.param(1, marks=pytest.mark.soak), 8])
def test_it_loads_into_postgresql(new_postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: int) -> None:
    """Every act of it; of the 2,700 calls in which a text was used, which are all alike, an eighth."""
    every = usage._uses
    fewer = lambda plan, text, name, windows: every(plan, text, name, [-(-count // share) for count in windows])  # noqa: E731
    monkeypatch.setattr(usage, "_uses", fewer)
    with application(tmp_path, new_postgres()) as app:
        migrate.bring_up(app)
        load()
        with reading():
            assert scoring.verify() == []
            live = session.scalar(sa.select(sa.func.count(Article.id)).where(Article.live))
            assert live == texts("published") + 1 + 2  # and the workaround; and two slices


def test_working_hours_are_counted_back_over_the_night() -> None:
    zone = LIBRARY.zone("chenyu")
    morning = datetime(2026, 11, 18, 10, 0, tzinfo=zone)
    assert worked_back(morning, 3, zone) == datetime(2026, 11, 17, 16, 0, tzinfo=zone)
    assert worked_back(morning, 0.5, zone) == datetime(2026, 11, 18, 9, 30, tzinfo=zone)
    night = datetime(2026, 11, 18, 3, 0, tzinfo=zone)
    assert worked_back(night, 1, zone) == datetime(2026, 11, 17, 17, 0, tzinfo=zone)
