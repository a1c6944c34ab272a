"""The verbs of new hires: a path is built, people are put on it, steps are signed. They flush and never commit."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from accounts.events import PersonDisabled
from accounts.models import Team, User
from core import audit, clock
from core.actors import Actor
from core.db import session
from core.errors import Conflict, Invalid, NotFound
from core.events import on
from core.i18n import _, local
from core.permissions import can, require
from core.texts import one_line
from wiki.articles.ops import readable_article
from wiki.people.path_duties import ask, let_go, release, walking
from wiki.people.path_models import SIGNED, Cohort, Newcomer, Path, PathStep, StepMark, StepSort
from wiki.people.permissions import P
from wiki.people.proficiency_rules import IN_A_ROW
from wiki.training.queries import course_by_slug
from wiki.training.rules import CourseState

NAME, TITLE, NOTE = 120, 200, 500
LONGEST = 250  # working days of a path
EARLIEST = timedelta(days=1830)  # that somebody may have been hired before they are put on a path
USUAL = Decimal(90)


def today() -> date:
    """The calendar day on the centre's clock."""
    return local(clock.now()).date()


# ── paths ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def every_path() -> list[Path]:
    """All paths, by name."""
    return list(session.scalars(sa.select(Path).order_by(Path.name, Path.id)))


def find_path(path_id: int) -> Path:
    """The path.

    Raises:
        NotFound.
    """
    found = session.get(Path, path_id)
    if found is None:
        raise NotFound(_("There is no such path."))
    return found


def save_path(
    actor: Actor, name: str, *, target: Decimal = USUAL, in_a_row: int = IN_A_ROW, found: Path | None = None
) -> Path:
    """There is such a path; ``found`` is changed, and with it what is reckoned for everybody on it.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.KEEP_PATHS)
    name, errors = one_line(name), dict[str, str]()
    if not name or len(name) > NAME:
        errors["name"] = _("Please write 1 to %(n)s characters.", n=NAME)
    if not 0 < target <= 1_000_000:
        errors["target"] = _("The target must be above 0.")
    if not 1 <= in_a_row <= 60:
        errors["in_a_row"] = _("Please give 1 to %(n)s days.", n=60)
    if errors:
        raise Invalid(errors)
    verb = "change_path" if found else "make_path"
    if found is None:
        found = Path(created_by_id=actor.id, created_at=clock.now())
        session.add(found)
    found.name, found.target, found.in_a_row = name, target, in_a_row
    session.flush()
    about = {"name": name, "target": str(target), "in_a_row": in_a_row}
    audit.record(actor, verb, subject_kind="path", subject_id=found.id, details=about)
    return found


def add_step(path: Path, actor: Actor, day: int, sort: StepSort, *, title: str = "", what: str = "") -> PathStep:
    """The path has this step. ``what``: the address of the course or article; their title serves where none is given.
    Who is on the path already is assigned the course.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.KEEP_PATHS)
    title, errors, course, article = one_line(title), dict[str, str](), None, None
    if not 1 <= day <= LONGEST:
        errors["day"] = _("Please give a working day from 1 to %(n)s.", n=LONGEST)
    if sort is StepSort.COURSE:
        course = course_by_slug(actor, what)
        if course is None or course.state is not CourseState.PUBLISHED:
            errors["what"] = _("Please choose a published course.")
    elif sort is StepSort.READING:
        try:
            article = readable_article(actor, what)
        except NotFound as error:
            errors["what"] = error.sentence
    title = title or (course.title if course else article.title if article else "")
    if (not title and "what" not in errors) or len(title) > TITLE:
        errors["title"] = _("Please write 1 to %(n)s characters.", n=TITLE)
    if errors:
        raise Invalid(errors)
    step = PathStep(
        path_id=path.id, day=day, sort=sort, title=title, course_id=course.id if course else None,
        article_id=article.id if article else None, created_at=clock.now(),
    )  # fmt: skip
    session.add(step)
    session.flush()
    session.expire(path, ["steps"])
    about = {"day": day, "sort": sort.value, "title": title}
    audit.record(actor, "add_step", subject_kind="path", subject_id=path.id, details=about)
    if course is not None:
        for newcomer in walking(path):
            ask(course, newcomer, actor)
    return step


