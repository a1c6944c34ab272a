"""Numbers in a text that lead to a person: phones, identity and health cards, bank cards – found by form and checksum.

Precision comes first: who writes all day must not be nagged. So a number counts only when it is parted as people part
it, with a checksum where it has one, and not where the words before it say that it numbers an order or a device. Each
group of digits is looked at a bounded number of times: a text is read in linear time.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from core.i18n import _l
from wiki.articles import numbers


class Kind(StrEnum):
    """What a number is."""

    MOBILE_CN = "mobile_cn"
    ID_CN = "id_cn"
    MOBILE_TW = "mobile_tw"
    ID_TW = "id_tw"
    NHI_TW = "nhi_tw"
    CARD = "card"


LABELS = {
    Kind.MOBILE_CN: _l("Mobile number (mainland)"),
    Kind.ID_CN: _l("Identity card number (mainland)"),
    Kind.MOBILE_TW: _l("Mobile number (Taiwan)"),
    Kind.ID_TW: _l("Identity or residence number (Taiwan)"),
    Kind.NHI_TW: _l("Health insurance card number (Taiwan)"),
    Kind.CARD: _l("Bank card number"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """``text[start:end]`` is a number of this kind; ``masked`` is what may stand in its place."""

    kind: Kind
    start: int
    end: int
    masked: str


@dataclass(frozen=True, slots=True)
class _Group:
    """Digits without a gap, at ``start`` … ``end`` of the text; ``gap`` is what stands before, inside the same run."""

    digits: str
    start: int
    end: int
    gap: str


SAMPLES = frozenset({"13800138000"})  # the example of every Chinese manual
GAP = r"[ \-.·_\\\u00a0\u2002-\u200d\u2010-\u2015\u202f\u2060\u2212\u3000\uff0d\uff0e\ufeff]"
RUN = re.compile(rf"[0-9]+(?:{GAP}{{1,3}}[0-9]+)*")
DIGITS = re.compile(r"[0-9]+")
BEFORE = 28  # characters before a number that may say what it is

SHAPES: dict[Kind, tuple[tuple[int, ...], ...]] = {  # the lengths of the groups in which people write it
    Kind.ID_CN: ((18,), (6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (4, 4, 4, 4, 2), (3, 3, 4, 4, 4)),
    Kind.MOBILE_CN: ((11,), (3, 4, 4), (4, 3, 4), (3, 3, 5), (3, 8), (7, 4), (13,), (15,)),
    Kind.ID_TW: ((9,), (3, 3, 3), (8,)),
    Kind.MOBILE_TW: (
        (10,), (4, 3, 3), (4, 6), (2, 4, 4), (2, 8), (7, 3), (12,), (14,),
        (9,), (3, 3, 3), (1, 4, 4), (1, 8), (3, 6),  # after +886
    ),
    Kind.NHI_TW: ((12,), (4, 4, 4)),
    Kind.CARD: (
        (16,), (4, 4, 4, 4), (8, 8), (4, 12), (19,), (4, 4, 4, 4, 3), (6, 13), (17,), (4, 4, 4, 4, 1),
        (18,), (4, 4, 4, 4, 2), (15,), (4, 6, 5), (14,), (4, 6, 4), (13,), (4, 3, 3, 3),
    ),
}  # fmt: skip
BY_FIRST: dict[int, list[tuple[Kind, tuple[int, ...]]]] = {}
for _kind, _shapes in SHAPES.items():
    for _shape in _shapes:
        BY_FIRST.setdefault(_shape[0], []).append((_kind, _shape))
COUNTRY = {"86": Kind.MOBILE_CN, "0086": Kind.MOBILE_CN, "886": Kind.MOBILE_TW, "00886": Kind.MOBILE_TW}
KEPT = {  # how many digits stay readable at the beginning and at the end
    Kind.MOBILE_CN: (3, 4),
    Kind.ID_CN: (3, 2),
    Kind.MOBILE_TW: (4, 3),
    Kind.ID_TW: (2, 2),
    Kind.NHI_TW: (0, 4),
    Kind.CARD: (4, 4),
}

_THING = "订单|訂單|工单|工單|流水|运单|運單"
_OF_A_THING = re.compile(
    rf"(?:(?:{_THING}|快递|快遞|物流|序列|批次|合同|合約|发票|發票|设备|設備|案件|保单|保單|单|單)"
    r"(?:编号|編號|号码|號碼|号|號|码|碼| ?no\.?)"
    rf"|(?:{_THING}|工号|工號|编码|編碼|条码|條碼|imei|iccid|s/?n|order|ticket|serial)(?: ?(?:no\.?|number|id))?)"
    r"[ :：#＃为為是]{0,3}$",
    re.I,
)
_HEALTH_CARD = re.compile(r"(?:健保|全民健康|nhi)[^\n。；;0-9]{0,20}$", re.I)
_BANK_CARD = re.compile(r"(?:卡|card|visa)[^\n。；;0-9]{0,10}$", re.I)
_IDENTITY = re.compile(r"(?:身分證|身份证|居留證|居留证|統一證號|\bid)[^\n。；;0-9]{0,10}$", re.I)
_PHONE_WORD = re.compile(r"(?:tel|phone|mobile)$", re.I)


class _Fold(dict[int, str]):
    """Digits and letters of every width become plain ones, one for one, so that places stay the same."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        number = unicodedata.decimal(char, None)
        wide = 0xFF21 <= code <= 0xFF3A or 0xFF41 <= code <= 0xFF5A or code == 0xFF0B
        self[code] = found = str(number) if number is not None else chr(code - 0xFEE0) if wide else char
        return found


