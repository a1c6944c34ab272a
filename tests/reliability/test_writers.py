"""Many write at once: nobody meets a locked database, and no update is lost."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from accounts import queries as people_queries
from accounts.people import actor_of
from core.db import reading, session, writing
from tests.clients import Script
from tests.make import Make
from wiki.articles.models import DraftBuffer, Revision, Submission, SubmissionAuthor
from workflows.models import Decision
from workflows.pipeline_world import World

pytestmark = pytest.mark.both_databases
WRITERS, TURNS = 12, 6


@pytest.fixture
def scripts(app: Flask, make: Make) -> Callable[..., Script]:
    """A script for each thread: ``scripts(user)``."""
    return lambda user: Script(app.test_client(use_cookies=False), make.token(user))


def all_at_once(acts: list[Callable[[], list]]) -> Counter:
    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(itertools.chain.from_iterable(pool.map(lambda act: act(), acts)))


def everybody_writes(make: Make, scripts: Callable[..., Script], writers: int, turns: int) -> None:
    def write(script: Script) -> list[int]:
        out = []
        for turn in range(turns):
            body = {"kind": "faq", "title": f"问题 {turn}", "fields": {"question": "问", "answer": "答"}}
            made = script.post("/submissions", body)
            out += [made.status_code, script.post(f"/submissions/{made.json['id']}/submit").status_code]
        return out

    mine = [scripts(make.user("rep")) for _ in range(writers)]
    answers = all_at_once([lambda s=script: write(s) for script in mine])
    assert answers == {201: writers * turns, 200: writers * turns}
    with reading() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(Revision)) == writers * turns


def test_everybody_writes_their_own(make: Make, scripts: Callable[..., Script]):
    everybody_writes(make, scripts, WRITERS, TURNS)


def test_who_waits_for_the_right_to_write_holds_nothing_that_its_holder_needs(app: Flask, monkeypatch) -> None:
    """Two save a pipeline: the second asks for the teams while the first writes, and the first asks for them then.

    `functools.cached_property` has one lock for all objects of a class (until Python 3.12): each waited for the other,
    and everybody else for both, until the second was refused after half a minute.
    """
    asked, teams = threading.Event(), people_queries.teams

    def told() -> Any:
        asked.set()
        return teams()

    def second() -> dict[str, str]:
        with app.app_context(), writing():
            return World().teams

    monkeypatch.setattr(people_queries, "teams", told)
    with ThreadPoolExecutor(1) as pool:
        with writing() as s:
            s.execute(sa.select(1))
            later = pool.submit(second)
            assert asked.wait(30)
            first = World().teams
        assert later.result() == first


@pytest.mark.soak
def test_fifty_write_their_own(make: Make, scripts: Callable[..., Script]):
    everybody_writes(make, scripts, 50, 20)


def everybody_counts_on(make: Make, scripts: Callable[..., Script], writers: int, turns: int, shared: int) -> None:
    """Co-authors of the same drafts read a number and write the next one with If-Match: none is written twice."""
    users = [make.user("rep") for _ in range(writers)]
    with writing():
        drafts = [make.submission(actor_of(users[0]), submitted=False, body="0").id for _ in range(shared)]
        for draft, (place, user) in itertools.product(drafts, list(enumerate(users))[1:]):
            session.add(SubmissionAuthor(submission_id=draft, user_id=user.id, position=place))

    def count_on(script: Script, first: int) -> list[int]:
        out: list[int] = []
        for turn in range(turns):
            here = f"/submissions/{drafts[(first + turn) % shared]}"
            while True:
                seen = script.get(here)
                assert seen.status_code == 200, seen.text
                time.sleep(0.01)  # others read the same meanwhile
                following = {"body": str(int(seen.json["body"]) + 1)}
                out.append(script.put(here, following, If_Match=seen.headers["ETag"]).status_code)
                if out[-1] != 412:
                    break
        return out

    mine = [scripts(user) for user in users]
    answers = all_at_once([lambda s=script, n=n: count_on(s, n) for n, script in enumerate(mine)])
    assert answers[200] == writers * turns
    assert set(answers) <= {200, 412}, "nobody met a locked database"
    with reading() as s:
        heads = [s.get_one(Submission, draft).head for draft in drafts]
        assert [int(head.body) for head in heads] == [head.number - 1 for head in heads]
        assert sum(int(head.body) for head in heads) == writers * turns


def test_no_update_is_lost(make: Make, scripts: Callable[..., Script]):
    everybody_counts_on(make, scripts, 8, 1, shared=1)


@pytest.mark.soak
def test_fifty_lose_no_update(make: Make, scripts: Callable[..., Script]):
    everybody_counts_on(make, scripts, 50, 20, shared=20)


def test_parallel_autosaves_of_two_windows(make: Make, signed_in):
    """The first words of one page reach the server twice at once, and twenty more times: one draft, one buffer."""
    user = make.user("rep")
    browsers = [signed_in(user) for _ in range(4)]
    token = [browser.csrf("/new/faq") for browser in browsers]

    def type_on(number: int) -> list[int]:
        return [
            browsers[number]
            .put("/drafts/same-key", data={"kind": "faq", "title": f"{number}-{turn}", "csrf_token": token[number]})
            .status_code
            for turn in range(5)
        ]

    answers = all_at_once([lambda n=n: type_on(n) for n in range(4)])
    assert answers == {200: 20}
    with reading() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(Submission)) == 1
        assert s.scalar(sa.select(sa.func.count()).select_from(DraftBuffer)) == 1


def test_many_judges_on_few_tasks(make: Make, scripts: Callable[..., Script]):
    author = make.actor("rep")
    made = [make.submission(author) for _ in range(6)]
    with reading():
        tasks = [make.task(one).id for one in made]
    judges = [scripts(make.user("business")) for _ in range(6)]

    def judge(script: Script, shift: int) -> list[int]:
        order = tasks[shift:] + tasks[:shift]
        return [
            script.post(f"/reviews/{task}/decisions", {"verb": "approve", "version": 1}).status_code for task in order
        ]

    answers = all_at_once([lambda s=script, n=n: judge(s, n) for n, script in enumerate(judges)])
    assert answers == {200: len(tasks), 409: len(tasks) * (len(judges) - 1)}
    with reading() as s:
        assert s.scalar(sa.select(sa.func.count()).select_from(Decision)) == len(tasks)
