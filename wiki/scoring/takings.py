"""What takes back: each function hears of something undone below and undoes what it had earned, or gives it back.

Taking back is an entry of the open month with the same figures; nothing that was written is changed.
"""

import sqlalchemy as sa

from core.db import session
from core.events import on
from wiki.articles.events import ArticlePublished, ArticleRetired, ProvisionalConfirmed, RolledBack
from wiki.articles.models import ProvisionalPublication, Publication
from wiki.feedback.events import FlagMoved, TakenBack
from wiki.feedback.flag_models import Flag
from wiki.feedback.flag_rules import Act
from wiki.scoring.listeners import paid_by, used_source
from wiki.scoring.models import ScoringAct
from wiki.scoring.ops import restore, undo
from wiki.training.events import CourseUndone, QuizVoided
from workflows.calibration import overturned_in
from workflows.events import TaskDecided
from workflows.rules import REFUSALS


@on(TakenBack)
def vote_or_use_taken_back(event: TakenBack) -> None:
    """What a vote or the only use of a day had paid."""
    if event.helpful:
        paid = paid_by(event.feedback_id)
        undo("feedback.helpful", f"feedback:{paid}", why="taken_back", at=event.at)
    if event.used_in_call and not event.left:
        source = used_source(event.revision_id, event.user_id, event.said_at)
        undo("feedback.used", source, why="taken_back", at=event.at)


@on(ArticleRetired)
def retired_as_duplicate(event: ArticleRetired) -> None:
    """What the first acceptance of a duplicate had paid. Readers' thanks stay: they were helped."""
    if event.duplicate_of is not None:
        for source in _accepted(event.article_id):
            undo("article.accepted", source, why="duplicate", at=event.at)


@on(ArticlePublished)
def put_back(event: ArticlePublished) -> None:
    """A duplicate that readers see again was none, whether it was put back or a change of it was approved."""
    if not event.provisional:
        for source in _accepted(event.article_id):
            restore("article.accepted", source, why="again", at=event.at)


@on(ProvisionalConfirmed)
def put_back_confirmed(event: ProvisionalConfirmed) -> None:
    """The same, of a change that readers saw before its review."""
    put_back(event.publication)


def _accepted(article_id: int) -> list[str]:
    """The acts by which an article was accepted."""
    submissions = sa.select(Publication.submission_id).where(Publication.article_id == article_id)
    found = session.scalars(
        sa.select(ScoringAct.source).where(
            ScoringAct.event == "article.accepted",
            ScoringAct.source_kind == "submission",
            ScoringAct.source_id.in_(submissions),
            ScoringAct.undoes.is_(None),
        )
    )
    return list(found)


@on(TaskDecided)
def approval_overturned(event: TaskDecided) -> None:
    """Who approved what a later stage refused, the text being the same, has not earned by it."""
    if event.verb not in REFUSALS or event.blind:
        return
    for approval, refusal in overturned_in(event.review_id).items():
        if refusal == event.decision_id:
            undo("review.decided", f"decision:{approval}", why="overturned", at=event.at, by_decision=refusal)


@on(FlagMoved)
def flag_reopened(event: FlagMoved) -> None:
    """The reporter is not content: it has led to nothing yet."""
    if event.act == Act.REOPEN.value:
        undo("flag.led_to_change", f"flag:{event.flag_id}", why="reopened", at=event.at)


@on(RolledBack)
def change_rolled_back(event: RolledBack) -> None:
    """The change to which flags had led is gone."""
    gone = sa.select(ProvisionalPublication.publication_id).where(ProvisionalPublication.id == event.provisional_id)
    for flag_id in session.scalars(sa.select(Flag.id).where(Flag.publication_id.in_(gone))):
        undo("flag.led_to_change", f"flag:{flag_id}", why="rolled_back", at=event.at)


@on(QuizVoided)
def quiz_voided(event: QuizVoided) -> None:
    """It was not passed."""
    undo("quiz.passed", f"quiz:{event.quiz_id}:{event.user_id}", why="void", at=event.at)


@on(CourseUndone)
def course_undone(event: CourseUndone) -> None:
    """The credits go with it."""
    undo("course.completed", f"enrolment:{event.enrolment_id}", why="void", at=event.at)
