"""Second, blind opinions of the demo: some stages ask for them, and two reviewers mostly say the same."""

from random import Random

import sqlalchemy as sa

from accounts.rules import REVIEWERS
from core import clock
from core.db import session
from core.permissions import can
from wiki.demo.plan import Plan, World
from workflows import deciding
from workflows.models import Pipeline, Task
from workflows.permissions import P
from workflows.rules import Verb

SHARES = {"business": 40, "qa": 50}  # percent of items, by stage
KINDS = ("faq", "script", "best_practice", "product")
YES = 0.86  # how often a question is answered yes
ALIKE = 0.88  # how often the second reviewer answers as the first


def ask_for_second_opinions() -> None:
    """New reviews of some kinds go to a second reviewer now and then."""
    for pipeline in session.scalars(sa.select(Pipeline).where(Pipeline.active, Pipeline.key.in_(KINDS))).all():
        stages = [
            stage.model_copy(update={"calibration": SHARES.get(stage.key, 0)}) for stage in pipeline.definition.stages
        ]
        document = pipeline.definition.model_copy(update={"stages": tuple(stages)}).model_dump(mode="json")
        pipeline.active = False
        session.flush()
        session.add(
            Pipeline(
                key=pipeline.key,
                name=pipeline.name,
                version=pipeline.version + 1,
                document=document,
                created_at=clock.now(),
            )
        )
    session.flush()


def second_opinion(plan: Plan, world: World, tasks: list[Task], who: str, verb: Verb) -> dict[str, bool]:
    """The checklist of the first reviewer; before them somebody else has judged blind, where a blind task waits.

    Without one the checklist stays empty, as it mostly does where nobody asks for it.
    """
    blind = next((task for task in tasks if task.blind), None)
    if blind is None:
        return {}
    chance = plan.chance("second", blind.id)
    first = {question.key: chance.random() < YES for question in blind.definition_stage.checklist}
    other = _other(plan, world, blind, who, chance)
    if other is not None:
        answers = {key: answer if chance.random() < ALIKE else not answer for key, answer in first.items()}
        found = verb if chance.random() < ALIKE else Verb.SEND_BACK if verb is Verb.APPROVE else Verb.APPROVE
        no, remarks = found is not Verb.APPROVE, [one["remark"] for one in plan.library.activity["send_backs"]]
        deciding.decide(
            blind.id,
            world.actors[other],
            found,
            seen=blind.version,
            checklist=answers,
            note=chance.choice(remarks) if no else "",
            reason="unclear" if no else None,
        )
    return first


def _other(plan: Plan, world: World, task: Task, who: str, chance: Random) -> str | None:
    """Somebody who sits in this seat and in no other, so that they are missing nowhere else in this review."""
    free = sorted(
        person.username
        for person in plan.library.people.values()
        if set(person.roles) & set(REVIEWERS) == {task.role}
        and person.username != who
        and world.actors[person.username].id not in task.review.author_ids
        and can(world.actors[person.username], P.DECIDE, task)
    )
    return chance.choice(free) if free else None
