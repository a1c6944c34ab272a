"""Remarks on passages beside the text they are about: what pages of reviewers and authors show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from core.actors import Actor
from workflows import subjects
from workflows.models import Remark, Review
from workflows.passages import contains, mark_html, new_text, words_of
from workflows.presenting import names_of
from workflows.remarks import remarks_of

Shown = list[dict[str, Any]]


@dataclass(slots=True)
class Beside:
    """Texts and differences, each with its remarks, and the remarks on what is not shown."""

    texts: Shown = field(default_factory=list)
    changes: Shown = field(default_factory=list)
    rest: Shown = field(default_factory=list)
    open: int = 0  # remarks that wait for an answer


def beside(
    reviews: Sequence[Review], actor: Actor, texts: Shown, changes: Iterable[Any] = (), *, title: str = ""
) -> Beside:
    """The remarks of some reviews of one subject where they belong, the words they quote marked in the text."""
    given = [(str(change.name), change.label, change) for change in changes]
    remarks = remarks_of([review.id for review in reviews], actor) if reviews else []
    words = {"title": title, **{str(one["name"]): words_of(str(one["html"])) for one in texts if remarks}}
    words |= {name: new_text(change.parts) for name, _label, change in given if remarks}
    cards = _cards(remarks, {review.id: review for review in reviews}, actor, words)
    of_field: dict[str, Shown] = {}
    for card in cards:
        of_field.setdefault(card["field"], []).append(card)
    found = Beside(open=sum(1 for card in cards if card["resolved_at"] is None))
    places = {name for name, _label, _change in given} or {str(one["name"]) for one in texts}
    for one in texts:
        mine = of_field.get(str(one["name"]), [])
        shown = [] if given else mine
        found.texts.append({**one, "html": mark_html(one["html"], _quotes(mine)), "remarks": shown})
    for name, label, change in given:
        mine = of_field.get(name, [])
        showing = partial(change.shown, wanted=_quotes(mine))  # called with how the page is looked at
        found.changes.append({"name": name, "label": label, "shown": showing, "remarks": mine})
    found.rest = [card for card in cards if card["field"] not in places]
    return found


def _quotes(cards: Shown) -> list[tuple[int, str]]:
    """Open remarks mark the text; what is settled does not shout any more."""
    return [(card["id"], card["quote"]) for card in cards if card["resolved_at"] is None and card["quote"]]


def _cards(
    remarks: Sequence[tuple[Remark, str]], reviews: dict[int, Review], actor: Actor, words: dict[str, str]
) -> Shown:
    names = names_of([remark.resolved_by_id for remark, _name in remarks])
    out = []
    for remark, name in remarks:
        review = reviews[remark.review_id]
        mine = actor.id in review.author_ids
        labels = dict(subjects.fields(review.topic))
        text = words.get(remark.field)
        out.append(
            {
                "id": remark.id,
                "field": remark.field,
                "label": labels.get(remark.field, remark.field),
                "quote": remark.quote,
                "stands": text is None or contains(text, remark.quote),
                "text": remark.text,
                "actor": name,
                "at": remark.created_at,
                "answer": remark.answer,
                "resolved_at": remark.resolved_at,
                "resolved_by": names.get(remark.resolved_by_id) if remark.resolved_by_id else None,
                "may_resolve": mine and remark.resolved_at is None,
                "may_reopen": remark.resolved_at is not None and (mine or remark.author_id == actor.id),
            }
        )
    return out
