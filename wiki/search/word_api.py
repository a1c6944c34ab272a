"""``/api/v1/search/words``: the words of search, for programs of the knowledge manager."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from core.api import Answer, Api, In, Out, PageIn, page
from core.web import actor
from wiki.search import words
from wiki.search.permissions import P
from wiki.search.word_models import SearchWord
from wiki.search.word_rules import LINE, State, line_of

api = Api("words")


class WordIn(In):
    """A rule in one line – ``退费 = 退款``, or ``hf套餐 → 话费套餐`` – and a note."""

    rule: str = Field(max_length=LINE)
    note: str = Field("", max_length=words.NOTE)


class WordChangeIn(In):
    """What is to be different; what is left out stays."""

    rule: str | None = Field(None, max_length=LINE)
    note: str | None = Field(None, max_length=words.NOTE)
    state: Literal["on", "off", "removed"] | None = None


class WordOut(Out):
    """A rule as it stands."""

    id: str
    rule: str
    sort: str
    said: list[str]
    meant: list[str]
    note: str
    state: str
    changed_at: datetime
    changed_by: str


class WordsOut(Out):
    """A page of rules."""

    items: list[WordOut]
    next: str | None
    total: int


def _out(row: SearchWord) -> WordOut:
    return WordOut(
        id=str(row.id),
        rule=line_of(row.said, row.meant),
        sort=row.sort.value,
        said=[str(word) for word in row.said],
        meant=[str(word) for word in row.meant],
        note=row.note,
        state=row.state.value,
        changed_at=row.changed_at,
        changed_by=row.changed_by.name,
    )


@api.get("/search/words", gate=P.KEEP_WORDS, query=PageIn, answer=WordsOut)
def index(query: PageIn) -> dict[str, Any]:
    """The words of search: equal words and jargon"""
    return page(words.kept(), query, _out)


@api.post("/search/words", gate=P.KEEP_WORDS, body=WordIn, answer=WordOut, status=201)
def add(body: WordIn) -> Answer:
    """Keep a rule; it holds at once"""
    return Answer(_out(words.add(actor(), body.rule, body.note)), 201)


@api.post("/search/words/<int:word_id>", gate=P.KEEP_WORDS, body=WordChangeIn, answer=WordOut)
def change(word_id: int, body: WordChangeIn) -> WordOut:
    """Change a rule, switch it on or off, or remove it"""
    row, who = words.find(word_id, locked=True), actor()
    if body.rule is not None or body.note is not None:
        line = line_of(row.said, row.meant) if body.rule is None else body.rule
        words.change(row, who, line, row.note if body.note is None else body.note)
    if body.state is not None:
        words.switch(row, who, State(body.state))
    return _out(row)
