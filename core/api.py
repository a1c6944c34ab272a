"""The JSON interface: pydantic models in and out, the gates and transactions of pages, OpenAPI from the same table.

Each package declares its calls on an ``Api``; ``wiki.api`` mounts them under ``/api/v1`` and prints the document.
"""

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from flask import Blueprint, Response, jsonify, make_response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.json_schema import models_json_schema
from pydantic_core import to_jsonable_python

from core.db import session
from core.errors import DomainError, Invalid, Stale, Unauthenticated
from core.i18n import _
from core.permissions import EVERYONE, Everyone, Permission
from core.refusals import SAFE
from core.scopes import SCOPES, must_cover
from core.web import csrf, gate, maybe_actor


class In(BaseModel):
    """A request body or query: unknown fields are refused, so that nothing is assigned by accident."""

    model_config = ConfigDict(extra="forbid", str_max_length=1_000_000)


class Out(BaseModel):
    """An answer."""

    model_config = ConfigDict(from_attributes=True)


class PageIn(In):
    """The query of every list."""

    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with a status, headers or an ETag of its own."""

    body: Any
    status: int = 200
    etag: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One row of the interface. ``also`` are its other good answers: 200 beside 201, 304 to somebody who has it."""

    method: str
    path: str
    summary: str
    gate: Permission | Everyone
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answer: type[BaseModel] | None
    status: int
    tag: str
    scope: str | None
    also: tuple[int, ...] = ()
    kind: str = "application/json"


calls: list[Call] = []
apis: list["Api"] = []