def remove_step(path: Path, actor: Actor, step_id: int) -> None:
    """The path no longer asks for it; what was signed stays on record. Who owed a course only because of it owes it no
    longer; what somebody assigned by hand stays.

    Raises:
        Forbidden, NotFound.
    """
    require(actor, P.KEEP_PATHS)
    step = next((one for one in path.steps if one.id == step_id), None)
    if step is None:
        raise NotFound(_("This path has no such step."))
    step.removed_at = clock.now()
    session.flush()
    session.expire(path, ["steps"])
    audit.record(actor, "remove_step", subject_kind="path", subject_id=path.id, details={"title": step.title})
    if step.course is not None:
        let_go(step.course, path, actor)


# ── cohorts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def make_cohort(actor: Actor, name: str, path: Path, starts_on: date, *, team: Team | None = None) -> Cohort:
    """People who begin together have a place.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.KEEP_PATHS)
    name = one_line(name)
    if not name or len(name) > NAME:
        raise Invalid({"name": _("Please write 1 to %(n)s characters.", n=NAME)})
    _must_be_a_hiring_day(starts_on, "starts_on")
    row = Cohort(
        name=name, path_id=path.id, team_id=team.id if team else None, starts_on=starts_on,
        created_by_id=actor.id, created_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(actor, "make_cohort", subject_kind="cohort", subject_id=row.id, details={"name": name})
    return row


def _must_be_a_hiring_day(day: date, field: str) -> None:
    if not today() - EARLIEST <= day <= today() + timedelta(days=366):
        raise Invalid({field: _("This is too far away. Is the year right?")})


def add_people(cohort: Cohort, actor: Actor, users: Iterable[User], hired_on: date | None = None) -> list[Newcomer]:
    """These people walk the path of the cohort from the day they were hired on; its courses are assigned to them.

    Raises:
        Forbidden, Invalid: somebody walks a path already, or nobody was named.
    """
    require(actor, P.KEEP_PATHS)
    hired, people = hired_on or cohort.starts_on, list(users)
    _must_be_a_hiring_day(hired, "hired_on")
    if not people:
        raise Invalid({"people": _("Please choose a person.")})
    known = set(session.scalars(sa.select(Newcomer.user_id).where(Newcomer.user_id.in_([one.id for one in people]))))
    for user in people:
        if user.id in known or not user.active:
            raise Invalid({"people": _("%(name)s walks a path already, or is gone.", name=user.name)})
    rows = [Newcomer(cohort_id=cohort.id, user_id=one.id, hired_on=hired, created_at=clock.now()) for one in people]
    session.add_all(rows)
    session.flush()
    for row in rows:
        about = {"user": row.user.username, "hired_on": hired.isoformat()}
        audit.record(actor, "put_on_path", subject_kind="cohort", subject_id=cohort.id, details=about)
        for step in cohort.path.steps:
            if step.course is not None and step.course.state is CourseState.PUBLISHED:
                ask(step.course, row, actor)
    return rows


def end(newcomer: Newcomer, actor: Actor | None, day: date | None = None) -> None:
    """They walk the path no longer: they left, or changed; they count as not proficient after so many days. Who owed a
    course only because of the path owes it no longer."""
    if actor is not None:
        require(actor, P.KEEP_PATHS)
    if newcomer.ended_on is not None:
        return
    newcomer.ended_on = max(day or today(), newcomer.hired_on)
    session.flush()
    about = {"user": newcomer.user.username, "on": newcomer.ended_on.isoformat()}
    audit.record(actor, "end_path", subject_kind="cohort", subject_id=newcomer.cohort_id, details=about)
    release(newcomer, actor)


@on(PersonDisabled)
def end_with_the_person(event: PersonDisabled) -> None:
    """Who is gone walks no path."""
    found = session.scalar(sa.select(Newcomer).where(Newcomer.user_id == event.user_id))
    if found is not None:
        end(found, None, local(event.at).date())


def find_newcomer(newcomer_id: int, actor: Actor) -> Newcomer:
    """One new hire, for themselves and those who lead them.

    Raises:
        NotFound.
    """
    found = session.get(Newcomer, newcomer_id)
    if found is None or not can(actor, P.SEE_NEWCOMER, found):
        raise NotFound(_("There is no such person on a path, or you may not see them."))
    return found


def newcomer_of(user_id: int) -> Newcomer | None:
    """This person's own place on a path, while they walk it."""
    found = sa.select(Newcomer).where(Newcomer.user_id == user_id, Newcomer.ended_on.is_(None))
    return session.scalar(found.options(joinedload(Newcomer.cohort).joinedload(Cohort.path)))


