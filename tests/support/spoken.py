"""What the interface answers is what its document says of that call: the status, the kind of content, the body's shape.

Every answer of ``/api/v1`` that any test gets is held against it (``tests/clients.py``).
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask
from werkzeug.exceptions import HTTPException

from core import api
from wiki.api.views import PREFIX, document

OUR_FAULT = 500  # promised nowhere; what provokes it looks for itself


@cache
def _document() -> dict[str, Any]:
    return document()


@cache
def _shape(name: str) -> Any:
    schemas = _document()["components"]["schemas"]
    return jsonschema_rs.validator_for({**schemas[name], "components": {"schemas": schemas}}, validate_formats=True)


def unsaid(app: Flask, method: str, path: str, status: int, kind: str, body: Callable[[], bytes]) -> str:
    """What of an answer the document does not say; empty where all of it is said, or no call was met."""
    if not path.startswith(f"{PREFIX}/") or status == OUR_FAULT:
        return ""
    try:
        rule, _parts = app.url_map.bind("localhost").match(path, method=method, return_rule=True)
    except (HTTPException, UnicodeError):
        return ""
    call = _document()["paths"].get(api.PATH_PART.sub(r"{\1}", rule.rule), {}).get(method.lower())
    if call is None:
        return ""
    where = f"{method} {rule.rule} → {status}"
    if (said := call["responses"].get(str(status))) is None:
        return f"{where}, of which the document says nothing"
    if "content" not in said:
        return ""
    contents, kind = said["content"], kind.partition(";")[0]
    if kind not in contents and "*/*" not in contents:
        return f"{where} is {kind}, said to be {', '.join(contents)}"
    if schema := contents.get(kind, {}).get("schema"):
        wrong = next(_shape(schema["$ref"].rpartition("/")[2]).iter_errors(json.loads(body())), None)
        return f"{where}: {wrong.message} at {list(wrong.instance_path)}"[:400] if wrong else ""
    return ""
