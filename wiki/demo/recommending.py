"""What the knowledge manager put first for a few questions."""

from datetime import timedelta

from core.i18n import local
from wiki.demo.hours import some_time
from wiki.demo.plan import Do, Plan, World
from wiki.search import pins

MANAGER = "gaoyuan"
# question, title, why, days ago, days until it ends (none: it stays)
FIRST = [
    ("断网", "宽带断网报障：五分钟远程排查话术", "先远程排查，再派单", 30, None),
    ("断网", "东湖片区宽带割接：今晚 0 点至 5 点", "割接期间先看是不是东湖片区", 1, 2),
    ("流量", "为什么我查到的流量和手机里显示的不一样？", "月初来电最多", 9, None),
    ("讀卡", "健保卡讀不到卡時的電話引導話術", "逐步引導最快", 15, None),
]


def plan_recommending(plan: Plan) -> None:
    """Each at its time; the end is counted from today."""
    zone = plan.library.zone(MANAGER)
    titles = {text.title for text in plan.library.texts if text.state == "published"}
    for number, (question, title, reason, days_ago, lasts) in enumerate(FIRST):
        if title in titles:
            at = some_time(plan.present.day(days_ago, zone), zone, plan.chance("first", number))
            plan.at(min(at, plan.present.now), _first(plan, question, title, reason, lasts))


def _first(plan: Plan, question: str, title: str, reason: str, lasts: int | None) -> Do:
    def first(world: World) -> None:
        until = local(plan.present.now + timedelta(days=lasts)).date() if lasts is not None else None
        pins.pin(world.actors[MANAGER], question, world.articles[title].slug, reason=reason, until_on=until)

    return first
