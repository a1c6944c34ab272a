"""Who stands behind a version."""

from collections.abc import Sequence

from wiki.articles.models import Publication
from wiki.articles.rules import Because
from workflows.queries import approvals_in, last_reviews


def approvers_of(rows: Sequence[Publication]) -> list[list[str]]:
    """Who approved each of these versions; the same few queries whatever their number."""
    reviews = last_reviews("submission", [row.submission_id for row in rows])
    given = approvals_in(list(reviews.values()))
    found = [given.get(reviews[row.submission_id].id, []) if row.submission_id in reviews else [] for row in rows]
    return [
        list(dict.fromkeys(name for _decision, name in approvals)) if is_reviewed(row) else []
        for row, approvals in zip(rows, found, strict=True)
    ]


def is_reviewed(row: Publication) -> bool:
    """A review stands behind this very publication: it was not put up before one, unless that confirmed it."""
    return row.provisional is None or row.provisional.closed_because is Because.APPROVED
