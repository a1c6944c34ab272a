"""Pictures and documents over HTTP: brought, fetched (access is checked on each fetch), listed, removed."""

import unicodedata
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from flask import Flask, Response, flash, jsonify, redirect, render_template, request, url_for

from core import web
from core.db import reading, session, writing
from core.errors import Invalid
from core.i18n import _, _l
from core.requests import BODY_LIMIT
from core.settings import Settings
from core.slots import menu
from core.web import actor, blueprint, gate, paginate, wants_json
from wiki.articles import file_forms, files, submission_views
from wiki.articles.file_models import FileEntry, FileReference
from wiki.articles.media import refused
from wiki.articles.permissions import P

bp = blueprint("files", __name__)

SANDBOX = "sandbox; default-src 'none'"
TEXT_ROOM = 2 << 20  # bytes that may stand in a form beside a file
WITH_FILES = (
    "files.upload",
    "api_files.upload",
    "submissions.create",
    "submissions.propose_change",
    "submissions.keep",
)


def init_app(app: Flask) -> None:
    """The addresses, and bodies as large as one file may be."""
    app.register_blueprint(bp)
    app.before_request_funcs.setdefault(submission_views.bp.name, []).append(file_forms.look)
    settings: Settings = app.config["SPIRAL"]
    for endpoint in WITH_FILES:
        web.allow_body(endpoint, max(BODY_LIMIT, (settings.file_limit_mb << 20) + TEXT_ROOM))
    menu(_l("My files"), "files.mine", P.PROPOSE, order=35, place="person")


@bp.post("/files")
@gate(P.PROPOSE, transaction=False)
def upload() -> Any:
    """Keep the picture or document in the field ``file``: JSON for the editor, the list of one's own without script."""
    try:
        entry = brought()
    except Invalid as error:
        if wants_json():
            raise
        with reading():
            return _mine(error.errors), 422
    if wants_json():
        return jsonify(shown(entry)), 201
    flash(_("Kept: %(name)s", name=entry.name), "success")
    return redirect(url_for(".mine"))


def brought() -> FileEntry:
    """The file of this request, kept. It is looked at before the transaction begins: that takes its time.

    Raises:
        Invalid, DiskFull.
    """
    given = request.files.get(file_forms.FIELD)
    if given is None or not given.filename:
        raise refused(_("Please choose a file."))
    found = files.ahead(actor(), files.examine(given.filename, given.stream.read()))
    with writing():
        return files.store(actor(), found)


def shown(entry: FileEntry) -> dict[str, Any]:
    """A file as the editor and scripts see it."""
    return {
        "id": str(entry.id),
        "url": entry.url,
        "name": entry.name,
        "media_type": entry.media_type,
        "width": entry.width,
        "height": entry.height,
        "size": entry.size,
        "digest": entry.digest,
        "markdown": entry.markdown(),
    }


@bp.get("/files")
@gate(P.PROPOSE)
def mine() -> Any:
    """What this person brought, how much room it takes, and in how many saved texts it stands."""
    return _mine()


def _mine(errors: dict[str, str] | None = None) -> str:
    page = paginate(files.owned_by(actor()), per=30)
    used = _uses([entry.id for entry in page.items])
    limits = files.settings()
    return render_template(
        "files/mine.html",
        page=page,
        uses=used,
        errors=errors or {},
        used=files.used_by(actor()),
        quota=limits.file_quota_mb << 20,
        limit=limits.file_limit_mb,
    )


def _uses(ids: list[int]) -> dict[int, int]:
    """In how many saved revisions each of these files stands."""
    rows = session.execute(
        sa.select(FileReference.file_id, sa.func.count())
        .where(FileReference.file_id.in_(ids))
        .group_by(FileReference.file_id)
    )
    return dict(rows.all())


@bp.post("/files/<int:file_id>/remove")
@gate(P.PROPOSE)
def remove(file_id: int) -> Any:
    """A file of one's own that no saved text refers to is gone."""
    entry = files.find(file_id, actor())
    files.remove(entry, actor())
    flash(_("Removed: %(name)s", name=entry.name), "success")
    return redirect(url_for(".mine"))


@bp.get("/files/<int:file_id>/<name>")
@gate(P.PROPOSE)
def fetch(file_id: int, name: str) -> Response:
    """The file, or with ``?size=small`` its thumbnail. The name is for people; the number says which it is."""
    return handed_out(files.find(file_id, actor()), small=request.args.get("size") == "small")


def handed_out(entry: FileEntry, *, small: bool) -> Response:
    """The bytes in a box of their own: pictures are shown, documents are saved, and nothing in them runs.

    Raises:
        NotFound: the bytes are not there (a database was restored without its files). Unavailable.
    """
    small = small and entry.small_key is not None
    blob = files.opened(entry, small=small)
    stem = entry.name.rpartition(".")[0]
    answer = Response(blob.chunks(), mimetype="image/webp" if small else entry.media_type)
    answer.call_on_close(blob.close)  # also when nobody reads it: the browser has it already, or asks with HEAD
    answer.content_length = blob.size
    answer.headers.set(
        "Content-Disposition",
        "inline" if entry.is_picture else "attachment",
        **_named(f"{stem}.webp" if small else entry.name),
    )
    answer.set_etag(f"{entry.digest[:32]}{'-small' if small else ''}")
    answer.make_conditional(request, accept_ranges=True, complete_length=blob.size)
    answer.headers["Cache-Control"] = "private, no-cache"  # the browser asks each time, and is mostly told 304
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _named(name: str) -> dict[str, str]:
    """The name as headers can say it: plain where it is plain, and in full for everybody who can read that."""
    if name.isascii():
        return {"filename": name}
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}
