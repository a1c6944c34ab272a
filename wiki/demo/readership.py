"""Who opened what, which flags wait, and what fell out of sight."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from core.permissions import can
from wiki.articles import lifecycle, opens
from wiki.articles.models import Article
from wiki.articles.open_models import OpenSource
from wiki.articles.permissions import P
from wiki.demo.content import Text
from wiki.demo.hours import CALLS_FROM, CALLS_UNTIL, some_time
from wiki.demo.plan import Do, Plan, World
from wiki.feedback import figures, flagging

FORGOTTEN = 100  # days without a reader
MANAGER = "gaoyuan"
SOURCES = (OpenSource.PAGE, OpenSource.SEARCH, OpenSource.SEARCH, OpenSource.EMBED)


def plan_readership(plan: Plan) -> None:
    """Readers at their times; then, last of all, the figures that are kept of them."""
    activity = plan.library.activity
    for act in activity["looked_at"]:
        text = next(text for text in plan.library.texts if text.title == act["article"])
        plan.at(_moment(plan, act, text.days_ago - 1), _keep(act))
    for act in activity["raised"]:
        plan.at(_moment(plan, act, act["days_ago"]), _raise(act))
    plan.at(plan.present.now, lambda world: _opened(plan, world))


def _moment(plan: Plan, act: Mapping[str, Any], days_ago: int) -> datetime:
    zone = plan.library.zone(act.get("by", MANAGER))
    return some_time(plan.present.day(days_ago, zone), zone, plan.chance("keeps", act["article"]))


def _keep(act: Mapping[str, Any]) -> Do:
    def do(world: World) -> None:
        article = world.articles[act["article"]]
        owner = next((a.username for a in world.actors.values() if a.id == article.owner_id), None)
        chosen = None if act.get("nobody") else owner
        lifecycle.keep(article, world.actors[MANAGER], owner=chosen, verify_months=act["months"], expires_at=None)

    return do


def _raise(act: Mapping[str, Any]) -> Do:
    def do(world: World) -> None:
        article, who = world.articles[act["article"]], world.actors[act["by"]]
        flagging.flag(article, who, reason=act["reason"], comment=act["text"])

    return do


def _opened(plan: Plan, world: World) -> None:
    texts = [text for text in plan.library.texts if text.title in world.articles]
    opens.keep(one for text in texts for one in _readers(plan, world, text))
    figures.refresh()


def _readers(plan: Plan, world: World, text: Text) -> Iterator[opens.Opened]:
    """Whoever used it in calls opened it; others come by now and then, the more the newer it is."""
    article, chance = world.articles[text.title], plan.chance("opens", text.title)
    if not article.live or article.revision_id is None:
        return
    born = max([text.days_ago, *(version.days_ago for version in text.earlier)])
    newest = FORGOTTEN if text.title in plan.library.activity["unread"] else 0
    users = plan.library.activity["uses"].get(text.title, {})
    people = sorted(name for name in world.actors if name in users or chance.random() < 0.25)
    for username in people:
        if not can(world.actors[username], P.READ, article):
            continue
        often = chance.randint(2, 9) if username in users else chance.randint(0, 3)
        for _turn in range(often if newest < born else 0):
            zone = plan.library.zone(username)
            day = plan.present.day(chance.randint(newest, born - 1), zone)
            at = some_time(day, zone, chance, since=CALLS_FROM, until=CALLS_UNTIL)
            if at <= plan.present.now - timedelta(minutes=1):
                yield _one(world, article, username, at, chance.choice(SOURCES))


def _one(world: World, article: Article, username: str, at: datetime, source: OpenSource) -> opens.Opened:
    assert article.revision_id is not None
    return opens.Opened(at, world.actors[username].id, article.id, article.revision_id, source)
