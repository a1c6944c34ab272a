"""The pure decisions of teaching: what counts as right, when a quiz is passed, a course complete, a pin moved on.

An option is known by an id of its own ('o1', 'o2', … or 'true' and 'false'), given in the order in which the trainer
wrote it, so that shuffling changes what is shown and never what is meant. An answer and a key are tuples of such ids;
for a question to be filled in they are texts.
"""

import hashlib
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from core.errors import Invalid
from core.folding import simplified
from core.i18n import _

OPTION_LIMIT = 10
SOON = timedelta(days=3)


class CourseState(StrEnum):
    """Learners see published courses only."""

    DRAFT = "draft"
    PUBLISHED = "published"


class Requires(StrEnum):
    """What a course asks for before it gives its credits."""

    EVERYTHING = "everything"  # every lesson confirmed as read and every quiz passed
    QUIZZES = "quizzes"  # every quiz passed: who knows it already need not read it; without quizzes, every lesson


class Kind(StrEnum):
    """Kinds of questions."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    ORDER = "order"
    FILL_IN = "fill_in"


class Standing(StrEnum):
    """How somebody stands towards a course."""

    DONE = "done"
    OVERDUE = "overdue"
    DUE_SOON = "due_soon"
    STARTED = "started"
    ASSIGNED = "assigned"
    OPEN = "open"  # anybody may take it, this person has not begun


class Follow(StrEnum):
    """What a pin does when its article is published anew."""

    MOVE = "move"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose. The text of 'true' and 'false' may be empty: then the reader's language says it."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class QuestionSpec:
    """A question as a trainer means it, checked. ``key`` holds option ids; for fill-in, the accepted texts."""

    kind: Kind
    text: str
    options: tuple[Option, ...]
    key: tuple[str, ...]
    explanation: str = ""
    article_id: int | None = None
    passage: str = ""
    category_id: int | None = None  # where it lies in the bank; without one, where its article lies


def options_of(kind: Kind, texts: Sequence[str]) -> tuple[Option, ...]:
    """The options with their ids, in the order written."""
    if kind is Kind.FILL_IN:
        return ()
    if kind is Kind.TRUE_FALSE:
        words = [*texts, "", ""][:2]
        return (Option("true", words[0].strip()), Option("false", words[1].strip()))
    return tuple(Option(f"o{number}", text.strip()) for number, text in enumerate(texts, 1))


def understand(kind: Kind, options: Sequence[Option], given: Any) -> tuple[str, ...]:
    """What somebody chose, as option ids: from ids, texts, positions in the order written (from 0), or true and false.

    Raises:
        ValueError: something is not one of the options.
    """
    if given is None or given == "":
        return ()
    if kind is Kind.ORDER and isinstance(given, Mapping):
        given = numbered(given, options)
    values = list(given) if isinstance(given, list | tuple | set | frozenset) else [given]
    values = [value for value in values if value is not None and value != ""]
    if kind is Kind.FILL_IN:
        return tuple(str(value).strip() for value in values if str(value).strip())
    chosen = [_option(kind, options, value) for value in values]
    if kind is Kind.ORDER:
        return tuple(chosen)
    return tuple(option.id for option in options if option.id in chosen)


def numbered(places: Mapping[str, Any], options: Sequence[Option]) -> list[str]:
    """The option ids in the order of the numbers typed beside them; nothing while a number is missing or stands twice.

    Otherwise the same number everywhere would name the options in the order written, which is the right one.
    """
    typed = {one.id: str(places.get(one.id) or "").strip() for one in options}
    if not all(place.isascii() and place.isdecimal() and len(place) < 10 for place in typed.values()):
        return []
    numbers = {one: int(place) for one, place in typed.items()}
    return sorted(numbers, key=lambda one: numbers[one]) if len(set(numbers.values())) == len(numbers) else []


def _option(kind: Kind, options: Sequence[Option], value: Any) -> str:
    if kind is Kind.TRUE_FALSE and str(value).lower() in {"true", "false"}:
        return str(value).lower()
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(options):
        return options[value].id
    for wanted in ("id", "text"):
        for option in options:
            if isinstance(value, str) and value.strip() == getattr(option, wanted) != "":
                return option.id
    raise ValueError(str(value)[:80])


def spec(
    kind: Kind,
    text: str,
    option_texts: Sequence[str],
    key: Any,
    *,
    explanation: str = "",
    article_id: int | None = None,
    passage: str = "",
    category_id: int | None = None,
) -> QuestionSpec:
    """A checked question. ``key`` is understood as an answer is: ids, texts, positions from 0, true or false.

    Raises:
        Invalid: with a sentence for ``text``, ``options`` or ``answer``.
    """
    errors: dict[str, str] = {}
    if not text.strip():
        errors["text"] = _("Write the question.")
    options = options_of(kind, option_texts)
    problem = _options_problem(kind, options)
    if problem:
        errors["options"] = problem
    found: tuple[str, ...] = ()
    try:
        found = tuple(o.id for o in options) if kind is Kind.ORDER and key is None else understand(kind, options, key)
        problem = _key_problem(kind, options, found)
    except ValueError as error:
        problem = _("“%(answer)s” is none of the options.", answer=str(error))
    if problem and "options" not in errors:
        errors["answer"] = problem
    if errors:
        raise Invalid(errors)
    return QuestionSpec(
        kind, text.strip(), options, found, explanation.strip(), article_id, passage.strip(), category_id
    )


def _options_problem(kind: Kind, options: Sequence[Option]) -> str | None:
    if kind in {Kind.FILL_IN, Kind.TRUE_FALSE}:
        return None
    texts = [fold(option.text) for option in options]
    if len(options) < 2:
        return _("Give at least two options.")
    if len(options) > OPTION_LIMIT:
        return _("Give at most %(n)s options.", n=OPTION_LIMIT)
    if "" in texts:
        return _("An option is empty.")
    if len(set(texts)) < len(texts):
        return _("Two options are the same.")
    return None


def _key_problem(kind: Kind, options: Sequence[Option], key: Sequence[str]) -> str | None:
    if kind in {Kind.SINGLE, Kind.TRUE_FALSE} and len(key) != 1:
        return _("Mark the one right answer.")
    if kind is Kind.ORDER and sorted(key) != sorted(option.id for option in options):
        return _("Name every option once, in the right order.")
    if not key:
        return _("Mark at least one right answer.")
    return None


def is_right(kind: Kind, key: Sequence[str], answer: Sequence[str]) -> bool:
    """Right or wrong, with nothing between: several options are right only when exactly these are chosen."""
    if kind is Kind.FILL_IN:
        accepted = {same_text(text) for text in key}
        return len(answer) == 1 and same_text(answer[0]) in accepted
    if kind is Kind.ORDER:
        return tuple(answer) == tuple(key)
    return set(answer) == set(key)


def fold(text: str) -> str:
    """The text without differences of width, case and spaces."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


