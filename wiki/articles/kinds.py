"""The kinds of knowledge and the fields each carries (``docs/domain.md`` §3).

Fields are fields, not conventions in text: the editor draws them, the pipeline needs them, search weighs them.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.errors import Invalid
from core.i18n import _, _l, choose_zone
from core.markup import guard
from wiki.articles import dialogues, processes
from wiki.articles.lifecycle_rules import NEVER
from wiki.articles.rules import READER_TOKEN


class FieldType(StrEnum):
    """How a field is typed, checked and shown."""

    LINE = "line"
    TEXT = "text"  # Markdown
    DATE = "date"
    TIME = "time"
    INTEGER = "integer"
    BRANCHES = "branches"
    STEPS = "steps"
    READERS = "readers"  # tokens like role:rep, team:3; empty means everybody who may read it


class Branch(BaseModel):
    """One branch of a script: when the customer says or does this, say that, and go on there."""

    model_config = ConfigDict(extra="forbid")

    when: str = Field("", max_length=500)
    say: str = Field("", max_length=2000)
    next: str = Field("", max_length=500)


class Arrow(BaseModel):
    """A labelled way from one step to another."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field("", max_length=80)
    id: str = Field(max_length=40)


class Step(BaseModel):
    """One step of a process; the flowchart is drawn from these."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=40)
    text: str = Field(min_length=1, max_length=1000)
    role: str = Field("", max_length=80)
    next: list[Arrow] = Field(default_factory=list, max_length=12)


def _on_our_calendar(at: datetime) -> datetime:
    """A time without a zone is meant on the centre's clock; one that no clock can show is none."""
    if not 1900 <= at.year <= 9000:
        raise ValueError("not a year people write about")
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(choose_zone()))


ADAPTERS: dict[FieldType, TypeAdapter[Any]] = {
    FieldType.LINE: TypeAdapter(Annotated[str, Field(max_length=300)]),
    FieldType.TEXT: TypeAdapter(str),
    FieldType.DATE: TypeAdapter(date),
    FieldType.TIME: TypeAdapter(Annotated[datetime, AfterValidator(_on_our_calendar)]),
    FieldType.INTEGER: TypeAdapter(Annotated[int, Field(ge=0, le=10_000)]),
    FieldType.BRANCHES: TypeAdapter(Annotated[list[Branch], Field(max_length=60)]),
    FieldType.STEPS: TypeAdapter(Annotated[list[Step], Field(max_length=200)]),
    FieldType.READERS: TypeAdapter(
        Annotated[list[Annotated[str, Field(pattern=rf"^{READER_TOKEN.pattern}$")]], Field(max_length=200)]
    ),
}


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a kind. ``private`` text is never shown on the public portal."""

    code: str
    type: FieldType
    label: Any
    help: Any = ""
    required: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of knowledge."""

    code: str
    label: Any
    hint: Any
    fields: tuple[FieldSpec, ...]
    body_label: Any = _l("Text")
    verify_months: int = 12  # its keeper looks at it again after so many; 0: never
    ends_with: str = ""  # the field of type time with which it stops being true

    def field(self, code: str) -> FieldSpec:
        """The field of this code.

        Raises:
            KeyError: this kind has no such field.
        """
        for spec in self.fields:
            if spec.code == code:
                return spec
        raise KeyError(code)


T = FieldType
KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind(
            "script",
            _l("Script"),
            _l("The words for one situation on the phone: what the customer says, what you say."),
            (
                FieldSpec("scenario", T.TEXT, _l("Scenario"), _l("When is this script used?"), required=True),
                FieldSpec("customer_says", T.TEXT, _l("The customer says"), _l("In the customer's own words.")),
                FieldSpec("qbq", T.TEXT, _l("The question behind the question"), _l("What is it really about?")),
                FieldSpec("say", T.TEXT, _l("Recommended wording"), _l("As you would say it aloud."), required=True),
                FieldSpec("avoid", T.TEXT, _l("Wording to avoid"), _l("What makes it worse, and why.")),
                FieldSpec("closing", T.TEXT, _l("Closing and follow-up")),
                FieldSpec("branches", T.BRANCHES, _l("Branches"), _l("If the customer answers this way, go on so.")),
            ),
            _l("Background and notes"),
        ),
        Kind(
            "best_practice",
            _l("Best practice"),
            _l("Something you did that worked, so that everybody can do it."),
            (
                FieldSpec("situation", T.TEXT, _l("Situation"), _l("What was the customer's case?"), required=True),
                FieldSpec("action", T.TEXT, _l("What was done"), _l("Step by step."), required=True),
                FieldSpec("why_it_worked", T.TEXT, _l("Why it worked")),
                FieldSpec(
                    "evidence", T.TEXT, _l("Evidence"), _l("Call, rating or note of the recording."), private=True
                ),
            ),
        ),
        Kind(
            "faq",
            _l("FAQ"),
            _l("A question customers ask again and again, and the answer for them."),
            (
                FieldSpec("question", T.TEXT, _l("Customer’s question"), _l("As customers put it."), required=True),
                FieldSpec("answer", T.TEXT, _l("Answer for customers"), required=True),
                FieldSpec("note", T.TEXT, _l("Note for reps"), _l("Never shown to customers."), private=True),
            ),
        ),
        Kind(
            "sop",
            _l("Process"),
            _l("A numbered process with its steps, roles and records."),
            (
                FieldSpec("process_no", T.LINE, _l("Process number"), _l("Unique, like CS-BILL-003."), required=True),
                FieldSpec("effective_on", T.DATE, _l("Effective on"), required=True),
                FieldSpec("scope", T.TEXT, _l("Purpose and scope")),
                FieldSpec("duties", T.TEXT, _l("Roles and duties")),
                FieldSpec("steps", T.STEPS, _l("Steps"), _l("The flowchart is drawn from them."), required=True),
                FieldSpec("records", T.TEXT, _l("Records")),
                FieldSpec("audit_every_months", T.INTEGER, _l("Audit every (months)")),
            ),
            verify_months=6,
        ),
        Kind(
            "notice",
            _l("Notice"),
            _l("Something that changes, from when, and who must know by when."),
            (
                FieldSpec("effective_from", T.TIME, _l("Effective from"), required=True),
                FieldSpec("effective_to", T.TIME, _l("Effective to")),
                FieldSpec("acknowledge_by", T.TIME, _l("To be acknowledged by")),
                FieldSpec(
                    "audience_ack", T.READERS, _l("Who must acknowledge"), _l("Nobody ticked: all who may read it.")
                ),
            ),
            verify_months=NEVER,
            ends_with="effective_to",
        ),
        Kind(
            "product",
            _l("Product knowledge"),
            _l("The department's text and the version a customer understands, side by side."),
            (
                FieldSpec("department_text", T.TEXT, _l("The department's text"), required=True, private=True),
                FieldSpec("customer_text", T.TEXT, _l("The customer-friendly version"), required=True),
                FieldSpec("offer_ends_on", T.DATE, _l("Offer ends on")),
                FieldSpec("source_ref", T.LINE, _l("Source"), private=True),
            ),
            verify_months=6,
        ),
        Kind(
            "block",
            _l("Reusable block"),
            _l("A passage that several articles show: changed once, right everywhere."),
            (),
        ),
    )
}


