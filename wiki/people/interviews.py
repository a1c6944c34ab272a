"""What a leaver is asked, what they say, and the draft that becomes of it.

The interview is a writing task (``wiki.search.writing``): it lies with a trainer or supervisor, has a day, and is done
when the text that came of it is published. Questions and answers stand beside it; they are here until then.
"""

from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from accounts import queries
from accounts.models import User, UserRole
from accounts.rules import Role
from core import audit, clock
from core.actors import Actor
from core.db import session
from core.errors import Conflict, IllegalMove, Invalid
from core.i18n import _
from core.permissions import require
from core.texts import clean, one_line
from wiki.articles import co_authoring
from wiki.articles import ops as articles
from wiki.articles.content import Content
from wiki.articles.models import Submission
from wiki.people.leaving import SUBJECT, today
from wiki.people.leaving_models import InterviewQuestion, Leaving
from wiki.people.leaving_rules import ANSWER, NOTE, Ask, LeavingState, drafted
from wiki.people.permissions import P
from wiki.people.topics import titles, topics
from wiki.search import writing
from wiki.search.writing_rules import LIVE, Wanted

KIND = "best_practice"
INTERVIEWERS = (Role.TRAINING, Role.SUPERVISOR, Role.MANAGER)
BEFORE = timedelta(days=2)  # before the last day, so that there is time to ask again
MOST = 40


def interviewers() -> sa.Select[User]:
    """Active people who can be asked to talk to a leaver, by name."""
    return queries.people(active=True).where(User.role_rows.any(UserRole.role.in_(INTERVIEWERS)))


def ask_for(leaving: Leaving, actor: Actor, user_id: int) -> None:
    """This trainer or supervisor is asked to talk to them; the questions are drafted from what they know about. Asking
    somebody else passes the task on, with the answers there are.

    Raises:
        Forbidden, IllegalMove, Invalid.
    """
    require(actor, P.STEER_LEAVING, leaving)
    if leaving.state is LeavingState.UNDONE:
        raise IllegalMove(_("The last day is over, or it was undone; nothing can be changed any more."))
    user = session.get(User, user_id)
    if user is None or not user.active or user.id == leaving.user_id or user.roles.isdisjoint(INTERVIEWERS):
        raise Invalid({"interviewer": _("Please choose a trainer or supervisor who talks to them.")})
    task = leaving.interview
    if task is not None and task.state in LIVE:
        if user.id != (task.taken_by_id or task.user_id):
            writing.pass_on(task, user, actor)
        return
    due = max(today(), leaving.last_day - BEFORE)
    leaving.interview = writing.ask_person(
        actor, _("What %(name)s knows and is written nowhere", name=leaving.user.name), user,
        wanted=Wanted.INTERVIEW, kind=KIND, due_on=due,
    )  # fmt: skip
    session.flush()
    if not questions(leaving):
        _draft_questions(leaving)


def _draft_questions(leaving: Leaving) -> None:
    for position, (ask, topic) in enumerate(drafted(topics(leaving.user_id), titles(leaving.user_id)), 1):
        session.add(
            InterviewQuestion(
                leaving_id=leaving.id, position=position, topic=topic[:300], text=_words(ask, topic)[:NOTE], answer=""
            )
        )
    session.flush()


def _words(ask: Ask, topic: str) -> str:
    match ask:
        case Ask.NOWHERE:
            return _("What do you answer on “%(topic)s” that is written nowhere?", topic=topic)
        case Ask.CALLS:
            return _("What do customers ask about “%(topic)s” that no text answers? What do you say then?", topic=topic)
        case Ask.JUDGED:
            return _("You judged texts about “%(topic)s”: what is most often wrong in them?", topic=topic)
        case Ask.LEFT_OUT:
            return _("You wrote “%(topic)s”: what did you leave out, and what has changed since?", topic=topic)
        case Ask.WHOM:
            return _("Whom do you ask when you do not know? Who asks you?")
        case Ask.FIRST_DAY:
            return _("What do you tell whoever takes your seat on their first day?")


def questions(leaving: Leaving) -> list[InterviewQuestion]:
    """The questions in order."""
    found = sa.select(InterviewQuestion).where(InterviewQuestion.leaving_id == leaving.id)
    return list(session.scalars(found.order_by(InterviewQuestion.position)))


def add_question(leaving: Leaving, actor: Actor, text: str) -> InterviewQuestion:
    """One more question, at the end.

    Raises:
        Forbidden, Invalid, Conflict: somebody added one at the same instant.
    """
    require(actor, P.INTERVIEW, leaving)
    text, known = one_line(text), questions(leaving)
    if not text or len(text) > NOTE or len(known) >= MOST:
        raise Invalid({"question": _("Please write a question of at most %(n)s characters.", n=NOTE)})
    row = InterviewQuestion(leaving_id=leaving.id, position=len(known) + 1, text=text, topic="", answer="")
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise Conflict(_("Somebody added a question just now; please try again."), code="moved") from error
    return row


def answer(leaving: Leaving, actor: Actor, said: Mapping[int, str]) -> int:
    """What they said, by question; how many answers are another than before. Nothing else is touched.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.INTERVIEW, leaving)
    changed = 0
    for row in questions(leaving):
        text = clean(said.get(row.id, row.answer)).strip()
        if len(text) > ANSWER:
            raise Invalid({f"answer-{row.id}": _("An answer may have %(n)s characters at most.", n=ANSWER)})
        if text != row.answer:
            row.answer, row.answered_at = text, clock.now() if text else None
            changed += 1
    if changed:
        session.flush()
        audit.record(actor, "note_interview", subject_kind=SUBJECT, subject_id=leaving.id, details={"answers": changed})
    return changed


def make_draft(leaving: Leaving, actor: Actor) -> Submission:
    """The answers are a draft of who writes it, with the leaver as co-author; published, it closes the task. Made
    again it is the same draft, as it is by now.

    Raises:
        Forbidden, IllegalMove: the task is closed, or lies with somebody else. Invalid: nothing is answered yet.
    """
    task = leaving.interview
    if task is None or task.state not in LIVE:
        raise IllegalMove(_("This cannot be done with the writing task any more; look at it again."))
    writing.take(task, actor)
    known = writing.draft_of(task, actor)
    if known is not None:
        return known
    told = [row for row in questions(leaving) if row.answer]
    if not told:
        raise Invalid({"answers": _("Please write down at least one answer first.")})
    draft = articles.begin(actor, KIND, draft_key=writing.new_key(task))
    body = "\n\n".join(f"## {row.text}\n\n{row.answer}" for row in told)
    name = leaving.user.name
    about = {"situation": _("From an interview with %(name)s.", name=name)}
    articles.save(draft, actor, Content(title=task.question, body=body, fields=about))
    co_authoring.join(draft.id, leaving.user, actor)
    return draft
