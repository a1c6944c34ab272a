"""Between the editor's form and a ``Content``: names, types and local times. It never looks at state or role."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from accounts.queries import teams
from core.db import session
from core.i18n import _, choose_zone, local
from wiki.articles import rows
from wiki.articles.content import Content
from wiki.articles.flowchart import Chart, draw
from wiki.articles.kinds import FieldSpec, FieldType, Kind
from wiki.articles.models import Audience, Significance, Submission
from wiki.articles.presenting import audience_word, reader_words, role_word, significance_word
from wiki.articles.queries import categories, services

INPUT_TYPES = {
    FieldType.LINE: "text",
    FieldType.TEXT: "textarea",
    FieldType.DATE: "date",
    FieldType.TIME: "datetime-local",
    FieldType.INTEGER: "number",
    FieldType.BRANCHES: "branches",
    FieldType.STEPS: "steps",
    FieldType.READERS: "readers",
}


def content_of(kind: Kind, form: MultiDict[str, str]) -> Content:
    """What the form says."""
    return Content(
        title=form.get("title", ""),
        body=form.get("body", ""),
        fields={spec.code: _value(spec, form) for spec in kind.fields},
        category=form.get("category") or None,
        tags=re.split(r"[,，、;；\n]", form.get("tags", "")),
        services=form.getlist("services"),
        audience=form.get("audience") or Audience.INTERNAL.value,
        readers=form.getlist("readers"),
    )


def _value(spec: FieldSpec, form: MultiDict[str, str]) -> Any:
    if spec.type is FieldType.BRANCHES:
        return rows.branches_from(form, spec.code)
    if spec.type is FieldType.STEPS:
        return rows.steps_from(form, spec.code)
    if spec.type is FieldType.READERS:
        return form.getlist(spec.code)
    value = form.get(spec.code, "")
    if spec.type is FieldType.TIME and value:
        return _aware(value)
    return value


def _aware(value: str) -> str:
    """A time typed without a zone is meant on the centre's clock."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value  # the kind's schema says what is wrong with it
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(choose_zone()))).isoformat()


def values_of(kind: Kind, content: Content, submission: Submission | None = None) -> dict[str, Any]:
    """What the form shows for a content."""
    values: dict[str, Any] = {
        "title": content.title,
        "body": content.body,
        "category": content.category or "",
        "tags": "，".join(content.tags),
        "services": content.services,
        "audience": content.audience,
        "readers": content.readers,
        "significance": submission.significance.value if submission else Significance.MINOR.value,
        "reason": submission.reason if submission else "",
    }
    for spec in kind.fields:
        values[spec.code] = _shown(spec, content.fields.get(spec.code))
    return values


def _shown(spec: FieldSpec, value: Any) -> Any:
    if value is None:
        return [] if spec.type in {FieldType.BRANCHES, FieldType.STEPS, FieldType.READERS} else ""
    if spec.type is FieldType.TIME:
        try:
            return f"{local(datetime.fromisoformat(str(value))):%Y-%m-%dT%H:%M}"
        except (ValueError, OverflowError):
            return value
    if spec.type is FieldType.STEPS:
        return [{**s, "next_text": "; ".join(_way(a) for a in s.get("next", []))} for s in value]
    return value


def _way(arrow: dict[str, str]) -> str:
    return f"{arrow['label']}: {arrow['id']}" if arrow.get("label") else arrow["id"]


def typed_values(kind: Kind, form: MultiDict[str, str]) -> dict[str, Any]:
    """What somebody typed, to be shown again as it was."""
    values = values_of(kind, content_of(kind, form))
    values["tags"] = form.get("tags", "")
    values["significance"], values["reason"] = form.get("significance", ""), form.get("reason", "")
    for spec in kind.fields:
        if spec.code in form and spec.type not in {FieldType.READERS, FieldType.BRANCHES, FieldType.STEPS}:
            values[spec.code] = form[spec.code]
    return values


def rows_of(kind: Kind, values: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows of the fields that are lists, as the editor draws them."""
    return {
        spec.code: rows.branch_rows(values[spec.code])
        if spec.type is FieldType.BRANCHES
        else rows.step_rows(values[spec.code])
        for spec in kind.fields
        if spec.type in {FieldType.BRANCHES, FieldType.STEPS}
    }


def chart_of(kind: Kind, values: dict[str, Any]) -> Chart | None:
    """The flowchart of the steps in the form, when the kind has steps."""
    return next((draw(values[spec.code]) for spec in kind.fields if spec.type is FieldType.STEPS), None)


def specs_of(kind: Kind) -> list[dict[str, Any]]:
    """The fields as the editor draws them."""
    return [
        {
            "name": spec.code,
            "label": spec.label,
            "type": INPUT_TYPES[spec.type],
            "help": spec.help or None,
            "need": spec.required,
        }
        for spec in kind.fields
    ]


def choices(*, change: bool) -> dict[str, Any]:
    """What the selects offer."""
    return {
        "categories": [(c.slug, "　" * c.path.count("/") + c.name) for c in categories()],
        "service_choices": [(s.code, s.name) for s in services()],
        "audiences": [(a.value, audience_word(a)) for a in Audience],
        "significances": [(s.value, significance_word(s)) for s in Significance] if change else [],
    }


def errors_of(errors: dict[str, str]) -> dict[str, str]:
    """Field errors under the names of the form's inputs."""
    return {name.removeprefix("fields."): sentence for name, sentence in errors.items()}


def heading(kind: Kind, title: str = "", *, change: bool = False) -> str:
    """What the editor page is called."""
    if change:
        return _("Change: %(title)s", title=title)
    return _("New: %(kind)s", kind=kind.label)


def reader_choices(chosen: list[str]) -> list[tuple[str, str]]:
    """Who may be named as readers, for a form: roles, teams, and whoever was named already."""
    roles = [(f"role:{code}", role_word(code)) for code in ("rep", "business", "qa", "training", "supervisor")]
    offered = roles + [(f"team:{team.id}", team.name) for team in session.scalars(teams())]
    others = [token for token in chosen if token not in dict(offered)]  # tiers and persons, set by a script
    return offered + list(zip(others, reader_words(others), strict=False))
