"""Fields that a form does not ask for change nothing, wherever they are sent (S3).

Every page that writes gets, beside what it asks for, the names under which programs keep what nobody may choose for
themselves; no statement of its transaction may carry the value. What programs may send is in ``test_tokens``.
"""

import pytest
import sqlalchemy as sa

from core.db import database
from tests.security.test_authz_matrix import UNSAFE, ask, filled_in, letter, rows, world
from tests.security.world import PEOPLE, browsers, keep_nothing, scripts
from tests.support.traced import WRITE

__all__ = ["world"]

VALUE = "987654321"
FIELDS = (
    "id", "user_id", "author_id", "authors", "actor_id", "owner_id", "made_by_id", "made_at", "created_at", "seen_at",
    "score", "points", "amount", "weight", "credits", "published_at", "approved", "approved_by", "decided_by",
    "reviewer_id", "submission_id", "article_id", "review_id", "task_id", "round_id", "head_id", "current_revision_id",
    "password_hash", "is_admin", "admin", "token_hash", "secret", "version_id", "slug_id", "body_digest",
    "grade_given", "passed", "team_id", "tier_id",
)  # fmt: skip
AS_TYPED = {  # what is kept of a page that is still being filled in is what was typed; saving it reads what it asks for
    "/drafts/<key>", "/submissions/<int:submission_id>/autosave",
}  # fmt: skip


@pytest.mark.timeout(600)
def test_what_no_form_asks_for_is_written_nowhere(app, world, signed_in, api, monkeypatch):
    app.config["PROPAGATE_BUGS"] = False
    written: list[str] = []

    def note(*about):
        if WRITE.match(about[2]):
            written.append(f"{about[2]} {about[3]!r}")

    keep_nothing(monkeypatch)
    clients, tokens = browsers(app, world, signed_in)
    scripts(world, api)  # the rows name one of their tokens
    sa.event.listen(database().writer, "before_cursor_execute", note)
    taken, shut, wrote = [], [], 0
    for row, method, path, rule in rows(app):
        allowed = [n for n, seen in zip(PEOPLE, row.expected.replace(" ", ""), strict=True) if seen == "o"][-1:]
        for name in set(allowed) - {"nobody", "gone"} if method in UNSAFE and not rule.startswith("/api/") else ():
            body = filled_in(row.body, world)
            if not isinstance(body, dict | None):
                continue
            more = {field: VALUE for field in FIELDS if field not in (body or {})}
            written.clear()
            answer = ask(clients[name], tokens[name], method, path.format(**vars(world)), {**(body or {}), **more})
            shut += [f"{row.asked}: {answer.status_code}"] if letter(answer) != "o" else []
            taken += [f"{row.asked}: {one[:200]}" for one in written if VALUE in one and rule not in AS_TYPED]
            wrote += bool(written)
    sa.event.remove(database().writer, "before_cursor_execute", note)
    assert shut == []
    assert taken == []
    assert wrote > 60, "the table shows that many pages at work"
