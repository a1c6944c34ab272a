"""Which numbers lead to a person, and which only look as if."""

import itertools
import string
import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.markup import plain, render
from wiki.articles import numbers
from wiki.articles.personal import LABELS, Kind, found, mask, normal

CN, ID, TW, TWID, NHI, CARD = (
    Kind.MOBILE_CN, Kind.ID_CN, Kind.MOBILE_TW, Kind.ID_TW, Kind.NHI_TW, Kind.CARD,
)  # fmt: skip

PERSONAL = [
    ("请拨打13812345678联系客户", CN, "138****5678"),
    ("138 1234 5678", CN, "138 **** 5678"),
    ("138-1234-5678", CN, "138-****-5678"),
    ("手机：138.1234.5678。", CN, "138.****.5678"),
    ("1381 234 5678", CN, "138* *** 5678"),
    ("+86 13912345678", CN, "139****5678"),
    ("+8613912345678", CN, "139****5678"),
    ("0086-139-1234-5678", CN, "139-****-5678"),
    ("(86)19912345678", CN, "199****5678"),
    ("Tel13912345678", CN, "139****5678"),
    ("手机号１３９１２３４５６７８", CN, "１３９****５６７８"),
    ("**13912345678**", CN, "139****5678"),
    ("| 13912345678 |", CN, "139****5678"),
    ("139\\-1234\\-5678", CN, "139\\-****\\-5678"),
    ("139\u200b1234\u200b5678", CN, "139\u200b****\u200b5678"),
    ("时间 2026-11-22，来电 13912345678", CN, "139****5678"),
    ("两个：13912345678", CN, "139****5678"),
    ("id=13912345678&x=1", CN, "139****5678"),
    ("身份证11010519491231002X", ID, "110*************2X"),
    ("11010519491231002x", ID, "110*************2x"),
    ("110105 19491231 002X", ID, "110*** ******** **2X"),
    ("440524188001010014".replace("1880", "1980")[:17] + numbers.check_of_china("44052419800101001"), ID,
     "440*************1" + numbers.check_of_china("44052419800101001")),
    ("0912-345-678", TW, "0912-***-678"),
    ("0912345678", TW, "0912***678"),
    ("09-1234-5678", TW, "09-12**-*678"),
    ("+886 912 345 678", TW, "912 *** 678"),
    ("+886-0912-345-678", TW, "0912-***-678"),
    ("+886912345678", TW, "912***678"),
    ("00886 912345678", TW, "912***678"),
    ("身分證字號A123456789", TWID, "A1******89"),
    ("Ａ１２３４５６７８９", TWID, "Ａ１******８９"),
    ("身分證 a123456789", TWID, "a1******89"),
    ("居留證 A800000014", TWID, "A8******14"),
    ("AC01234567", TWID, "AC******67"),
    ("卡号 4111 1111 1111 1111", CARD, "4111 **** **** 1111"),
    ("5555555555554444", CARD, "5555********4444"),
    ("378282246310005", CARD, "3782*******0005"),
    ("3530-1113-3330-0000", CARD, "3530-****-****-0000"),
    ("银行卡号4222222222222", CARD, "4222*****2222"),
    ("健保卡號：000012345678", NHI, "********5678"),
    ("健保卡號 0000 1234 5678", NHI, "**** **** 5678"),
    ("NHI card 0000-1234-5678", NHI, "****-****-5678"),
]  # fmt: skip

