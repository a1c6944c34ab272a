"""What could not wait for its review: a workaround that readers see, an emergency that lacks its second signature."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from core.actors import Actor
from core.db import session
from wiki.articles import ops, provisional
from wiki.articles.models import Article, ProvisionalPublication, Submission
from wiki.demo.plan import Do, Plan, World

VERBS: Mapping[str, Callable[[Submission, Actor, str], ProvisionalPublication]] = {
    "emergency": provisional.ask_emergency,
    "workaround": provisional.publish_workaround,
}


def plan_early(plan: Plan) -> None:
    """Each act of the content, a little before now: what it is about waits for a reviewer by then."""
    for act in plan.library.activity["before_review"]:
        plan.at(plan.present.now - timedelta(minutes=act["minutes_ago"]), _act(act))


def _act(about: Mapping[str, Any]) -> Do:
    def do(world: World) -> None:
        actor, title = world.actors[about["by"]], about["article"]
        submission = ops.find_submission(world.submissions[f"{title}#1"].id, actor, locked=True)
        row = VERBS[about["kind"]](submission, actor, about["reason"])
        if row.article_id is not None:
            world.articles[title] = session.get_one(Article, row.article_id)

    return do
