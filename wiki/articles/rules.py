"""Pure decisions about texts: version numbers, slugs, digests, reader tokens, and which verb is open in which state."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
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


class LinkKind(StrEnum):
    """How a text names another one."""

    LINK = "link"
    EMBED = "embed"  # the other one is a block, shown in this text


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


class ProvisionalKind(StrEnum):
    """Why readers see a text before its review has ended."""

    EMERGENCY = "emergency"  # a supervisor and a manager have signed
    WORKAROUND = "workaround"  # one person answers for it, and nothing was there before


class ProvisionalState(StrEnum):
    """Where a publication before review stands."""

    ASKED = "asked"  # one signature of two
    PUBLISHED = "published"  # readers see it, and its review is due
    CONFIRMED = "confirmed"
    ROLLED_BACK = "rolled_back"
    CANCELLED = "cancelled"


class Because(StrEnum):
    """Why a publication before review, or the request for one, is over."""

    APPROVED = "approved"  # the review approved the very text
    REPLACED = "replaced"  # the review approved another revision, which took its place
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    DEADLINE = "deadline"
    RETIRED = "retired"  # a manager took the article off
    LAPSED = "lapsed"  # nobody gave the second signature in time
    RETURNED = "returned"  # a reviewer sent the text back before the second signature
    CHANGED = "changed"  # the text was changed before the second signature
    TAKEN_BACK = "taken_back"  # by who had asked


class News(StrEnum):
    """What a publication is to an article."""

    FIRST = "first"  # its first text that a review stands behind
    CHANGE = "change"
    BACK = "back"  # the words of an earlier version, after others


STILL_OPEN = (ProvisionalState.ASKED, ProvisionalState.PUBLISHED)
SIGNATURES = frozenset({"supervisor", "manager"})


def sign_together(one: frozenset[str], other: frozenset[str]) -> bool:
    """True when two people of these roles are a supervisor and a manager; one who is both is still one of the two."""
    return ("supervisor" in one and "manager" in other) or ("manager" in one and "supervisor" in other)


def missing_signature(roles: frozenset[str]) -> frozenset[str]:
    """The roles that may give the second signature beside a person of these."""
    return frozenset(role for role in SIGNATURES if sign_together(roles, frozenset({role})))


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
}


def next_version(major: int, minor: int, significance: Significance) -> tuple[int, int]:
    """The number a publication gets: first 1.0, major → next whole number, minor and typo → +0.1 (1.9 → 1.10)."""
    if major == 0:
        return 1, 0
    return (major + 1, 0) if significance is Significance.MAJOR else (major, minor + 1)


def news(text: str, before: Sequence[str]) -> News:
    """What the text with this digest is after those with these, the oldest first.

    Who changes no word but a tag, a day or the circle of readers makes a change, too.
    """
    if not before:
        return News.FIRST
    return News.BACK if text in before and text != before[-1] else News.CHANGE


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


def shows_too_little(audience: str, readers: frozenset[str], inner: str, inner_readers: frozenset[str]) -> bool:
    """True when somebody who may read the outer text, as far as their tokens say, may not read the inner one."""
    rank = {Audience.PUBLIC.value: 0, Audience.INTERNAL.value: 1, Audience.RESTRICTED.value: 2}
    if inner == audience == Audience.RESTRICTED:
        return not readers <= inner_readers
    return rank[inner] > rank[audience]