_AROUND = "。．.,，、;；!！“”\"'「」『』"


def same_text(text: str) -> str:
    """The form in which what was filled in is compared: width, case, spaces, Traditional or Simplified characters and
    the marks around it make no difference."""
    folded = fold(text)
    return simplified(folded.strip(_AROUND) or folded)


def score(verdicts: Collection[bool]) -> int:
    """Percent right, 0–100, cut and not rounded: 66.7 % must not look like 67 where 67 is asked for."""
    return 100 * sum(verdicts) // len(verdicts) if verdicts else 0


def is_passed(reached: int, pass_mark: int) -> bool:
    """The pass mark itself is enough."""
    return reached >= pass_mark


def attempts_left(allowed: int | None, made: int, *, passed: bool) -> int | None:
    """How many attempts remain; ``None``: as many as wanted. After passing, practice is free."""
    return None if allowed is None or passed else max(0, allowed - made)


def may_see_key(allowed: int | None, made: int, *, passed: bool) -> bool:
    """The right answers are shown when they can no longer help to pass."""
    return passed or attempts_left(allowed, made, passed=passed) == 0


def seed_of(quiz_id: int, user_id: int, number: int) -> str:
    """What an attempt is shuffled by: the same in every tab, another in every attempt."""
    return f"{quiz_id}:{user_id}:{number}"


def shuffled(ids: Iterable[Any], seed: str) -> list[Any]:
    """The ids in an order that follows from the seed alone, on every machine."""
    return sorted(ids, key=lambda one: hashlib.sha256(f"{seed}/{one}".encode()).digest())


def mixed(ids: Sequence[str], key: Sequence[str], seed: str) -> list[str]:
    """The options of a question of order as an attempt shows them: shuffled, and never in the right order already."""
    shown = shuffled(ids, seed)
    return shown[1:] + shown[:1] if shown == list(key) else shown


def is_complete(
    requires: Requires,
    *,
    lessons: Collection[int],
    done: Collection[int],
    quizzes: Collection[int],
    passed: Collection[int],
    practice: Collection[str] = (),
    practised: Collection[str] = (),
) -> bool:
    """Has somebody done all that the course asks for? An empty course is never complete.

    ``practice`` are sessions and tasks: nobody is let off them, whatever they know already.
    """
    if not lessons and not quizzes and not practice:
        return False
    if not (set(quizzes) <= set(passed) and set(practice) <= set(practised)):
        return False
    if requires is Requires.QUIZZES and quizzes:
        return True
    return set(lessons) <= set(done)


def follow(pinned_major: int, new_major: int) -> Follow:
    """Minor changes and typos keep the whole number of a version, and the pin goes with them; a major one waits."""
    return Follow.MOVE if pinned_major == new_major else Follow.MARK


def standing(*, assigned: bool, begun: bool, completed: bool, due_on: date | None, today: date) -> Standing:
    """How somebody stands towards a course today. The due day itself is still in time."""
    if completed:
        return Standing.DONE
    if assigned and due_on is not None and due_on < today:
        return Standing.OVERDUE
    if assigned and due_on is not None and due_on - today <= SOON:
        return Standing.DUE_SOON
    if begun:
        return Standing.STARTED
    return Standing.ASSIGNED if assigned else Standing.OPEN
