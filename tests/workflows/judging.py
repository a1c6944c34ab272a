"""What the tests of judging share."""

from tests.make import Make
from workflows.definitions import Approvals, Definition, Seat, Stage
from workflows.rules import Verb

STAGES = ("business", "qa", "training", "supervisor")
APPROVE, BACK, REJECT = Verb.APPROVE, Verb.SEND_BACK, Verb.REJECT


def four(on_change: Approvals) -> Definition:
    return Definition(
        stages=tuple(Stage(key=key, seats=(Seat(key=key, role=key),)) for key in STAGES), on_change=on_change
    )


def stage_of(made) -> str:
    tasks = Make().tasks(made)
    return tasks[0].stage if tasks else "-"