def kind_of(code: str) -> Kind:
    """The kind of this code.

    Raises:
        Invalid: there is none.
    """
    if code not in KINDS:
        raise Invalid({"kind": _("There is no kind %(kind)s.", kind=code[:40])})
    return KINDS[code]


def clean_fields(kind: Kind, given: dict[str, Any]) -> dict[str, Any]:
    """The fields as they are stored: typed, empty ones left out.

    Raises:
        Invalid: an unknown field or a value of the wrong type, named ``fields.<code>``.
    """
    known = {spec.code: spec for spec in kind.fields}
    errors: dict[str, str] = {}
    out: dict[str, Any] = {}
    for code, value in given.items():
        if code not in known:
            errors[f"fields.{code[:60]}"] = _("%(kind)s has no field of this name.", kind=kind.label)
        elif not _empty(value):
            try:
                typed = ADAPTERS[known[code].type].validate_python(value)
                out[code] = ADAPTERS[known[code].type].dump_python(typed, mode="json")
                if known[code].type is FieldType.TEXT:
                    guard(out[code], f"fields.{code}")
                for branch in typed if known[code].type is FieldType.BRANCHES else ():
                    guard(branch.say, f"fields.{code}")
            except ValidationError:
                errors[f"fields.{code}"] = _wrong(known[code].type)
            except Invalid as error:
                errors.update(error.errors)
    if errors:
        raise Invalid(errors)
    return out


def _empty(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _wrong(kind: FieldType) -> str:
    return {
        FieldType.DATE: _("Please give a date like 2026-11-30."),
        FieldType.TIME: _("Please give a time like 2026-11-30T18:00+08:00."),
        FieldType.INTEGER: _("Please give a whole number."),
        FieldType.BRANCHES: _("Each branch has 'when', 'say' and 'next'."),
        FieldType.READERS: _("A reader is role:qa, team:3, tier:2 or user:7."),
        FieldType.STEPS: _("Each step has an id, a text, a role and where it goes next."),
    }.get(kind, _("Please give a text."))


def missing(kind: Kind, title: str, fields: dict[str, Any]) -> dict[str, str]:
    """What is still needed before this can be submitted: a sentence per field; empty when complete."""
    errors = {
        f"fields.{spec.code}": _("%(label)s is needed before this can be submitted.", label=spec.label)
        for spec in kind.fields
        if spec.required and _empty(fields.get(spec.code))
    }
    if not title.strip():
        errors["title"] = _("Please give it a title.")
    errors.update(loose_ends(kind, fields))
    return errors


def loose_ends(kind: Kind, fields: dict[str, Any]) -> dict[str, str]:
    """What leads nowhere in the answers of a script and the steps of a process: the sentences, by field."""
    found: dict[str, str] = {}
    for spec in kind.fields:
        value = fields.get(spec.code) or []
        if spec.type is FieldType.STEPS:
            said = processes.problems(value)
        elif spec.type is FieldType.BRANCHES:
            said = dialogues.problems(value)
        else:
            continue
        if said:
            found[f"fields.{spec.code}"] = " ".join(dict.fromkeys(sentence for _place, sentence in said))
    return found


def field_text(spec: FieldSpec, value: Any) -> str:
    """A field's value as plain lines: for search, diff and export."""
    if value is None:
        return ""
    if spec.type is FieldType.BRANCHES:
        return "\n".join(" → ".join(p for p in (b.get("when"), b.get("say"), b.get("next")) if p) for b in value)
    if spec.type is FieldType.STEPS:
        return "\n".join(f"{s['id']}. {s['text']}" + (f"（{s['role']}）" if s.get("role") else "") for s in value)
    if spec.type is FieldType.READERS:
        return "，".join(value)
    return str(value)
