"""What the pages of content health say: reasons in words, each with the way to its source."""

from typing import Any

from flask import url_for

from core.actors import Actor
from core.i18n import _, _l, _n, local
from core.tables import Sheet
from wiki.articles.kinds import KINDS
from wiki.insight.health_queries import Case, names
from wiki.insight.health_rules import Finding, Reason

REASON_NAMES = {
    Reason.FLAGGED: _l("Flagged by readers"),
    Reason.STALE: _l("To be looked at again"),
    Reason.ENDING: _l("Ends soon"),
    Reason.BADLY_RATED: _l("Badly rated"),
    Reason.CONTRADICTS: _l("May contradict another"),
    Reason.DUPLICATE: _l("Almost the same as another"),
    Reason.UNREAD: _l("Unread"),
    Reason.UNUSED: _l("Never used in a call"),
    Reason.ORPHANED: _l("Nothing leads here"),
    Reason.BROKEN_LINKS: _l("Links that lead nowhere"),
    Reason.NO_OWNER: _l("Without an owner"),
    Reason.NO_CATEGORY: _l("Without a category"),
}


def words(case: Case, finding: Finding) -> str:
    """One reason with its number."""
    n = finding.number
    if finding.reason is Reason.BADLY_RATED:
        votes = case.facts.helpful + case.facts.not_helpful
        return _("%(no)s of %(votes)s were not helped", no=case.facts.not_helpful, votes=votes)
    if finding.reason in {Reason.CONTRADICTS, Reason.DUPLICATE}:
        return _other(case, finding)
    if finding.reason is Reason.FLAGGED and case.facts.late_flags:
        flags = _n("%(num)s open flag", "%(num)s open flags", n)
        return _("%(flags)s, %(late)s without an answer in time", flags=flags, late=case.facts.late_flags)
    if finding.reason is Reason.NO_OWNER:
        return _("Nobody keeps it") if not case.facts.has_team else _("Fell to the team, nobody has taken it")
    return {
        Reason.FLAGGED: lambda: _n("%(num)s open flag", "%(num)s open flags", n),
        Reason.STALE: lambda: _n("Its look is %(num)s day late", "Its look is %(num)s days late", n),
        Reason.ENDING: lambda: _n("Ends within %(num)s day", "Ends within %(num)s days", n),
        Reason.UNREAD: lambda: _n("Not opened for %(num)s day", "Not opened for %(num)s days", n),
        Reason.UNUSED: lambda: _n("In %(num)s day never used in a call", "In %(num)s days never used in a call", n),
        Reason.ORPHANED: lambda: _("Nothing links to it, and nobody ever opened it"),
        Reason.BROKEN_LINKS: lambda: _n("%(num)s link leads nowhere", "%(num)s links lead nowhere", n),
        Reason.NO_CATEGORY: lambda: _("In no category"),
    }[finding.reason]()


def _other(case: Case, finding: Finding) -> str:
    if finding.reason is Reason.CONTRADICTS:
        return _("Other figures than «%(title)s»", title=case.row.twin_title)
    return _("%(n)s %% like «%(title)s»", n=finding.number, title=case.row.twin_title)


def source(case: Case, finding: Finding) -> str:
    """Where a reason can be looked up."""
    slug = case.row.slug
    if finding.reason in {Reason.CONTRADICTS, Reason.DUPLICATE}:
        return url_for("articles.show", slug=case.row.twin_slug)
    if finding.reason in {Reason.STALE, Reason.ENDING, Reason.NO_OWNER}:
        return url_for("lifecycle.show", slug=slug)
    if finding.reason in {Reason.BADLY_RATED, Reason.UNUSED}:
        return url_for("feedback.show", slug=slug)
    return url_for("content_health.article", slug=slug, _anchor=finding.reason.value)


def rows_of(cases: list[Case]) -> list[dict[str, Any]]:
    """Lines of the list."""
    owners, teams, categories = names(cases)
    return [
        {
            "slug": case.row.slug,
            "title": case.row.title,
            "url": url_for("articles.show", slug=case.row.slug),
            "sum_url": url_for("content_health.article", slug=case.row.slug),
            "kind": case.row.kind,
            "category": categories.get(case.row.category_id),
            "owner": owners[case.row.owner_id].name if case.row.owner_id in owners else None,
            "team": teams.get(case.row.owner_team_id),
            "score": case.score,
            "reasons": [
                {
                    "code": one.reason.value,
                    "words": words(case, one),
                    "points": one.points,
                    "url": source(case, one),
                }
                for one in case.findings
            ],
        }
        for case in cases
    ]


def sheet_of(cases: list[Case]) -> Sheet:
    """The list as a table: one column of points for each reason."""
    head = [_("Score"), _("Title"), _("Kind"), _("Category"), _("Owner"), _("Team"), _("What is the matter")]
    head += [str(REASON_NAMES[reason]) for reason in Reason]
    head += [_("Published on"), _("Address")]
    owners, teams, categories = names(cases)
    rows = []
    for case in cases:
        row, points = case.row, {one.reason: one.points for one in case.findings}
        rows.append(
            [
                case.score,
                row.title,
                str(KINDS[row.kind].label),
                categories.get(row.category_id, ""),
                owners[row.owner_id].name if row.owner_id in owners else "",
                teams.get(row.owner_team_id, ""),
                "; ".join(words(case, one) for one in case.findings),
                *(points.get(reason, 0) for reason in Reason),
                local(row.published_at).date() if row.published_at else None,
                url_for("articles.show", slug=row.slug),
            ]
        )
    return Sheet("health", head, rows)


def beside_home(who: Actor, cases: list[Case]) -> dict[str, Any]:
    """What an owner reads on their home."""
    return {"rows": rows_of(cases[:5]), "total": len(cases), "url": url_for("content_health.show", view="mine")}
