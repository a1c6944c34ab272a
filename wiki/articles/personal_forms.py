"""The editor's part of the check on personal data: masking at the press of a button, without script."""

from werkzeug.datastructures import MultiDict

from wiki.articles.kinds import FieldType, Kind
from wiki.articles.personal import found, mask, normal
from wiki.articles.personal_policy import allowed

MASK, ALL = "mask", "*"
NOT_TEXT = frozenset(
    {MASK, "csrf_token", "once", "head", "key", "kind", "article", "verb", "category", "services", "audience"}
    | {"readers", "significance", "remove_file"}
)


def masked(kind: Kind, form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form with those numbers masked whose button was pressed. Numbers are named, not places: texts move on."""
    wanted = {value if value == ALL else normal(value) for value in form.getlist(MASK)}
    if not wanted:
        return form
    out, known = MultiDict(form), allowed()
    for name in form:
        if name not in NOT_TEXT:
            out.setlist(name, [_masked(text, wanted, known, is_markdown(kind, name)) for text in form.getlist(name)])
    return out


def _masked(text: str, wanted: set[str], known: frozenset[str], markdown: bool) -> str:
    here = [one for one in found(text, known) if ALL in wanted or normal(text[one.start : one.end]) in wanted]
    return mask(text, here, markdown=markdown)


def is_markdown(kind: Kind, name: str) -> bool:
    """Whether stars in this input of the form would be taken for marks."""
    texts = {spec.code for spec in kind.fields if spec.type is FieldType.TEXT}
    branches = {spec.code for spec in kind.fields if spec.type is FieldType.BRANCHES}
    return name == "body" or name in texts or (name.endswith("-say") and name.partition("-")[0] in branches)
