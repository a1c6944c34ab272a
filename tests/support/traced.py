"""Every change that anybody makes through the product leaves an act in the trail (S32).

Whatever any test asks of the application – itself, by a browser, by a program –: where the transaction of a request
that was taken wrote rows, an act was written with them, or the address stands here with the reason why its own rows are
enough. Who, when, from where and in which request is in ``tests/security/test_trail_matrix.py``, before and after in
``tests/core/test_chain.py``. At which addresses a change was seen is kept for the end of the run; what only chance drew
does not count there, for another run draws something else.
"""

import re
import threading
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, request
from hypothesis import currently_in_test_context
from werkzeug.exceptions import HTTPException

from tests.support import run

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
WRITE = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')
TRAIL = "trail_entries"
MACHINE = {"outbox_jobs", "idempotency_keys", "throttles", "login_sessions", "half_sign_ins", "trail_seals"}
DRAFT = "a draft is its author's alone; every saved text is a revision: author, time, digest, never changed"
VOTE = "a vote is a row that only grows: who, when, on which text; what it earned refers to it"
BEGUN = "a quiz begun is a row of its own: who, when, which questions; what is handed in is in the trail"
FILE = "a file never changes: whose, when, its digest; the text it is shown in is a revision"
FIGURES = "a file that is looked at, and how it would be read; taking it in is in the trail"
TASTE = "what somebody chose for themselves, and nobody else sees"
OWN = {
    "POST /notices/read": "that somebody read what they were told",
    "POST /api/v1/notices/read": "that somebody read what they were told",
    "POST /profile/notices": TASTE,
    "POST /search/pins/<slug>": TASTE,
    "POST /search/service": TASTE,
    "POST /api/v1/quizzes/<quiz_id>/begin": BEGUN,
    "POST /quizzes/<int:quiz_id>": BEGUN,
    "POST /embed/pins/<slug>": TASTE,
    "POST /points/ranking": TASTE,
    "POST /logout": "its own sign-in ends; signing in is in the trail",
    "PUT /presence/<page>": "that a page is open, for a minute",
    "POST /presence/<page>/left": "that a page is open, for a minute",
    "POST /new/<kind>": DRAFT,
    "POST /submissions/<int:submission_id>/edit": DRAFT,
    "POST /articles/<slug>/edit": DRAFT,
    "POST /articles/<slug>/improve": DRAFT,
    "PUT /drafts/<key>": DRAFT,
    "PUT /submissions/<int:submission_id>/autosave": DRAFT,
    "POST /submissions/<int:submission_id>/windows/drop": DRAFT,
    "PUT /api/v1/submissions/<int:submission_id>": DRAFT,
    "POST /api/v1/submissions": DRAFT,
    "POST /articles/<slug>/feedback": VOTE,
    "POST /articles/<slug>/feedback/back": VOTE,
    "POST /api/v1/articles/<slug>/feedback": VOTE,
    "POST /api/v1/articles/<slug>/uses": VOTE,
    "POST /api/v1/articles/<slug>/uses/undo": VOTE,
    "POST /recall/<int:card_id>": "an answer is a row of its own: who, when, which question, what",
    "POST /files": FILE,
    "POST /api/v1/files": FILE,
    "POST /embed/marks/<slug>": VOTE,
    "POST /insight/fairness/look": "what is found is the program's; what becomes of it is in the trail",
    "POST /admin/kpi/readings": FIGURES,
    "POST /admin/kpi/files/<int:import_id>/columns": FIGURES,
}  # fmt: skip
NOTHING = {  # what is asked by POST because it is long, and what a buffer writes later, for many requests at once
    "POST /preview": "shows a text as it would be",
    "POST /editor/blocks": "shows a text as it would be",
    "POST /admin/scoring/<code>/try": "reckons what a rule would have given",
    "POST /admin/pipelines/<key>/draft": "shows a pipeline as it would be",
    "POST /profile/second-step/begin": "shows a secret, which counts from its first code on",
    "POST /training/must-read/<slug>/fold": "a browser keeps it",
    "POST /search/opened": "a fact that the buffer writes",
    "POST /api/v1/search/opened": "a fact that the buffer writes",
    "POST /embed/opened": "a fact that the buffer writes",
}
_here = threading.local()
_told: set[str] = set()


def note(*about: Any) -> None:
    """A listener of the engine: a statement is about to run."""
    if found := WRITE.match(about[2]):
        tables().add(found[1])


def tables() -> set[str]:
    """What this thread wrote since ``begin``."""
    found: set[str] = _here.__dict__.setdefault("tables", set())
    return found


def begin() -> None:
    """A request begins in this thread."""
    tables().clear()


def watch(app: Flask) -> list[str]:
    """Look at every request of this application, by whichever way it comes; what they wrote without an act."""
    faults: list[str] = []

    def look(answer: Response) -> Response:
        faults.extend(filter(None, [silent(app, request.method, request.path, answer.status_code)]))
        return answer

    sa.event.listen(app.extensions["spiral.database"].writer, "before_cursor_execute", note)
    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(look)
    return faults


def silent(app: Flask, method: str, path: str, status: int) -> str:
    """What a request wrote without an act; empty where there was nothing to tell, or it was told."""
    written = tables() - MACHINE
    if method not in UNSAFE or status >= 400 or not written:
        return ""
    try:
        rule, _parts = app.url_map.bind("localhost").match(path, method=method, return_rule=True)
    except (HTTPException, UnicodeError):
        return ""
    where = f"{method} {rule.rule}"
    if TRAIL in written:
        if where not in _told and not currently_in_test_context():
            _told.add(where)
            with (run.folder() / "acted-at").open("a") as file:
                file.write(where + "\n")
        return ""
    return "" if where in OWN else f"{where} wrote {sorted(written)} and no act; see tests/support/traced.py"


def expect(unsafe: set[str]) -> None:
    """At each of these addresses some test of a whole run has to see an act."""
    (run.folder() / "to-act-at").write_text("\n".join(sorted(unsafe - set(OWN) - set(NOTHING))))


def never_acted_at() -> list[str]:
    """The addresses at which no test of this run saw an act; empty where nobody said which there are."""
    to_act, acted = (run.folder() / name for name in ("to-act-at", "acted-at"))
    if not to_act.exists() or not acted.exists():
        return []
    return sorted(set(to_act.read_text().splitlines()) - set(acted.read_text().splitlines()))
