"""``/api/v1/files``: bring and fetch pictures and documents."""

from flask import Response, request
from pydantic import BaseModel

from core.api import Answer, Api
from core.web import actor
from wiki.articles import file_views, files
from wiki.articles.permissions import P

api = Api("files")


class FileOut(BaseModel):
    """A kept file; ``markdown`` is how a text refers to it."""

    id: str
    url: str
    name: str
    media_type: str
    width: int | None
    height: int | None
    size: int
    digest: str
    markdown: str


@api.post("/files", gate=P.PROPOSE, answer=FileOut, status=201, transaction=False)
def upload() -> Answer:
    """Keep a picture or document (multipart/form-data, field ``file``); the same bytes again give the same file."""
    return Answer(FileOut(**file_views.shown(file_views.brought())), 201)


@api.get("/files/<int:file_id>/<name>", gate=P.PROPOSE, also=(206, 304), kind="*/*")
def fetch(file_id: int, name: str) -> Response:
    """A file that the caller may read, or with ``?size=small`` its thumbnail."""
    return file_views.handed_out(files.find(file_id, actor()), small=request.args.get("size") == "small")
