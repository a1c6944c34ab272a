"""Payloads in every column that holds people's words, of every table, looked at on every page (S9, S11).

The rows are written straight into the tables, past every form: what is stored is never trusted. The columns are found
in the models and the pages in ``expected``, so that a new field is met on the day it appears.
"""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from core import caches, outbox
from core.db import Base, session, writing
from core.texts import one_line
from tests.security.expected import ROWS
from tests.security.looking import seen
from tests.security.payloads import payloads
from tests.security.test_every_field import who_comes_in
from tests.security.world import World, browsers

pytestmark = pytest.mark.browser
SOAK = os.environ.get("SOAK") == "1"
PARTS = 13  # of the long form, each of which takes minutes
WORDS = {
    "about", "actor_name", "address", "agent", "answer", "asked", "body", "call_ref", "comment", "denominator",
    "email", "error", "explanation", "external_id", "location", "name", "note", "number", "numerator", "passage",
    "place", "question", "quote", "reason", "refusal", "result", "said", "source", "subject", "summary", "tag",
    "task", "text", "title", "what", "why", "word", "words",
}  # fmt: skip
NAMES = {  # what no person writes: keys, codes, digests, folded forms for looking up
    "act", "after_hash", "article_kind", "ask", "audience", "before_hash", "category", "certificate", "changed",
    "circle", "code", "code_hash", "content_type", "dedup", "digest", "digests", "draft_key", "etag", "event", "field",
    "fingerprint", "flat", "folded", "folded_title", "former", "grade", "hash", "id", "issuer", "key", "kind",
    "leased_by", "locale", "machine", "media_type", "message_id", "note_digest", "page", "part", "password_hash",
    "path", "period", "pinyin", "request_id", "role", "rule", "sealed", "seat", "signature", "significance", "slug",
    "small_key", "sound", "source_digest", "source_kind", "stage", "state_hash", "step", "steps", "subject_kind",
    "timezone", "to_stage", "token", "token_hash", "topic", "undoes", "url", "username", "variant", "verb", "verdict",
    "version",
}  # fmt: skip
CODES = {  # texts that name something, and mean nothing when they are changed
    "article_tags.tag", "expert_requests.address", "import_rows.external_id", "ledger_entries.source", "mails.address",
    "idempotency_keys.body", "idempotency_keys.location", "scoring_acts.source", "search_vocabulary.word",
    "feedback.reason",
}  # fmt: skip
LOOSE = {"headings", "option_texts", "params", "sample", "cells", "tags", "refused", "remarks", "meant"}  # of JSON


def test_every_table_of_words_is_known():
    """Every column of text is among the words or a name of something: a new one is put down here, on purpose."""
    found = {column.name for table in Base.metadata.sorted_tables for column in table.columns if _is_text(column)}
    assert found - WORDS - NAMES == set()
    assert WORDS - found <= {"said"}, "of JSON"
    assert found >= NAMES


def _is_text(column: Any) -> bool:
    return isinstance(column.type, sa.String) and not isinstance(column.type, sa.Enum)


def poisoned(value: Any, said: Iterator[str], *, loose: bool) -> Any:
    """The same data with payloads in the place of what people wrote: leaves that hold a blank, or all of them."""
    if isinstance(value, str):
        return next(said) if value and (loose or " " in value) else value
    if isinstance(value, list):
        return [poisoned(one, said, loose=loose) for one in value]
    if isinstance(value, dict):
        return {key: poisoned(one, said, loose=loose) for key, one in value.items()}
    return value


def poison(batch: list[str]) -> int:
    """Payloads everywhere; how many cells hold one."""
    cells, number = 0, 0

    def following() -> Iterator[str]:
        nonlocal number
        while True:
            number += 1
            yield batch[number % len(batch)]

    said = following()
    with writing():
        for name in session.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(sa.text(f'DROP TRIGGER "{name}"'))
        for table in Base.metadata.sorted_tables:
            keys = list(table.primary_key.columns)
            for row in session.execute(sa.select(table)).mappings().all():
                changed = {}
                for column in table.columns:
                    value = row[column.name]
                    if isinstance(column.type, sa.JSON) and value:
                        changed[column.name] = poisoned(value, said, loose=column.name in LOOSE)
                    elif _is_text(column) and column.name in WORDS and f"{table.name}.{column.name}" not in CODES:
                        room = getattr(column.type, "length", None)
                        text = one_line(next(said)) if room else "\n\n".join(next(said) for _ in range(12))
                        changed[column.name] = text[:room] if value is not None else None
                if changed:
                    cells += len(changed)
                    mine = [key == row[key.name] for key in keys]
                    session.execute(sa.update(table).where(*mine).values(**changed))
    caches.forget_everything()
    return cells


def look_at_every_page(world: World, clients: Any, sheet: Any, batch: list[str]) -> tuple[int, list[str]]:
    """How many pages showed payloads, and what ran or stood in them that is not ours."""
    assert poison(batch) > 300
    wrong, looked, seen_already = [], 0, set()
    for row in ROWS:
        method, path = row.asked.split(" ", 1)
        who, make = who_comes_in(row.expected), re.sub(r"{\w+}|\?.*", "", path)
        if method != "GET" or who is None or make in seen_already or path.startswith(("/api/v1/", "/logout")):
            continue
        seen_already.add(make)
        where = path.format(**vars(world))
        answer = clients[who].get(where)
        assert answer.status_code < 500, where
        text = answer.get_data(as_text=True) if answer.mimetype in {"text/html", "application/msword"} else ""
        if answer.mimetype == "application/msword":  # what leaves the house is cleaned, too; the style in it is ours
            text = re.sub(r"^\ufeff|<style>.*?</style>", "", text, flags=re.S)
        if "alert" in text:
            looked += 1
            hits, bad = seen(sheet, text)
            wrong += [f"{where} {hits} {bad}"] if hits or bad else []
    return looked, wrong


@pytest.mark.soak if SOAK else pytest.mark.timeout(600)  # a sample of the payloads, or all of them
@pytest.mark.parametrize("part", range(PARTS if SOAK else 1))
def test_words_in_every_column_run_nothing_on_any_page(app, make, signed_in, sheet, part):
    app.config["PROPAGATE_BUGS"] = False
    world = World(make)
    clients, _tokens = browsers(app, world, signed_in)
    outbox.drain()
    all_of_it = payloads()
    batches = [all_of_it[n : n + 400] for n in range(0, len(all_of_it), 400)] if SOAK else [all_of_it[::25]]
    for batch in batches[part::PARTS]:
        looked, wrong = look_at_every_page(world, clients, sheet, batch)
        assert wrong == []
        assert looked > 60