_FOLD = _Fold()


def found(text: str, allowed: Collection[str] = SAMPLES) -> list[Finding]:
    """Every number of a person in the text, from left to right, none inside another.

    ``allowed``: numbers (digits, and letters in capitals, without gaps) that are nobody's.
    """
    plain = text.translate(_FOLD)
    out: list[Finding] = []
    for run in RUN.finditer(plain):
        if run.end() - run.start() >= 8:  # shorter is no number of a person
            out += [_finding(text, kind, start, end) for kind, start, end in _in_run(plain, run, allowed)]
    return out


def mask(text: str, findings: list[Finding], *, markdown: bool = False) -> str:
    """The text with these numbers masked; in Markdown the stars are written so that they stay stars."""
    for finding in sorted(findings, key=lambda one: one.start, reverse=True):
        masked = finding.masked.replace("*", r"\*") if markdown else finding.masked
        text = text[: finding.start] + masked + text[finding.end :]
    return text


def _finding(text: str, kind: Kind, start: int, end: int) -> Finding:
    first, last = KEPT[kind]
    signs = [at for at in range(start, end) if text[at].isalnum()]
    if kind is Kind.MOBILE_TW and len(signs) < 10:
        first -= 1  # without its nought
    hidden = set(signs[first : len(signs) - last])
    masked = "".join("*" if at in hidden else text[at] for at in range(start, end))
    return Finding(kind, start, end, masked)


def _in_run(text: str, run: re.Match[str], allowed: Collection[str]) -> Iterator[tuple[Kind, int, int]]:
    groups = _groups(text, run)
    index = 0
    while index < len(groups):
        one = _at(text, groups, index, allowed)
        if one is None:
            index += 1
        else:
            kind, start, taken = one
            yield kind, start, groups[index + taken - 1].end
            index += taken


def _groups(text: str, run: re.Match[str]) -> list[_Group]:
    groups: list[_Group] = []
    end = run.start()
    for part in DIGITS.finditer(text, run.start(), run.end()):
        groups.append(_Group(part.group(), part.start(), part.end(), text[end : part.start()]))
        end = part.end()
    if text[end : end + 1] in {"X", "x"}:  # the check sign of an identity card
        last = groups[-1]
        groups[-1] = _Group(last.digits + "X", last.start, end + 1, last.gap)
    return groups


