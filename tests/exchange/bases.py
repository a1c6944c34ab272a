"""A base that people made, and what it says: for the tests that carry one away and bring it back."""

import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from hypothesis import strategies as st

from accounts import absences
from accounts.models import User
from core import audit, clock
from core.db import reading, session, writing
from core.errors import DomainError
from tests.make import Make
from tests.support.files import picture
from wiki.articles import files, lifecycle, link_upkeep, ops, provisional
from wiki.articles.content import Content, of_revision
from wiki.articles.models import (
    Article,
    Category,
    ProvisionalPublication,
    Publication,
    Service,
    Submission,
    Verification,
)
from wiki.articles.publishing import Row, import_row, retire
from wiki.articles.rules import Because
from wiki.exchange.portable import Names, translated, with_files
from workflows.definitions import Definition, Seat, Stage
from workflows.models import Decision
from workflows.rules import Verb

House = Callable[[], Any]


# ── a base, made by what people really do ────────────────────────────────────────────────────────────────────────────

ODD = ["", "---\n分隔线\n---\n", "\n开头空行", "行尾空格  \n\n", "\u2028分隔\u0085", "- 项\n- 项\n", "\ufeff开头",
       "a: [b\n#c","'单' \"双\" : {}", "第一行\n\n    代码\n\n\ttab", "😀 𠀀 汉字", "yes", "1.0",
       "null", "| a |\n|---|\n| b |"]  # fmt: skip