# ── signing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def sign(newcomer: Newcomer, actor: Actor, step_id: int, *, day: date | None = None, note: str = "") -> StepMark:
    """The step is done, on this day: a reading says its reader, the rest somebody who saw it. Twice is once.

    Raises:
        Forbidden, NotFound, Invalid.
    """
    step = _step(newcomer, step_id)
    _must_be_theirs(newcomer, actor, step)
    day, note = day or today(), one_line(note)
    if not newcomer.hired_on <= day <= today():
        raise Invalid({"day": _("Please give a day since they were hired, not after today.")})
    if len(note) > NOTE:
        raise Invalid({"note": _("A note may have %(n)s characters at most.", n=NOTE)})
    known = _standing(newcomer, step)
    if known is not None:
        return known
    row = StepMark(newcomer_id=newcomer.id, step_id=step.id, day=day, note=note, by_id=actor.id, at=clock.now())
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another page was faster
        known = _standing(newcomer, step)
        if known is None:
            raise
        return known
    _record(newcomer, actor, "sign_step", step, note)
    return row


def take_back(newcomer: Newcomer, actor: Actor, step_id: int) -> None:
    """It was signed in error; it stays on record.

    Raises:
        Forbidden, NotFound, Conflict: it is not signed.
    """
    step = _step(newcomer, step_id)
    _must_be_theirs(newcomer, actor, step)
    row = _standing(newcomer, step)
    if row is None:
        raise Conflict(_("This is not signed."), code="not-signed")
    row.taken_back_at, row.taken_back_by_id = clock.now(), actor.id
    session.flush()
    _record(newcomer, actor, "take_back_step", step, "")


def _must_be_theirs(newcomer: Newcomer, actor: Actor, step: PathStep) -> None:
    if step.sort is StepSort.COURSE:
        raise NotFound(_("A course is done by taking it."))
    require(actor, P.SIGN_STEP if step.sort in SIGNED else P.WALK, newcomer)


def _step(newcomer: Newcomer, step_id: int) -> PathStep:
    found = session.get(PathStep, step_id)
    if found is None or found.removed_at is not None or found.path_id != newcomer.cohort.path_id:
        raise NotFound(_("This path has no such step."))
    return found


def _standing(newcomer: Newcomer, step: PathStep) -> StepMark | None:
    found = sa.select(StepMark).where(
        StepMark.newcomer_id == newcomer.id, StepMark.step_id == step.id, StepMark.taken_back_at.is_(None)
    )
    return session.scalar(found)


def _record(newcomer: Newcomer, actor: Actor, verb: str, step: PathStep, note: str) -> None:
    about = {"user": newcomer.user.username, "step": step.title}
    audit.record(actor, verb, subject_kind="cohort", subject_id=newcomer.cohort_id, note=note, details=about)
