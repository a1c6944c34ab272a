"""Puts the package into the application."""

from typing import Any

import sqlalchemy as sa
from flask import Flask, url_for

from core.actors import Actor
from core.db import session
from core.i18n import _, _l
from core.permissions import allowed
from core.slots import frame, menu, panel
from wiki.articles import dependants
from wiki.articles.models import Publication
from wiki.articles.renaming import on_pages
from wiki.training import (
    api,
    audience,
    bank_views,
    banner,
    certificate_views,
    desk,
    draft_views,
    grading,
    item_views,
    listeners,
    must_read_asking,
    must_read_views,
    notice_views,
    outline_api,
    outline_views,
    practice_views,
    quiz_desk,
    recall_views,
    taking_views,
    trainer_desk_views,
    version_views,
    versions,
    views,
)
from wiki.training.acknowledging import confirmed_stamp
from wiki.training.models import Course, Lesson
from wiki.training.permissions import P
from wiki.training.queries import count_due, taught_in, taught_stamp

__all__ = [
    "api",
    "audience",
    "bank_views",
    "certificate_views",
    "desk",
    "draft_views",
    "grading",
    "init_app",
    "item_views",
    "listeners",
    "must_read_asking",
    "outline_api",
    "outline_views",
    "practice_views",
    "quiz_desk",
    "recall_views",
    "taking_views",
    "trainer_desk_views",
    "version_views",
    "versions",
]


def init_app(app: Flask) -> None:
    """Courses in the menu, what teaches an article beside it, pages."""
    app.register_blueprint(views.bp)
    menu(_l("Courses"), "training.index", P.LEARN, order=50, badge=count_due)
    menu(_l("Trainer’s desk"), "training.trainer_desk", P.TEACH, order=50, place="person")
    menu(_l("Question bank"), "training.question_bank", P.TEACH, order=52, place="person")
    menu(_l("Must-read: who has not"), "training.must_reads", P.CHASE, order=51, place="person")
    app.register_blueprint(notice_views.bp)
    panel("article.notice", notice_views.under_a_notice, stamp=confirmed_stamp())
    panel("article.foot", notice_views.under_a_text, order=10, stamp=confirmed_stamp())
    panel("article.side", must_read_views.beside_article, order=70, stamp=sa.literal_column("1"))
    panel("page.top", banner.on_every_page)
    frame(banner.frame)
    panel("article.side", beside_article, order=60, stamp=taught_stamp())
    on_pages(Course.title)
    dependants.register(teaching)


def teaching(reader: Actor, article_id: int) -> list[dict[str, Any]]:
    """The courses that teach an article, as far as this person may see them, and the version each of them teaches."""
    found = (
        sa.select(Course, Publication)
        .join(Lesson, Lesson.course_id == Course.id)
        .join(Publication, Publication.id == Lesson.publication_id)
        .where(Lesson.article_id == article_id, Lesson.removed_at.is_(None), allowed(reader, P.SEE_COURSE))
        .order_by(Course.title, Course.id)
    )
    return [
        {
            "title": course.title,
            "url": url_for("training.course", slug=course.slug),
            "what": _("teaches version %(version)s", version=pinned.version),
        }
        for course, pinned in session.execute(found)
    ]


def beside_article(context: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """'Taught in: …' beside an article; nothing when no open course teaches it."""
    article = context.get("article") or {}
    article_id = article.get("id") if isinstance(article, dict) else getattr(article, "id", None)
    if article_id is None:
        return None
    courses = list(session.scalars(taught_in(article_id).limit(5)))
    if not courses:
        return None
    rows = [{"title": one.title, "url": url_for("training.course", slug=one.slug)} for one in courses]
    return "training/_taught.html", {"courses": rows}