texts = st.one_of(st.sampled_from(ODD), st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Z"])))
lines = texts.map(lambda text: " ".join(text.split())[:80])
WAYS = (
    "publish",
    "publish",
    "publish",
    "import",
    "retire",
    "emergency",
    "rolled_back",
    "workaround",
    "deputy",
    "draft",
    "verify",
    "keep",
)
acts = st.fixed_dictionaries(
    {
        "way": st.sampled_from(WAYS),
        "kind": st.sampled_from(["faq", "script", "sop", "notice", "product", "best_practice"]),
        "on": st.integers(0, 5),  # which article is changed; beyond those there are: a new one
        "title": lines,
        "body": texts,
        "word": texts,
        "tags": st.lists(lines, max_size=3),
        "place": st.sampled_from([None, "roaming", "tariffs"]),
        "services": st.lists(st.sampled_from(["mobile", "fixed"]), unique=True),
        "circle": st.lists(st.sampled_from(["role:qa", "team", "tier", "user"]), unique=True),
        "significance": st.sampled_from(["typo", "minor", "major"]),
        "reason": lines,
        "seconds": st.integers(1, 10**7),
        "picture": st.sampled_from([0, 0, 0, 1, 2, 3]),  # how wide; 0: none
        "brought_by": st.sampled_from(["rep", "business"]),
    }
)


class Base:
    """Somebody's installation, over which acts are played."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.now = clock.now()
        with writing():
            for slug in ("zeta", "billing"):
                make.team(slug, name=f"{slug} 班组")
            make.tier("second", name="二线")
            self.people = {
                name: make.actor(name, team="billing", name=f"{name} 甲 {n}")
                for n, name in enumerate(["rep", "business", "qa", "training", "supervisor", "manager"])
            }
            ops.add_category("tariffs", "资费")
            ops.add_category("roaming", "漫游: 'x'", "tariffs", 3)
            ops.add_service("mobile", "移动")
            ops.add_service("fixed", "固话 #1")
            self.tokens = {"role:qa": "role:qa", "team": f"team:{make.team('billing').id}",
                           "tier": f"tier:{make.tier('second').id}",
                           "user": f"user:{self.people['rep'].id}"}  # fmt: skip
        self.slugs: list[str] = []

    def play(self, act: dict[str, Any]) -> None:
        self.now += timedelta(seconds=act["seconds"], microseconds=act["seconds"])
        with clock.fixed(self.now), writing():
            point = session.begin_nested()
            try:
                getattr(self, "do_" + act["way"])(act)
                point.commit()
            except DomainError:  # what the house refuses, nobody did
                point.rollback()

    def _article(self, act: dict[str, Any]) -> Article | None:
        slugs = list(session.scalars(sa.select(Article.slug).where(Article.live).order_by(Article.slug)))
        if act["on"] >= len(slugs):
            return None
        return session.scalar(sa.select(Article).where(Article.slug == slugs[act["on"]]))

    def _content(self, kind: str, act: dict[str, Any]) -> Content:
        readers = [self.tokens[one] for one in act["circle"]]
        body = act["body"]
        if act["picture"]:
            form = ["PNG", "JPEG", "WEBP"][act["picture"] - 1]
            kept = files.keep(self.people[act["brought_by"]], "图 1.png", picture(act["picture"] * 9, 5, form))
            body += f"\n\n{kept.markdown('图')} /files/99999/x"
        texts = {
            "script": "say",
            "faq": "answer",
            "product": "customer_text",
            "best_practice": "action",
            "sop": "scope",
        }
        fields = {texts[kind]: act["word"] or "词"} if kind in texts else {"audience_ack": readers}
        return self.make.content(
            kind, title=act["title"] or f"题 {self.make.number()}", body=body, fields=fields, tags=act["tags"],
            category=act["place"], services=act["services"], readers=readers,
            audience="restricted" if readers else "public",
        )  # fmt: skip

    def _proposed(self, act: dict[str, Any]) -> Submission:
        article, author = self._article(act), self.people["rep"]
        kind = article.kind if article else act["kind"]
        made = ops.propose(
            author, kind, self._content(kind, act), article_slug=article.slug if article else None,
            significance=act["significance"], reason=act["reason"],
        )  # fmt: skip
        if act["seconds"] % 3 == 0:  # a co-author, and a draft that nobody ever published
            ops.submit(made, author)
            ops.save(made, self.people["business"], self._content(kind, {**act, "body": act["body"] + " 改"}))
            return made
        ops.submit(made, author)
        return made

    def do_publish(self, act: dict[str, Any]) -> None:
        self.make.approved(self._proposed(act))

    def do_draft(self, act: dict[str, Any]) -> None:
        self._proposed(act)

    def do_import(self, act: dict[str, Any]) -> None:
        import_row(self.people["manager"], Row(f"外 {act['on']}", "", self._content("faq", act)))

    def do_retire(self, act: dict[str, Any]) -> None:
        article = self._article(act)
        if article is not None:
            retire(article, self.people["manager"], reason="旧")

    def do_verify(self, act: dict[str, Any]) -> None:
        article = self._article(act)
        if article is not None:
            lifecycle.verify(article, self.people["manager"], note=act["reason"])

    def do_keep(self, act: dict[str, Any]) -> None:
        article = self._article(act)
        if article is not None:
            end = clock.now() + timedelta(days=400) if act["seconds"] % 2 else None
            owner = session.get_one(User, self.people["business"].id).username
            lifecycle.keep(article, self.people["manager"], owner=owner, verify_months=act["on"], expires_at=end)

    def do_emergency(self, act: dict[str, Any]) -> Submission:
        made = self._proposed(act)
        provisional.ask_emergency(made, self.people["manager"], "现在就要")
        provisional.confirm_emergency(made, self.people["supervisor"])
        return made

    def do_rolled_back(self, act: dict[str, Any]) -> None:
        made = self.do_emergency(act)
        self.make.decide(made, self.make.actor("business"), "reject", reason="wrong")

    def do_workaround(self, act: dict[str, Any]) -> None:
        made = self._proposed(act)
        provisional.publish_workaround(made, self.people["manager"], "先用着")
        if act["seconds"] % 2:
            self.make.approved(made)

    def do_deputy(self, act: dict[str, Any]) -> None:
        away = self.make.actor("business", team="zeta")
        deputy = self.make.actor("business", team="billing")
        tomorrow = clock.now() + timedelta(days=1)
        absences.announce(away, away.id, clock.now(), tomorrow, session.get_one(User, deputy.id).username)
        seat = Seat(key="business", role="business", team="zeta")
        article = self._article(act)
        topic = article.kind if article else act["kind"]
        self.make.pipeline(
            topic=topic, definition=Definition(stages=(Stage(key="business", name="实", seats=(seat,)),))
        )
        self.make.decide(self._proposed({**act, "seconds": 1}), deputy)
        self.make.pipeline("business", "supervisor", topic=topic)


# ── what a base says, asked of the tables ────────────────────────────────────────────────────────────────────────────


def dump() -> dict[str, Any]:
    """The base in words that mean the same in every installation."""
    with reading():
        names = Names()
        early = sa.select(ProvisionalPublication.publication_id).where(
            ProvisionalPublication.publication_id.is_not(None),
            sa.or_(
                ProvisionalPublication.closed_because.is_(None),
                ProvisionalPublication.closed_because != Because.APPROVED,
            ),
        )
        rows = session.scalars(
            sa.select(Publication)
            .where(Publication.id.not_in(early))
            .order_by(Publication.article_id, Publication.major, Publication.minor)
        )
        found: dict[str, Any] = {}
        for row in rows:
            found.setdefault(row.article.slug, {**about(row.article, names), "versions": []})
            found[row.article.slug]["versions"].append(version(row, names))
            if row.article.provisional is not None:  # the article shows what no review stands behind
                text = found[row.article.slug]["versions"][-1]["text"]
                found[row.article.slug] |= {"readers": sorted(text.readers), "tags": sorted(text.tags)}
        categories = [(c.path, c.slug, c.name, c.position) for c in session.scalars(sa.select(Category))]
        services = [(s.code, s.name) for s in session.scalars(sa.select(Service))]
        return {"articles": found, "categories": sorted(categories), "services": sorted(services)}


def about(article: Article, names: Names) -> dict[str, Any]:
    return {
        "external_id": article.external_id,
        "kind": article.kind,
        "live": article.live,
        "owner": names.username(article.owner_id),
        "created_at": article.created_at,
        "keeping": (names.teams.get(article.owner_team_id), article.verify_months, article.verified_at,
                    article.verify_due_at, article.expires_at),
        "looked": [(one.user.username, one.note, one.at) for one in session.scalars(
            sa.select(Verification).where(Verification.article_id == article.id).order_by(Verification.id))],
        "readers": sorted(names.outward(r.token) for r in article.readers),
        "tags": article.tags,
    }  # fmt: skip


def version(row: Publication, names: Names) -> dict[str, Any]:
    revision, submission = row.revision, row.submission
    return {
        "version": row.version,
        "significance": row.significance,
        "reason": row.reason,
        "published": (row.published_at, names.username(row.published_by_id)),
        "text": translated(revision.kind, with_files(of_revision(revision), without_ids), names.outward),
        "files": sorted(
            (entry.digest, entry.name, entry.media_type, entry.owner.username, files.opened(entry).read())
            for entry in files.files_of(revision.id)
        ),
        "revision": (revision.number, names.username(revision.author_id), revision.created_at),
        "authors": [names.username(one) for one in submission.author_ids],
        "submission": (submission.significance, submission.reason, submission.created_at, submission.submitted_at,
                       submission.closed_at),
        "approvals": approvals(submission, names),
    }  # fmt: skip


def unlinked() -> list[str]:
    """Where the tables of links and earlier titles do not say what is published."""
    with reading():
        return list(link_upkeep.differences())


def without_ids(text: str) -> str:
    """Ids of files are another installation's business; that there is a file, and what it is called, is not."""
    return re.sub(r"/files/[0-9]+/", "/files/…/", text)


def approvals(submission: Submission, names: Names) -> list[tuple[Any, ...]]:
    found = session.scalars(
        sa.select(Decision)
        .where(Decision.task.has(sa.text("true")), Decision.verb == Verb.APPROVE)
        .where(Decision.review_id.in_(sa.text(f"(SELECT id FROM reviews WHERE subject_id = {submission.id})")))
        .order_by(Decision.id)
    )
    given = [(d.stage, names.username(d.actor_id), names.username(d.on_behalf_of_id), d.decided_at.isoformat())
             for d in found]  # fmt: skip
    brought = session.scalars(audit.trail("submission", submission.id).where(audit.TrailEntry.verb == "imported")).all()
    for entry in brought:
        given += [
            (a["stage"], a["username"], a.get("for_username"), a["at"]) for a in entry.details.get("approvals", [])
        ]
    return given


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def run(app: Flask, *words: str) -> str:
    done = app.test_cli_runner().invoke(args=["articles", *words])
    assert done.exit_code == 0, done.output
    return done.output


def goes_round(house: House, folder: Path, story: list[dict[str, Any]]) -> dict[str, Any]:
    """Played, exported, imported into an empty house, exported again; returns what the base said."""
    out, again = folder / "out", folder / "again"
    for one in (out, again):
        shutil.rmtree(one, ignore_errors=True)
    with house() as app:
        base = Base(Make())
        for act in story:
            base.play(act)
        run(app, "export", str(out))
        before = dump()
        run(app, "export", str(again))
        assert bytes_of(out) == bytes_of(again), "the same base is the same bytes"
    with house() as app:
        Make().user("manager", username="importer")
        run(app, "import", str(out))
        assert dump() == before
        assert unlinked() == []
        run(app, "export", str(again))
        assert bytes_of(out) == bytes_of(again), "the copy leaves as the same bytes"
        said = run(app, "import", str(out))
        assert said.startswith("0 created, 0 updated"), said
        assert dump() == before
    return before
