"""The trainer's verbs for quizzes and their questions. A question that was answered is replaced, never rewritten."""

from dataclasses import dataclass

import sqlalchemy as sa

from core import clock
from core.actors import Actor
from core.db import session
from core.errors import Conflict, Invalid, NotFound
from core.i18n import _
from core.permissions import can, require
from core.texts import clean, one_line
from wiki.articles.models import Article, Category, Publication
from wiki.articles.permissions import P as Reading
from wiki.training.models import AttemptAnswer, Course, Question, Quiz, QuizAsk
from wiki.training.ops import Direction, number, swap, touched
from wiki.training.permissions import P
from wiki.training.progress import settle
from wiki.training.rules import CourseState, QuestionSpec

QUESTION_LIMIT = 200


@dataclass(frozen=True, slots=True)
class QuizSpec:
    """What a trainer says about a quiz as a whole. ``attempts_allowed`` ``None``: as many as wanted."""

    title: str
    pass_mark: int = 80
    attempts_allowed: int | None = 3
    shuffle: bool = True
    time_limit: int | None = None  # minutes


def add_quiz(course: Course, actor: Actor, spec: QuizSpec, questions: tuple[QuestionSpec, ...] = ()) -> Quiz:
    """A quiz stands at the end of the course. A published course takes only quizzes that can be answered.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.TEACH)
    found = _checked(spec)
    quiz = Quiz(
        course_id=course.id,
        position=len(course.quizzes) + 1,
        title=found.title,
        pass_mark=found.pass_mark,
        attempts_allowed=found.attempts_allowed,
        shuffle=found.shuffle,
        time_limit=found.time_limit,
        created_at=clock.now(),
    )
    session.add(quiz)
    touched(course, actor, "add_quiz", title=quiz.title)
    for question in questions:
        add_question(quiz, actor, question)
    return quiz


def change_quiz(quiz: Quiz, actor: Actor, spec: QuizSpec) -> None:
    """The quiz says what the trainer says. Attempts already made keep the pass mark of their time.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.TEACH)
    found = _checked(spec)
    quiz.title, quiz.pass_mark = found.title, found.pass_mark
    quiz.attempts_allowed, quiz.shuffle, quiz.time_limit = found.attempts_allowed, found.shuffle, found.time_limit
    touched(quiz.course, actor, "edit_quiz", title=quiz.title, pass_mark=quiz.pass_mark)


def _checked(spec: QuizSpec) -> QuizSpec:
    errors: dict[str, str] = {}
    title = one_line(spec.title)
    if not title:
        errors["title"] = _("Give the quiz a title.")
    elif len(title) > 200:
        errors["title"] = _("A title may have %(n)s characters at most.", n=200)
    if not 1 <= spec.pass_mark <= 100:
        errors["pass_mark"] = _("The pass mark is a percentage from 1 to 100.")
    if spec.attempts_allowed is not None and not 1 <= spec.attempts_allowed <= 100:
        errors["attempts_allowed"] = _("Allow between 1 and 100 attempts, or leave it empty for as many as wanted.")
    if spec.time_limit is not None and not 1 <= spec.time_limit <= 24 * 60:
        errors["time_limit"] = _("Give between 1 and %(n)s minutes, or leave it empty for no limit.", n=24 * 60)
    if errors:
        raise Invalid(errors)
    return QuizSpec(title, spec.pass_mark, spec.attempts_allowed, spec.shuffle, spec.time_limit)


def remove_quiz(quiz: Quiz, actor: Actor) -> None:
    """The course no longer asks for it; attempts and results stay on record."""
    require(actor, P.TEACH)
    quiz.removed_at = clock.now()
    touched(quiz.course, actor, "remove_quiz", title=quiz.title)
    number(list(quiz.course.quizzes))
    settle(quiz.course)


def add_question(quiz: Quiz, actor: Actor, spec: QuestionSpec) -> Question:
    """The quiz asks this as its last question.

    Raises:
        Forbidden, Conflict: there are too many.
        Invalid: too long, or the article is not there.
    """
    require(actor, P.TEACH)
    if len(quiz.questions) >= QUESTION_LIMIT:
        raise Conflict(_("A quiz has %(n)s questions at most.", n=QUESTION_LIMIT), code="too-many-questions")
    question = _store(quiz, actor, spec, len(quiz.questions) + 1)
    _asked_anew(quiz, actor, "add_question", question.id)
    return question


