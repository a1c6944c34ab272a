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
    ``changed(old, new)``: the codes of the fields in which two revisions differ. ``known(actor, ids)``: which of these
    the person may know of, in the same few queries whatever their number. ``text(revision)``: one text for somebody who
    sees nothing else of the house, ``{"title", "kind", "texts": [{"name", "label", "html"}]}``.
    """

    visible: Callable[[Actor, int], bool]
    readable: Callable[[Actor, int], bool]
    summary: Callable[[int], dict[str, Any]]
    page: Callable[[Actor, Any], dict[str, Any]]
    url: Callable[[int], str]
    cards: Callable[[Sequence[int]], dict[int, dict[str, Any]]]
    changed: Callable[[int, int], frozenset[str]]
    known: Callable[[Actor, Sequence[int]], frozenset[int]]
    text: Callable[[int], dict[str, Any]]


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


Fields = Callable[[str], list[tuple[str, str]]]
_fields: list[Fields] = []


def name_fields(listed: Fields) -> None:
    """Who lists the fields of a topic's texts: (code, label) in the order of the form."""
    _fields[:] = [listed]


def fields(topic: str) -> list[tuple[str, str]]:
    """(code, label) of what a text of this topic consists of: what remarks point at and seats answer for."""
    return _fields[0](topic) if _fields else []


Labels = Callable[[], list[tuple[str, str]]]
_significances: list[Labels] = []


def name_significances(listed: Labels) -> None:
    """Who lists the sizes of an edit: (code, label), the smallest first."""
    _significances[:] = [listed]


def significances() -> list[tuple[str, str]]:
    """(code, label) of the sizes of an edit, the smallest first."""
    return _significances[0]() if _significances else []
