"""``/api/v1/articles/{slug}/blame``: who wrote which passage, and who approved it."""

from datetime import datetime
from typing import Any

from core.api import Out
from core.web import actor
from wiki.articles import ops
from wiki.articles.api import api
from wiki.articles.blame_showing import Credit, contributors, credits_of, percent
from wiki.articles.origins import Section, origins_of
from wiki.articles.permissions import P


class SourceOut(Out):
    """Where words are from; only ``share`` is told of versions the caller may not read. ``share``: percent."""

    version: str | None
    author: str | None
    at: datetime | None
    approved_by: list[str]
    share: str


class RunOut(Out):
    """A stretch of text and the version it came with."""

    text: str
    version: str | None
    author: str | None


class PassageOut(Out):
    """One passage of a field, with its sources by share and its text in runs."""

    field: str
    sources: list[SourceOut]
    runs: list[RunOut]


class ContributorOut(Out):
    """Somebody's share of the live text in percent; all of them sum to 100.00."""

    username: str | None
    name: str | None
    share: str
    characters: int


class BlameOut(Out):
    """The live text by where it is from."""

    version: str
    contributors: list[ContributorOut]
    passages: list[PassageOut]


@api.get("/articles/<slug>/blame", gate=P.PROPOSE, answer=BlameOut)
def show_blame(slug: str) -> BlameOut:
    """Who wrote which passage of the live text, with which version, and who approved it."""
    article = ops.readable_article(actor(), slug)
    found = origins_of(article)
    told = credits_of(actor(), article, found)
    return BlameOut(
        version=article.version,
        contributors=[
            ContributorOut(
                username=one["username"], name=one["name"], share=f"{one['share']:.2f}", characters=one["characters"]
            )
            for one in contributors(found, told)
        ],
        passages=[one for section in found.sections for one in _passages(section, told)],
    )


def _passages(section: Section, told: list[Credit]) -> list[Any]:
    out = []
    for passage in section.passages:
        weights = passage.weights
        shares = percent([count for _step, count in weights])
        sources = [_source(told[step], f"{share:.2f}") for (step, _n), share in zip(weights, shares, strict=True)]
        runs = [
            RunOut(text=run.text, version=told[run.step].version, author=told[run.step].username)
            for run in passage.runs
        ]
        out.append(PassageOut(field=section.name, sources=sources, runs=runs))
    return out


def _source(credit: Credit, share: str) -> SourceOut:
    return SourceOut(
        version=credit.version,
        author=credit.username,
        at=credit.at,
        approved_by=list(credit.approved_by),
        share=share,
    )