class Api:
    """The calls of one package, as a blueprint. ``writes`` is the scope that its writing calls ask of a token."""

    def __init__(self, name: str, *, writes: str = "write") -> None:
        self.name = name
        self.writes = writes
        self.blueprint = Blueprint(f"api_{name}", __name__)
        csrf.exempt(self.blueprint)  # bearer tokens need none; a cookie is checked in _no_forgery
        apis.append(self)

    def get(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a reading call."""
        return self._call("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a writing call."""
        return self._call("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a replacing call."""
        return self._call("PUT", path, **options)

    def _call(
        self,
        method: Literal["GET", "POST", "PUT"],
        path: str,
        *,
        gate: Permission | Everyone,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        answer: type[BaseModel] | None = None,
        status: int = 200,
        transaction: bool = True,
        scope: str | None = None,
        also: tuple[int, ...] = (),
        kind: str = "application/json",
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        needed = None if isinstance(gate, Everyone) else scope or ("read" if method == "GET" else self.writes)

        def declare(view: Callable[..., Any]) -> Callable[..., Any]:
            summary = (view.__doc__ or view.__name__).strip().split("\n")[0]
            calls.append(Call(method, path, summary, gate, body, query, answer, status, self.name, needed, also, kind))

            def run(**parts: Any) -> Response:
                _no_forgery()
                must_cover(maybe_actor(), needed)
                if body is not None:
                    parts["body"] = parse(body, _json())
                if query is not None:
                    parts["query"] = parse(query, request.args.to_dict())
                return _respond(view(**parts), status)

            run.__name__ = run.__qualname__ = view.__name__
            guarded = _gate(gate, transaction)(run)
            self.blueprint.add_url_rule(path, view.__name__, guarded, methods=[method])
            return view

        return declare


def _gate(permission: Permission | Everyone, transaction: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return gate(permission, transaction=transaction)  # ``gate`` is the name of an argument where this is needed


def _no_forgery() -> None:
    """A browser's cookie alone must not be able to write: such a request needs the page's CSRF token."""
    if request.method not in SAFE and maybe_actor() is not None and "Authorization" not in request.headers:
        csrf.protect()


def _json() -> Any:
    if not request.data:
        return {}
    try:
        data = json.loads(request.get_data(cache=True))
        text = json.dumps(data, ensure_ascii=False)
        text.encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise DomainError(_("The body is not valid JSON."), code="bad-json") from error
    if "\\u0000" in text and _has_nul(data):
        raise Invalid({"body": _("Text may not contain NUL characters.")})
    return data


def _has_nul(data: Any) -> bool:
    if isinstance(data, str):
        return "\0" in data
    if isinstance(data, dict):
        return any(_has_nul(part) for pair in data.items() for part in pair)
    return isinstance(data, list) and any(_has_nul(part) for part in data)


def parse(model: type[BaseModel], data: Any) -> BaseModel:
    """The checked input.

    Raises:
        Invalid: with a sentence per field.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Invalid(sentences(error)) from error


def sentences(error: ValidationError) -> dict[str, str]:
    """A sentence per field from a pydantic error."""
    known: dict[str, Callable[[], str]] = {
        "missing": lambda: _("This is needed."),
        "extra_forbidden": lambda: _("This field is not known here."),
    }
    out: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(str(part) for part in problem["loc"]) or "body"
        out.setdefault(name, known.get(problem["type"], lambda p=problem: str(p["msg"]))())
    return out


def _respond(result: Any, status: int) -> Response:
    if isinstance(result, Response):
        return result
    answer = result if isinstance(result, Answer) else Answer(result, status)
    body = (
        answer.body.model_dump(mode="json") if isinstance(answer.body, BaseModel) else to_jsonable_python(answer.body)
    )
    response = make_response(jsonify(body), answer.status)
    for name, value in answer.headers.items():
        response.headers[name] = value
    if answer.etag is not None:
        response.set_etag(answer.etag)
        response.headers["Cache-Control"] = "private, no-cache"
        if request.method in SAFE:
            response.make_conditional(request)
    return response


def must_match(current: str) -> None:
    """Honour ``If-Match``. A tag that goes on after ``current`` and a hyphen says more of the same version: it matches.

    Raises:
        Stale: the caller saw another version; nothing is overwritten.
    """
    given = request.if_match
    if given and not given.contains(current) and not any(tag.startswith(f"{current}-") for tag in given.as_set()):
        raise Stale(_("This has changed since you read it. Read it again, then write."), current=current)


def page(
    found: sa.Select[Any],
    query: PageIn,
    show: Callable[[Any], Any] | None = None,
    *,
    every: Callable[[list[Any]], Sequence[Any]] | None = None,
) -> dict[str, Any]:
    """``{"items", "next", "total"}`` of a select; the cursor is opaque to callers.

    ``show`` turns one row into its answer; ``every`` the whole page at once, when rows need more from the database.
    """
    start = _offset(query.cursor)
    total = session.scalar(sa.select(sa.func.count()).select_from(found.order_by(None).subquery())) or 0
    rows = list(session.scalars(found.limit(query.limit).offset(start)).unique())
    shown = every(rows) if every is not None else [show(row) for row in rows] if show is not None else rows
    following = start + len(rows)
    return {
        "items": [_dump(item) for item in shown],
        "next": cursor(following) if following < total and rows else None,
        "total": total,
    }


def _dump(item: Any) -> Any:
    return item.model_dump(mode="json") if isinstance(item, BaseModel) else item


def cursor(offset: int) -> str:
    """An opaque position in a list."""
    return base64.urlsafe_b64encode(f"o{offset}".encode()).decode().rstrip("=")


def _offset(text: str | None) -> int:
    if not text:
        return 0
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        if re.fullmatch(r"o\d{1,9}", raw):
            return int(raw[1:])
    except ValueError:
        pass
    raise Invalid({"cursor": _("This cursor is not one of ours.")})


def offset_of(query: PageIn) -> int:
    """Where the page asked for begins, for lists that are not a select."""
    return _offset(query.cursor)


def _about_scopes() -> str:
    said = "; ".join(f"{scope}: {what}" for scope, what in SCOPES.items())
    return f"A token without scopes has all its owner's rights; one with scopes only these ({said})."


REF = "#/components/schemas/{model}"
PATH_PART = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


def openapi(title: str, version: str, prefix: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of every declared call."""
    models = sorted({m for c in calls for m in (c.body, c.answer) if m is not None}, key=lambda m: m.__name__)
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(prefix + PATH_PART.sub(r"{\1}", call.path), {})[call.method.lower()] = _operation(call)
    problem = {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            **{name: {"type": "string"} for name in ("type", "title", "detail", "code")},
            "status": {"type": "integer"},
            "errors": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": {**_schemas(tuple(models)), **_named_in_queries(), "Problem": problem},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _about_scopes()}},
        },
    }


@cache
def _schemas(models: tuple[type[BaseModel], ...]) -> dict[str, Any]:
    """What they look like, by name. It never changes, and to find it out takes a tenth of a second."""
    of = [(model, "validation") for model in models]
    _where, told = models_json_schema(of, ref_template=REF)  # type: ignore[arg-type]
    return dict(told.get("$defs", {}))


def _named_in_queries() -> dict[str, Any]:
    """What parameters of addresses refer to by name."""
    found = [_asked(call.query).get("$defs", {}) for call in calls if call.query is not None]
    return {name: part for parts in found for name, part in parts.items()}


@cache
def _asked(query: type[BaseModel]) -> dict[str, Any]:
    return query.model_json_schema(ref_template=REF)


def _operation(call: Call) -> dict[str, Any]:
    params: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in PATH_PART.findall(call.path)
    ]
    if call.query is not None:
        schema = _asked(call.query)
        for name, kind in schema.get("properties", {}).items():
            params.append({"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": kind})
    content = {"schema": {"$ref": f"#/components/schemas/{call.answer.__name__}"}} if call.answer else {}
    codes = [400, 401, 403, 404, 405, 409, 412, 413, 422, 429, 503, 507]
    done = {"description": "Done", "content": {call.kind: content}}
    operation: dict[str, Any] = {
        "operationId": f"{call.tag}_{call.method.lower()}_{re.sub(r'[^a-z0-9]+', '_', call.path.lower()).strip('_')}",
        "summary": call.summary,
        "tags": [call.tag],
        "parameters": params,
        "responses": {
            **{
                str(code): done if code != 304 else {"description": "Not changed"} for code in (call.status, *call.also)
            },
            **{
                str(code): {
                    "description": "Refused",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
                for code in codes
            },
        },
    }
    if call.gate is not EVERYONE:
        operation["security"] = [{"token": []}]
    if call.scope is not None:
        operation["x-scope"] = call.scope
    if call.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{call.body.__name__}"}}},
        }
    return operation


def signed_in() -> None:
    """Refuse callers without a token.

    Raises:
        Unauthenticated: there is none.
    """
    if maybe_actor() is None:
        raise Unauthenticated(_("A token is needed: Authorization: Bearer …"))
