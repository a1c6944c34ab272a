"""The expectation table of ``test_authz_matrix``: who comes in where, and the sentence that says why.

One letter for each of ``world.PEOPLE`` (nobody, somebody disabled | the author, another rep | business, qa, training,
supervisor | manager, admin). ``{name}`` is a thing of ``world.World``. The last row ends everybody's sign-in.
"""

from typing import Any, NamedTuple

from tests.security.expected import articles, boards, courses, figures, finding, house, people, reviews, submissions


class Row(NamedTuple):
    """One request of everybody."""

    expected: str
    asked: str
    said: str
    body: Any = None


PARTS = (house, articles, finding, submissions, reviews, courses, figures, boards, people)
LEAVING = ("oo oo oooo oo", "POST /logout", "leaving is for everybody; nobody comes to harm", {})
ROWS = [Row(*row) for part in PARTS for row in part.ROWS] + [Row(*LEAVING)]
