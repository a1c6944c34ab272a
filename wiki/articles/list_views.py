"""The manager's plain lists: services and the category tree."""

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from core import audit
from core.db import session
from core.errors import Invalid
from core.i18n import _
from core.web import actor, blueprint, gate
from wiki.articles import ops
from wiki.articles.models import Article, ArticleService, Category, Service
from wiki.articles.permissions import P
from wiki.articles.queries import categories, services

bp = blueprint("lists", __name__)


@bp.get("/admin/lists")
@gate(P.MANAGE_ARTICLES)
def show() -> Any:
    """Services and categories, with how many published articles each holds."""
    return _page()


def _page(errors: dict[str, str] | None = None, typed: dict[str, str] | None = None, status: int = 200) -> Any:
    per_category = _counts(sa.select(Article.category_id, sa.func.count()).where(Article.live))
    per_service = _counts(
        sa.select(ArticleService.service_id, sa.func.count())
        .join(Article, Article.id == ArticleService.article_id)
        .where(Article.live)
    )
    page = render_template(
        "articles/lists.html",
        categories=[(c, c.path.count("/"), per_category.get(c.id, 0)) for c in categories()],
        parents=[(c.slug, "　" * c.path.count("/") + c.name) for c in categories()],
        services=[(s, per_service.get(s.id, 0)) for s in services()],
        errors=errors or {},
        typed=typed or {},
    )
    return page, status


def _counts(found: Any) -> dict[int, int]:
    key = found.selected_columns[0]
    return {row[0]: row[1] for row in session.execute(found.group_by(key))}


@bp.post("/admin/lists/categories")
@gate(P.MANAGE_ARTICLES)
def save_category() -> Any:
    """Add a category, or rename one."""
    form = request.form
    try:
        ops.require_name(form.get("name", ""))
        node = ops.add_category(form.get("slug") or form.get("name", ""), form["name"], form.get("parent") or None)
    except Invalid as error:
        return _page({f"category-{k}": v for k, v in error.errors.items()}, form.to_dict(), 422)
    return _kept(node)


@bp.post("/admin/lists/services")
@gate(P.MANAGE_ARTICLES)
def save_service() -> Any:
    """Add a service, or rename one."""
    form = request.form
    try:
        ops.require_name(form.get("name", ""))
        ops.require_name(form.get("code", ""), "code")
        service = ops.add_service(form["code"], form["name"])
    except Invalid as error:
        return _page({f"service-{k}": v for k, v in error.errors.items()}, form.to_dict(), 422)
    return _kept(service)


def _kept(row: Category | Service) -> Any:
    audit.record(actor(), "save", subject_kind=row.__tablename__, subject_id=row.id, note=row.name)
    flash(_("Saved: %(name)s", name=row.name), "success")
    return redirect(url_for(".show"))