NOBODY_S = [
    ("the example of every manual", "13800138000，也写作 138-0013-8000 或 +86 13800138000"),
    ("another example", "13888888888、13900000000、0900-000-000"),
    ("short numbers", "10086、10000、12315、95588、110、1069012345"),
    ("hotlines", "400-810-0086、4008100086、800-820-8820、0800-080-123、0809-000-258"),
    ("a land line", "027-87654321、(02)2345-6789、010 6554 1234"),
    ("masked already", "138****5678、110*************2X、A1******89、4111 **** **** 1111"),
    ("masked in Markdown", r"138\*\*\*\*5678"),
    ("an order", "订单号13912345678，工单：13912345679，快递单号 13912345670，流水号 4111111111111111"),
    ("a device", "SN13912345678，IMEI 490154203237518，ICCID 89860012345678901234"),
    ("a word that begins with letters", "AB13912345678、v13912345678"),
    ("longer numbers", "139123456789、0139123456781、13912345678-1234、1.13912345678"),
    ("an amount", "13912345678.50"),
    ("a table of figures", "131 2024 2025 2026 2027"),
    ("figures in a row", "10 20 30 40 50 60 70 80 90"),
    ("no operator's number", "12012345678、10912345678、15412345678"),
    ("a day and an hour", "2026-11-22 13:05:00、20261122130500、2026.11.22"),
    ("milliseconds", "1763791234567"),
    ("an identity whose check is wrong", "110105194912310021"),
    ("an identity of a day that never was", "11010519490231002X、110105194913310028"),
    ("an identity of no province", "99010519491231002X"),
    ("a case of a day", "T202611221、C202611229、工单 A123456789"),
    ("a code with a wrong check", "A123456788、B123456789"),
    ("small letters", "a123456789、commit a123456789"),
    ("a card whose check is wrong", "4111111111111112、6222 0212 3456 7890 123"),
    ("a bar code of Taiwan", "4710088412345、4719512002889"),
    ("a card of no bank", "1234567812345670、0000000000000000"),
    ("twelve digits of nothing", "000012345678，0000 1234 5678"),
    ("a health card mentioned before", "请出示健保卡。订单 000012345678"),
    ("a version, an address", "v1.13.912 192.168.100.1 2001:0db8:85a3"),
    ("a file", "![x](/files/123456789/a.png)"),
    ("nothing", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "masked"), PERSONAL, ids=[row[0] for row in PERSONAL])
def test_a_number_of_a_person(text, kind, masked):
    assert [(one.kind, one.masked) for one in found(text)] == [(kind, masked)]


@pytest.mark.parametrize("text", [row[1] for row in NOBODY_S], ids=[row[0] for row in NOBODY_S])
def test_nobody_s_number(text):
    assert [text[one.start : one.end] for one in found(text)] == []


def test_several_in_one_text_from_left_to_right():
    text = "客户王女士 13912345678（备用 0912-345-678），卡 4111 1111 1111 1111。"
    assert [one.kind for one in found(text)] == [CN, TW, CARD]


def test_what_managers_allow_is_nobody_s():
    assert found("13912345678", {"13912345678"}) == []
    assert found("139 1234 5678", {"13912345678"}) == []
    assert found("A123456789", {"A123456789"}) == []
    assert found("+886 912 345 678", {"0912345678"}) == []
    assert [one.kind for one in found("13800138000", ())] == [CN]


@pytest.mark.parametrize(
    ("written", "kept"),
    [("+86 139-1234-5678", "13912345678"), ("0086 13912345678", "13912345678"), ("+886 912 345 678", "0912345678"),
     ("a123456789", "A123456789"), ("4111 1111 1111 1111", "4111111111111111"), ("１３９", "139")],
)  # fmt: skip
def test_one_way_to_write_what_is_allowed(written, kept):
    assert normal(written) == kept


def test_masking_keeps_everything_else():
    text = "先拨 13912345678，再拨 139-1234-5679。"
    assert mask(text, found(text)) == "先拨 139****5678，再拨 139-****-5679。"


def test_in_markdown_the_stars_stay_stars():
    text = "先拨 13912345678，再拨 13912345679。"
    masked = mask(text, found(text), markdown=True)
    assert str(render(masked)) == "<p>先拨 139****5678，再拨 139****5679。</p>"
    assert plain(masked) == "先拨 139****5678，再拨 139****5679。"


def test_every_kind_has_a_name():
    assert set(LABELS) == set(Kind)


DIGIT = st.sampled_from(string.digits)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(DIGIT, min_size=count, max_size=count)