def _at(text: str, groups: list[_Group], index: int, allowed: Collection[str]) -> tuple[Kind, int, int] | None:
    """The number that begins with this group: its kind, where it begins in the text, how many groups it takes."""
    first = groups[index]
    for kind, shape in BY_FIRST.get(len(first.digits), ()):
        some = groups[index : index + len(shape)]
        if tuple(len(group.digits) for group in some) != shape or not _stands_alone(text, groups, index, len(shape)):
            continue
        start = _judged(text, kind, some, groups[index - 1].digits if index else "", allowed)
        if start is not None:
            return kind, start, len(shape)
    return None


def _stands_alone(text: str, groups: list[_Group], index: int, count: int) -> bool:
    """It is no part of a longer number: the same gap parts it all through, and another one, if any, parts it off."""
    inner = {group.gap for group in groups[index + 1 : index + count]}
    if len(inner) > 1:
        return False
    after = groups[index + count].gap if index + count < len(groups) else ""
    before = groups[index].gap if index and groups[index - 1].digits not in COUNTRY else ""
    if any(gap in inner or any(sign in gap for sign in "-._") for gap in (before, after) if gap):
        return False
    end = groups[index + count - 1].end
    return not _is_sign(text[end : end + 1])


def _is_sign(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _judged(text: str, kind: Kind, some: list[_Group], before: str, allowed: Collection[str]) -> int | None:
    """Where the number begins, if it is one of this kind; ``before`` is the group of digits that stands before it."""
    digits, start = "".join(group.digits for group in some), some[0].start
    if kind is Kind.ID_TW:
        return _identity_of_taiwan(text, digits, start, allowed) if not before else None
    said = text[max(0, start - BEFORE) : start]
    if _is_sign(said[-1:]) and not (kind is Kind.MOBILE_CN and _PHONE_WORD.search(said)):
        return None
    number = _number(kind, digits, before, said)
    if number is None or _key(kind, number) in allowed or (kind is not Kind.ID_CN and _OF_A_THING.search(said)):
        return None
    return start + (len(digits) - len(number) if len(some) == 1 and kind in {Kind.MOBILE_CN, Kind.MOBILE_TW} else 0)


def _key(kind: Kind, number: str) -> str:
    """As ``allowed`` holds it."""
    return f"0{number}" if kind is Kind.MOBILE_TW and number.startswith("9") else number


def _number(kind: Kind, digits: str, before: str, said: str) -> str | None:
    """The bare number, if these digits are one; ``None`` otherwise."""
    if kind is Kind.MOBILE_CN:
        return numbers.mobile_of_china(digits)
    if kind is Kind.MOBILE_TW:
        return numbers.mobile_of_taiwan(digits, after_country=COUNTRY.get(before) is Kind.MOBILE_TW)
    if kind is Kind.ID_CN:
        return digits if numbers.is_identity_of_china(digits) else None
    if kind is Kind.NHI_TW:
        return digits if digits.isdecimal() and _HEALTH_CARD.search(said) else None
    known = numbers.is_card(digits) and (len(digits) > 13 or _BANK_CARD.search(said))  # 13 is a bar code's length, too
    return digits if known else None


def _identity_of_taiwan(text: str, digits: str, start: int, allowed: Collection[str]) -> int | None:
    """Where the letters before these digits begin, if both are an identity or residence number."""
    begin = start - (10 - len(digits))
    letters = text[max(0, begin) : start]
    if begin < 0 or _is_sign(text[max(0, begin - 1) : begin]) or not (letters.isascii() and letters.isalpha()):
        return None
    said = text[max(0, begin - BEFORE) : begin]
    number = (letters + digits).upper()
    if not letters.isupper() and not _IDENTITY.search(said):
        return None  # small letters begin the names of a thousand things
    if number in allowed or not numbers.is_identity_of_taiwan(number) or _OF_A_THING.search(said):
        return None
    return begin


@lru_cache(maxsize=10_000)
def normal(number: str) -> str:
    """A number as ``allowed`` holds it: digits and capital letters only, plain width, without the country."""
    plain = re.sub(r"[^0-9A-Z]", "", number.translate(_FOLD).upper())
    bare = re.sub(r"^(?:00)?(?:86(?=1\d{10}$)|886(?=9\d{8}$))", "", plain)
    return "0" + bare if re.fullmatch(r"9\d{8}", bare) and bare != plain else bare
