"""'I have read it' under a text that asks for it."""

from typing import Any

from flask import flash, redirect, url_for

from core.i18n import _
from core.web import actor, blueprint, gate, maybe_actor
from wiki.articles.models import Article
from wiki.articles.ops import readable_article
from wiki.training.acknowledging import acknowledge, concerns, confirmed
from wiki.training.permissions import P

bp = blueprint("notices", __name__)


@bp.post("/articles/<slug>/acknowledge")
@gate(P.LEARN)
def confirm(slug: str) -> Any:
    """Confirm the live revision of a text."""
    acknowledge(actor(), readable_article(actor(), slug))
    flash(_("Confirmed. Thank you."), "success")
    return redirect(url_for("articles.show", slug=slug))


def under_a_notice(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The button, or when it was pressed; nothing for those who are not asked."""
    row, who = context.get("row"), maybe_actor()
    # a notice in a lesson has no row
    if not isinstance(row, Article) or row.revision_id is None or who is None or not concerns(who, row):
        return None
    return "training/_acknowledge.html", {
        "acknowledged_at": confirmed(who, row),
        "ack_url": url_for("notices.confirm", slug=row.slug),
    }


def under_a_text(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The same under texts of other kinds, when somebody asks about them."""
    row = context.get("row")
    return None if row is None or row.kind == "notice" else under_a_notice(context)
