"""What a review is about, as far as workflows may know: a slot that the package owning the subject fills."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.actors import Actor


@dataclass(frozen=True, slots=True)
class Subject:
    """One kind of subject.

    ``visible(actor, id)``: may the person know that it exists? ``readable(actor, id)``: may they read its text?
    ``summary(id)``: what the API says of it, ``{"state", "stage"}``. ``page(actor, task)``: what the review page shows.
    ``url(id)``: where its author follows it. ``cards(ids)``: what lists show beside the title, by id.
    """

    visible: Callable[[Actor, int], bool]
    readable: Callable[[Actor, int], bool]
    summary: Callable[[int], dict[str, Any]]
    page: Callable[[Actor, Any], dict[str, Any]]
    url: Callable[[int], str]
    cards: Callable[[Sequence[int]], dict[int, dict[str, Any]]]


_subjects: dict[str, Subject] = {}


def register(kind: str, subject: Subject) -> None:
    """Fill the slot for one kind."""
    _subjects[kind] = subject


def subject(kind: str) -> Subject:
    """The slot of a kind."""
    return _subjects[kind]


_topics: dict[str, object] = {}
_words: list[Callable[[str], str]] = []


def name_topics(labels: dict[str, object], role_words: Callable[[str], str]) -> None:
    """Labels of the topics that pipelines judge, and the words for roles and stages, in the reader's language."""
    _topics.update(labels)
    _words[:] = [role_words]


def topics() -> list[tuple[str, object]]:
    """(code, label) of every topic."""
    return list(_topics.items())


def role_word(code: str) -> str:
    """The word for a role or stage."""
    return _words[0](code) if _words else code


Categories = Callable[[], list[tuple[str, str, str]]]
_categories: list[Categories] = []


def name_categories(listed: Categories) -> None:
    """Who lists the categories there are: (code, label, path of codes from the root joined with '/') by path."""
    _categories[:] = [listed]


def categories() -> list[tuple[str, str, str]]:
    """(code, label, path) of every category, those above before those below them."""
    return _categories[0]() if _categories else []


Labels = list[tuple[str, str]]
_fields: list[Callable[[str], Labels]] = []
_significances: list[Callable[[], Labels]] = []


def name_fields(listed: Callable[[str], Labels]) -> None:
    """Who lists what a subject of a topic is made of, so that a seat can answer for some of it: (code, label)."""
    _fields[:] = [listed]


def fields(topic: str) -> Labels:
    """(code, label) of everything a subject of this topic is made of, in the order of its page."""
    return _fields[0](topic) if _fields else []


def name_significances(listed: Callable[[], Labels]) -> None:
    """Who lists the sizes of an edit: (code, label), the smallest first."""
    _significances[:] = [listed]


def significances() -> Labels:
    """(code, label) of the sizes of an edit, the smallest first."""
    return _significances[0]() if _significances else []
