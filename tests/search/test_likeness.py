"""Almost the same or not: pairs as they come up in a centre, and what may never make a difference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.search.likeness import ALMOST, BESIDE, percent

SAME = [
    ("话费争议受理与退费流程", "话费争议的受理和退费流程"),
    ("「話費」怎麼多了？", "话费怎么多了"),
    ("宽带断网报障：五分钟远程排查话术", "宽带断网五分钟远程排查话术"),
    ("退费流程：话费争议受理", "话费争议受理与退费流程"),
    ("客户说“这个月话费怎么多了”：三步查清再解释", "客户说这个月话费怎么多了,三步查清后再解释"),
    ("健保卡寫卡逾時：逐步引導話術", "健保卡写卡逾时逐步引导话术"),
    ("補卡換卡核驗流程", "补卡、换卡的核验流程"),
    ("How to refund a fee dispute", "How to refund fee disputes"),
    ("ＶＰＮ 连不上怎么办", "vpn连不上怎么办？"),
    ("电子发票怎么开？", "电子发票怎么开"),
]
OTHER = [
    ("宽带移机怎么办理", "宽带新装怎么办理"),
    ("国际漫游开通流程", "国际漫游关闭流程"),
    ("暖冬流量加油包（10 元 5 GB）", "暖冬流量加油包（20 元 10 GB）"),
    ("套餐可以退订吗", "套餐不可以退订吗"),
    ("宽带时断时续的远程排查话术与派单标准", "电视时断时续的远程排查话术与派单标准"),
    ("副卡怎么开通", "副卡怎么取消"),
    ("电子发票开具流程", "电子发票红冲流程"),
    ("账单", "账单查询"),
    ("停机", "停机"[:1] + "电"),
    ("畅享 88 套餐停止新办理", "畅享 128 套餐停止新办理"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_almost_the_same(one, other):
    assert percent(one, other) >= ALMOST


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_thing(one, other):
    assert percent(one, other) < ALMOST


def test_two_strangers_are_not_even_shown():
    assert percent("携号转网咨询", "讀卡機燈號不亮") < BESIDE


WORDS = st.text("话费账单退订流程宽带移机 abc123，。", min_size=1, max_size=16)


@given(WORDS, WORDS)
def test_it_does_not_matter_which_came_first(one, other):
    assert (percent(one, other) >= ALMOST) == (percent(other, one) >= ALMOST)


@given(WORDS)
def test_a_text_is_the_same_as_itself_whatever_its_signs(text):
    if any(char.isalnum() for char in text):
        assert percent(text, f"「{text.upper()}」！ ") == 100