def change_question(question: Question, actor: Actor, spec: QuestionSpec) -> Question:
    """The quiz asks the question as it is written now. One that was answered stays as it was, with its answers, and a
    new one takes its place.

    Raises:
        Forbidden, Invalid.
    """
    require(actor, P.TEACH)
    quiz = question.quiz
    if was_answered(question):
        fresh = _store(quiz, actor, spec, question.position, question.article_id)
        fresh.replaces_id, question.retired_at, fresh.asked_here = question.id, clock.now(), question.asked_here
        for ask in session.scalars(sa.select(QuizAsk).where(QuizAsk.question_id == question.id)):
            ask.question = fresh  # whoever asks it of the bank asks the new one
    else:
        fresh = question
        for name, value in _columns(spec, actor, question.article_id).items():
            setattr(question, name, value)
        question.suspended_at = None
    _asked_anew(quiz, actor, "edit_question", fresh.id)
    return fresh


def remove_question(question: Question, actor: Actor) -> None:
    """The quiz no longer asks it; answers given stay on record. In the bank it stays, for the quizzes that ask it.

    Raises:
        Conflict: it is the only question of a quiz that learners can already take.
    """
    require(actor, P.TEACH)
    quiz = question.quiz
    if quiz.course.state is CourseState.PUBLISHED and len(quiz.questions) == 1 and not quiz.asks:
        raise Conflict(
            _("This is the only question of a quiz that learners take. Add another one first."), code="last-question"
        )
    question.asked_here = False
    if question.category_id is None:
        question.retired_at = clock.now()
    _asked_anew(quiz, actor, "remove_question", question.id)
    number(list(quiz.questions))


def resume_question(question: Question, actor: Actor) -> None:
    """A question that rested is asked again as it is: the trainer looked, and the changed text still answers it."""
    require(actor, P.TEACH)
    question.suspended_at = None
    _asked_anew(question.quiz, actor, "resume_question", question.id)


def move_question(question: Question, actor: Actor, direction: Direction) -> None:
    """The question changes places with its neighbour; at the end of the list nothing happens."""
    require(actor, P.TEACH)
    swap(question.quiz.questions, question, direction)
    _asked_anew(question.quiz, actor, "move_question", question.id)


def _asked_anew(quiz: Quiz, actor: Actor, verb: str, question_id: int) -> None:
    touched(quiz.course, actor, verb, quiz=quiz.id, question=question_id)
    session.expire(quiz, ["questions"])


def _store(quiz: Quiz, actor: Actor, spec: QuestionSpec, position: int, known: int | None = None) -> Question:
    question = Question(quiz_id=quiz.id, position=position, created_at=clock.now(), **_columns(spec, actor, known))
    session.add(question)
    session.flush()
    return question


def _columns(spec: QuestionSpec, actor: Actor, known: int | None = None) -> dict[str, object]:
    """What is stored. ``known``: the article that the question names already, whoever named it."""
    errors: dict[str, str] = {}
    text, explanation, passage = clean(spec.text), clean(spec.explanation), clean(spec.passage)
    if len(text) > 4000:
        errors["text"] = _("A question may have %(n)s characters at most.", n=4000)
    if any(len(option.text) > 1000 for option in spec.options):
        errors["options"] = _("An option may have %(n)s characters at most.", n=1000)
    if len(explanation) > 4000:
        errors["explanation"] = _("An explanation may have %(n)s characters at most.", n=4000)
    if len(passage) > 500:
        errors["passage"] = _("A passage may have %(n)s characters at most.", n=500)
    article = session.get(Article, spec.article_id) if spec.article_id else None
    if spec.article_id and spec.article_id != known and (article is None or not can(actor, Reading.READ, article)):
        errors["article"] = _("There is no such article.")
    category = spec.category_id or (article.category_id if article else None)
    if spec.category_id and session.get(Category, spec.category_id) is None:
        errors["category"] = _("There is no such category.")
    if errors:
        raise Invalid(errors)
    return {
        "category_id": category,
        "kind": spec.kind,
        "text": text,
        "option_texts": [clean(option.text) for option in spec.options],
        "key": list(spec.key),
        "explanation": explanation,
        "article_id": spec.article_id,
        "publication_id": _publication_of(article),
        "passage": passage,
    }


def _publication_of(article: Article | None) -> int | None:
    if article is None:
        return None
    return session.scalar(
        sa.select(Publication.id).where(
            Publication.article_id == article.id,
            Publication.major == article.major,
            Publication.minor == article.minor,
        )
    )


def was_answered(question: Question) -> bool:
    """Somebody handed in an answer to it."""
    found = sa.select(AttemptAnswer.id).where(AttemptAnswer.question_id == question.id).limit(1)
    return session.scalar(found) is not None


def find_question(quiz: Quiz, question_id: int) -> Question:
    """The question of this quiz.

    Raises:
        NotFound.
    """
    for question in quiz.questions:
        if question.id == question_id:
            return question
    raise NotFound(_("This quiz has no such question (any more)."))
