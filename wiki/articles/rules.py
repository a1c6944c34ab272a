"""Pure decisions about texts: version numbers, slugs, digests, reader tokens, and which verb is open in which state."""

import hashlib
import json
import re
import unicodedata
from enum import StrEnum
from typing import Any

from core.actors import Actor
from core.i18n import _


class Audience(StrEnum):
    """Who may read the published text."""

    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"


class Significance(StrEnum):
    """How much an edit changes, declared by its author."""

    TYPO = "typo"
    MINOR = "minor"
    MAJOR = "major"


class SubmissionState(StrEnum):
    """States of a submission (``docs/model.md`` §1)."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    APPROVED = "approved"
    PUBLISHED = "published"
    RETIRED = "retired"


def state_word(state: SubmissionState) -> str:
    """The words that end the sentence «… it is …», in the reader's language."""
    return {
        SubmissionState.DRAFT: _("still a draft"),
        SubmissionState.IN_REVIEW: _("under review"),
        SubmissionState.RETURNED: _("back with the author"),
        SubmissionState.WITHDRAWN: _("withdrawn already"),
        SubmissionState.REJECTED: _("rejected already"),
        SubmissionState.APPROVED: _("approved already"),
        SubmissionState.PUBLISHED: _("published already"),
        SubmissionState.RETIRED: _("out of service"),
    }[state]


EDITABLE = (SubmissionState.DRAFT, SubmissionState.IN_REVIEW, SubmissionState.RETURNED)

S = SubmissionState

MOVES: dict[tuple[SubmissionState, str], SubmissionState] = {
    (S.DRAFT, "submit"): S.IN_REVIEW,
    (S.RETURNED, "submit"): S.IN_REVIEW,
    (S.DRAFT, "withdraw"): S.WITHDRAWN,
    (S.IN_REVIEW, "withdraw"): S.WITHDRAWN,
    (S.RETURNED, "withdraw"): S.WITHDRAWN,
    (S.WITHDRAWN, "reopen"): S.DRAFT,
    (S.IN_REVIEW, "return"): S.RETURNED,
    (S.IN_REVIEW, "reject"): S.REJECTED,
    (S.IN_REVIEW, "approve"): S.APPROVED,
    (S.APPROVED, "publish"): S.PUBLISHED,
    (S.PUBLISHED, "retire"): S.RETIRED,
}


def next_version(major: int, minor: int, significance: Significance) -> tuple[int, int]:
    """The number a publication gets: first 1.0, major → next whole number, minor and typo → +0.1 (1.9 → 1.10)."""
    if major == 0:
        return 1, 0
    return (major + 1, 0) if significance is Significance.MAJOR else (major, minor + 1)


def slugify(title: str) -> str:
    """A readable address: letters and digits of any script, the rest is one hyphen; at most 60 characters."""
    text = unicodedata.normalize("NFKC", title).lower()
    slug = re.sub(r"[\W_]+", "-", text).strip("-")
    return slug[:60].strip("-") or "article"


def digest(title: str, body: str, fields: dict[str, Any]) -> str:
    """The SHA-256 of a text with its fields, in a canonical form."""
    canonical = json.dumps([title, body, fields], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def tokens_of(actor: Actor | None) -> frozenset[str]:
    """What a reader can show at the door of an article: public, internal, role:…, team:…, tier:…, user:…"""
    if actor is None:
        return frozenset({"public"})
    found = {"public", "internal", f"user:{actor.id}", *(f"role:{role}" for role in actor.roles)}
    if actor.team_id is not None:
        found.add(f"team:{actor.team_id}")
    if actor.tier_id is not None:
        found.add(f"tier:{actor.tier_id}")
    return frozenset(found)


READER_TOKEN = re.compile(r"(?:role:[a-z]{1,20}|(?:team|tier|user):[0-9]{1,9})")  # as large as ids grow


def clean_tags(tags: list[str]) -> list[str]:
    """Tags without blanks and doubles, at most 20 of at most 60 characters."""
    seen: dict[str, None] = {}
    for tag in tags:
        name = unicodedata.normalize("NFKC", str(tag)).strip().lstrip("#")[:60].strip()
        if name:
            seen.setdefault(name)
    return list(seen)[:20]
