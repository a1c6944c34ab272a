"""Content health over a whole centre: the list that is worked off from the top, and the figures kept for it."""

import random
import time
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from benchmarks.centres import centre
from benchmarks.harness import Figure, benchmark
from core import clock
from core.db import reading, session, writing
from core.i18n import local
from core.running import settle
from wiki.articles.models import Article
from wiki.articles.open_models import ArticleOpenDay
from wiki.feedback import figures
from wiki.feedback.figure_models import ArticleFigures
from wiki.feedback.models import Feedback

CHUNK = 5_000


def _readers(count: int) -> None:
    """Thirty days of readers for every second text, five votes and three uses for each: once."""
    if session.scalar(sa.select(ArticleOpenDay.article_id).limit(1)) is not None:
        return
    chance, now = random.Random(3), clock.now()
    today, ids = local(now).date(), range(1, count + 1)
    days = [
        {"article_id": n, "day": today - timedelta(days=day), "opens": chance.randint(1, 9), "fetched": 0}
        for n in ids[::2]
        for day in chance.sample(range(180), 30)
    ]
    said: list[dict[str, Any]] = [
        {"article_id": n, "revision_id": n, "user_id": reader, "author_ids": [], "at": now, "own": False,
         "helpful": chance.random() < 0.7 if voted else None, "turn": 9 if voted else None, "used_in_call": not voted}
        for n in ids for reader in chance.sample(range(51, 1051), 8) for voted in (chance.random() < 0.6,)
    ]  # fmt: skip
    for kind, rows in ((ArticleOpenDay, days), (Feedback, said)):
        for start in range(0, len(rows), CHUNK):
            session.execute(sa.insert(kind), rows[start : start + CHUNK])
    old = now - timedelta(days=200)
    session.execute(sa.update(Article).where(Article.live).values(published_at=old, verify_due_at=now))


def _filled(times: int) -> float:
    """Seconds for the figures of all texts, made anew."""
    place = centre(times)
    with place.app.app_context(), writing() as s:
        _readers(place.articles)
        s.execute(sa.delete(ArticleFigures))
        began = time.perf_counter()
        figures.refresh()
        return time.perf_counter() - began


@benchmark("content health, figures of all texts anew", unit="ms", target=3000, tenfold=30_000)
def anew(times: int) -> Figure:
    """What the worker does in small turns."""
    return Figure(1000 * _filled(times), f"{centre(times).articles:,} texts")


@benchmark("content health, the manager's page", unit="ms", target=300, tenfold=300)
def page(times: int) -> Figure:
    """Every text has something the matter, which is the worst case: the rest is left out by SQL."""
    _filled(times)
    place = centre(times)
    client = place.app.test_client()
    name, _is, value = place.cookie("boss").partition("=")
    client.set_cookie(name, value)
    took = []
    settle()  # as the server does: what the making of the data left is not walked through by the collector
    for _turn in range(7):
        began = time.perf_counter()
        answer = client.get("/insight/health")
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.status_code
    with place.app.app_context(), reading() as s:
        count = s.scalar(sa.select(sa.func.count()).select_from(ArticleFigures))
    return Figure(sorted(took)[len(took) // 2], f"{count:,} texts, slowest of 7: {max(took):.0f} ms")
