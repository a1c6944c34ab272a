"""The editor's file field, for those whose browser runs no script: what is brought stands in the text after saving."""

import re
from typing import Any

from flask import g, request
from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from core.web import actor, maybe_actor
from wiki.articles import files
from wiki.articles.file_models import FileEntry
from wiki.articles.media import Examined

FIELD, WORDS, REMOVE = "file", "file_words", "remove_file"
PLACE = re.compile(r"!?\[(?:\\.|[^\[\]\\\n]){0,300}\]\(/files/([0-9]{1,9})/[^)\s]{0,300}(?:[ \t]\"[^\"\n]{0,300}\")?\)")


def look() -> None:
    """Before the transaction of a form begins: what is in the file that came along. What is refused is said later."""
    who = maybe_actor()
    given = request.files.get(FIELD) if request.method == "POST" and who is not None else None
    if who is None or given is None or not given.filename:
        return
    try:
        g.brought = files.ahead(who, files.examine(given.filename, given.stream.read()))
    except Invalid as error:
        g.brought = error


def applied(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form as it is meant: with the file that came along, without those that are ticked to go.

    Raises:
        Invalid: the file that came along.
    """
    brought: Examined | Invalid | None = g.pop("brought", None)
    gone = form.getlist(REMOVE, type=int)
    if brought is None and not gone:
        return form
    if isinstance(brought, Invalid):
        raise brought
    out = MultiDict(form)
    for name in form if gone else ():
        out.setlist(name, [without(text, gone) for text in form.getlist(name)])
    if brought is not None:
        entry = files.store(actor(), brought)
        body = (out.get("body") or "").rstrip()
        out["body"] = f"{body}\n\n" * bool(body) + entry.markdown(form.get(WORDS, "")) + "\n"
    return out


def without(text: str, ids: list[int]) -> str:
    """The text without the places where these files stand; an emptied paragraph leaves no gap."""
    left = PLACE.sub(lambda found: "" if int(found[1]) in ids else found[0], text)
    return text if left == text else re.sub(r"\n{3,}", "\n\n", left)


def beside(values: dict[str, Any]) -> list[FileEntry]:
    """The files that the text in the form refers to, as far as this person may fetch them."""
    return files.readable(actor(), files.mentioned(values))
