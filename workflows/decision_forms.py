"""The form of a decision as it was sent: read leniently, kept as typed, so that a refusal loses nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from core.i18n import _
from workflows.deciding import REMARKS_LIMIT, Passage
from workflows.rules import REFUSALS, VERDICTS, Verb

VERBS = {verb.value for verb in VERDICTS}
ROW = re.compile(r"remark-(\d{1,6})-text")


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody sent. ``errors``: a sentence per field, when it was refused."""

    verb: str = ""
    seen: int = 0
    note: str = ""
    to_stage: str = ""
    reason: str = ""
    checks: Mapping[str, bool] = field(default_factory=dict)
    remarks: tuple[Passage, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)

    def refused(self, errors: Mapping[str, str]) -> "Typed":
        """The same with what is wrong."""
        return replace(self, errors=dict(errors))


def typed(form: MultiDict[str, str]) -> Typed:
    """What the form says. Rows of remarks that were left empty are none."""
    return Typed(
        verb=form.get("verb", ""),
        seen=form.get("version", 0, type=int),
        note=form.get("note", ""),
        to_stage=form.get("to_stage", ""),
        reason=form.get("reason", ""),
        checks=_checks(form),
        remarks=_remarks(form),
    )


def _checks(form: MultiDict[str, str]) -> dict[str, bool]:
    """A ticked box is a yes; of a pair of radio buttons ``no`` is a no."""
    return {name.removeprefix("check-"): form[name] != "no" for name in form if name.startswith("check-")}


def _remarks(form: MultiDict[str, str]) -> tuple[Passage, ...]:
    rows = sorted(int(match[1]) for name in form if (match := ROW.fullmatch(name)))
    found = []
    for row in rows[: 4 * REMARKS_LIMIT]:
        quote, text = form.get(f"remark-{row}-quote", "").strip(), form.get(f"remark-{row}-text", "")
        if quote or text.strip():
            found.append(Passage(form.get(f"remark-{row}-field", ""), quote, text))
    return tuple(found)


def verb_of(given: Typed) -> Verb:
    """The verdict that was pressed.

    Raises:
        Invalid: none of the three was.
    """
    if given.verb not in VERBS:
        raise Invalid({"verb": _("Please choose: approve, send back or reject.")})
    return Verb(given.verb)


def missing(given: Typed, verb: Verb) -> dict[str, str]:
    """What a page asks for beyond the engine: whoever says no chooses why, so that it can be counted."""
    if verb not in REFUSALS or given.reason:
        return {}
    found = {"reason": _("Please choose why.")}
    if not given.note.strip() and not given.remarks:
        found["note"] = _("Please write a remark: the author needs to know why.")
    return found


def passages(rows: list[Any]) -> tuple[Passage, ...]:
    """Remarks as the interface takes them."""
    return tuple(Passage(row.field, row.quote, row.text) for row in rows)
