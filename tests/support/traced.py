"""Every change that anybody makes through the product leaves an act in the trail (S32).

Whatever any test asks of it, by a browser or a program: where the transaction of a request that was taken wrote rows,
an act was written with them, or the address stands here with the reason why its own rows are enough. Who, when, from
where and in which request is in ``tests/security/test_trail_matrix.py``, before and after in
``tests/core/test_chain.py``. At which addresses a change was seen is kept for the end of the run.
"""

import re
import threading
from typing import Any

from flask import Flask
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
    "POST /files": FILE,
    "POST /api/v1/files": FILE,
    "POST /embed/marks/<slug>": VOTE,
    "POST /insight/fairness/look": "what is found is the program's; what becomes of it is in the trail",
    "POST /admin/kpi/readings": FIGURES,
    "POST /admin/kpi/files/<int:import_id>/columns": FIGURES,
}  # fmt: skip
NOTHING: dict[str, str] = {}  # where no test sees an act, and why
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
    tables().clear()


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
        if where not in _told:
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
