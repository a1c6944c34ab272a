"""The pipelines that come with the product, and the checklists they offer (``docs/domain.md`` §3).

A manager changes them on a page; what is here is only what an installation begins with.
"""

from core.i18n import _l
from workflows.definitions import Definition, Escalation, Question, Stage, pipeline

_FOUR = ("business", "qa", "training", "supervisor")
DEFAULT_PIPELINES: dict[str, Definition] = {
    "best_practice": pipeline(*_FOUR, topic="best_practice"),
    "script": pipeline(*_FOUR, topic="script"),
    "faq": pipeline("business", "qa", "supervisor", topic="faq"),
    "sop": pipeline(*_FOUR, topic="sop", due_hours=48),
    "notice": pipeline("business", "supervisor", topic="notice", due_hours=4, bulk=True),
    "product": pipeline("business", "qa", topic="product"),
    "block": pipeline("business", "qa", topic="block"),
}

# (key, question, weight) by role: each gate asks what only it can answer; the weights of a role sum to 100
CHECKLISTS = {
    "business": (
        ("true", _l("Is every fact right, as the rules stand today?"), 40),
        ("allowed", _l("May a customer be told this?"), 30),
        ("scope", _l("Does it say for whom and until when it holds?"), 30),
    ),
    "qa": (
        ("plain", _l("Does a customer understand every word?"), 40),
        ("kind", _l("Is it friendly and positive?"), 30),
        ("whole", _l("Does it answer what the customer will ask next?"), 30),
    ),
    "training": (
        ("teachable", _l("Could a new colleague say it like this tomorrow?"), 40),
        ("steps", _l("Are the steps in the right order, none missing?"), 30),
        ("example", _l("Is there an example of a real call?"), 30),
    ),
    "supervisor": (
        ("usable", _l("Can my floor use it tomorrow?"), 60),
        ("findable", _l("Do title and tags say what people will search for?"), 40),
    ),
}
REMIND = {4: (1,)}  # hours before the due time, by the hours a stage has; else four hours before
LADDER = (Escalation(after_hours=0, to="supervisor"), Escalation(after_hours=24, to="manager"))


def seeded() -> dict[str, Definition]:
    """The same with checklists in the language of the installation, reminders and the ladder."""
    return {code: _furnished(definition) for code, definition in DEFAULT_PIPELINES.items()}


def _furnished(definition: Definition) -> Definition:
    return definition.model_copy(update={"stages": tuple(_stage(stage) for stage in definition.stages)})


def _stage(stage: Stage) -> Stage:
    asked = (Question(key=key, text=str(text), weight=weight) for key, text, weight in CHECKLISTS[stage.key])
    remind = REMIND.get(stage.due_hours, (4,))
    return stage.model_copy(update={"checklist": tuple(asked), "remind_hours": remind, "escalate": LADDER})
