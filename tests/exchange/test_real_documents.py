"""Documents of real service desks come in by every door, and a second time nothing changes."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import reading
from core.texts import clean, one_line
from tests.make import Make
from wiki.articles.models import Article
from wiki.exchange import frontmatter
from wiki.exchange.cli import run

DOCS = Path(__file__).resolve().parents[3] / "shared" / "search-eval" / "dev" / "docs.jsonl"
MANY = 1000


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    path = next(
        (p / "shared/search-eval/dev/docs.jsonl" for p in DOCS.parents if (p / "shared/search-eval").is_dir()), DOCS
    )
    if not path.exists():
        pytest.skip("the real documents are not beside this folder; a clone without them leaves this test out")
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for _n, line in zip(range(MANY), file, strict=False)]


def as_jsonl(folder: Path, documents: list[dict[str, Any]]) -> Path:
    path = folder / "docs.jsonl"
    path.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in documents), "utf-8")
    return path


def as_csv(folder: Path, documents: list[dict[str, Any]]) -> Path:
    path = folder / "docs.csv"
    with path.open("w", encoding="gb18030", newline="") as file:
        out = csv.writer(file)
        out.writerow(["编号", "标题", "正文"])
        out.writerows([one["id"], one["title"], one["body"]] for one in documents)
    return path


def as_folder(folder: Path, documents: list[dict[str, Any]]) -> Path:
    path = folder / "docs"
    for number, one in enumerate(documents):
        place = path / f"{number % 10}" / f"{number}.md"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(frontmatter.joined({"id": one["id"], "title": one["title"]}, one["body"]).encode())
    return path


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "written", [pytest.param(as_jsonl, marks=pytest.mark.soak), as_csv, pytest.param(as_folder, marks=pytest.mark.soak)]
)
def test_a_thousand_come_in_as_they_are(app: Any, make: Make, documents: Any, tmp_path: Path, written: Any):
    manager = make.actor("manager")
    path = written(tmp_path, documents)
    assert dict(run(path, manager).counts) == {"created": len(documents)}
    with reading() as s:
        rows = s.execute(sa.select(Article).where(Article.live)).scalars()
        found = {row.external_id: (row.title, row.revision.body) for row in rows}
    assert found == {str(one["id"]): (one_line(one["title"]), clean(one["body"])) for one in documents}
    assert dict(run(path, manager).counts) == {"unchanged": len(documents)}