@st.composite
def identities(draw) -> str:
    day = draw(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
    first = draw(st.sampled_from(sorted(numbers.PROVINCES))) + draw(digits(4)) + f"{day:%Y%m%d}" + draw(digits(3))
    return first + numbers.check_of_china(first)


@st.composite
def cards(draw) -> str:
    prefix, length = draw(st.sampled_from([("62", 16), ("62", 19), ("4", 16), ("51", 16), ("37", 15), ("36", 14)]))
    first = prefix + draw(digits(length - len(prefix) - 1))
    return first + str(-numbers.luhn(first + "0") % 10)


@st.composite
def identities_of_taiwan(draw) -> str:
    head = draw(st.sampled_from(sorted(numbers.LETTERS_TW))) + draw(st.sampled_from("1289ABCD"))
    first = head + draw(digits(7))
    return first + str(-numbers.checksum_of_taiwan(first + "0") % 10)


@given(identities())
def test_every_identity_with_its_check_is_found_and_with_another_is_none(number):
    assert [one.kind for one in found(f"证件{number}，")] == [ID]
    for other in numbers.CHECK_CN:
        if other != number[-1]:
            assert ID not in [one.kind for one in found(number[:-1] + other)]


@given(cards())
def test_every_card_with_its_check_is_found_and_with_another_is_none(number):
    if len(set(number)) > 1:
        assert CARD in [one.kind for one in found(f"卡号 {number}。")] or numbers.is_identity_of_china(number)
    for other in string.digits:
        if other != number[-1]:
            assert CARD not in [one.kind for one in found(number[:-1] + other)]


@given(identities_of_taiwan())
def test_every_number_of_taiwan_with_its_check_is_found_and_with_another_is_none(number):
    if not numbers.CASE_OF_A_DAY.match(number):
        assert [one.kind for one in found(f"證號：{number}")] == [TWID]
    for other in string.digits:
        if other != number[-1]:
            assert TWID not in [one.kind for one in found(number[:-1] + other)]


@given(st.sampled_from(["139", "150", "166", "178", "199"]), digits(8), st.sampled_from(["", " ", "-", "."]))
def test_every_mobile_number_is_found_however_it_is_parted(head, rest, gap):
    if len(set(rest)) > 1 and head + rest != "13800138000":
        text = f"电话 {head}{gap}{rest[:4]}{gap}{rest[4:]} 谢谢"
        assert [one.masked for one in found(text)] == [f"{head}{gap}****{gap}{rest[4:]}"]


PIECES = ["139", "1391234", "5678", "13912345678", "11010519491231002X", "A123456789", "4111", "1111", "0912345678"]
PIECES += [" ", "-", ".", "+86", "886", "客户", "\n", "健保卡", "x", "X", "订单号", "*", "\\", "０９１２", "，"]


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_findings_lie_side_by_side_and_masking_leaves_none_of_them(text):
    findings = found(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(findings))
    for one in findings:
        assert len(one.masked) == one.end - one.start
        assert "*" in one.masked
    masked = mask(text, findings)
    assert all(masked[one.start : one.end] == one.masked for one in findings)
    assert not any(a.start < one.end and one.start < a.end for a in found(masked) for one in findings)


@pytest.mark.parametrize(
    "text",
    ["1" * 100_000, "1 " * 50_000, "138 1234 " * 11_000, "A123456789" * 10_000, "4111 " * 20_000, "1-" * 50_000,
     "健保x" * 30_000, "卡" * 99_000 + "1" * 13, "13912345678 " * 8_000, "1\\-" * 33_000],
    ids=lambda text: text[:9],
)  # fmt: skip
def test_a_text_of_100_kb_is_read_in_linear_time(text):
    """Ten times the text is at most some ten times the steps: counted, not timed."""

    def steps(of: str) -> int:
        count = 0

        def note(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(note)
        try:
            found(of)
        finally:
            sys.setprofile(None)
        return count

    assert steps(text) <= 15 * steps(text[: len(text) // 10]) + 1_000
