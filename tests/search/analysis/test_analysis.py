"""How text becomes terms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.search.analysis import documents, sounds
from wiki.search.analysis.scripts import mainland_wording, normalise
from wiki.search.analysis.words import other_terms, plain, runs

TEXT = st.text(st.sampled_from("话費退订軟體 重庆,。!5G-xX1ﬁ…\n㎡é\U00020000ㄏ"), max_size=60) | st.text(max_size=40)


@pytest.mark.parametrize(
    ("written", "normal"),
    [("ＡＢＣ１２", "abc12"), ("話費", "话费"), ("Data", "data"), ("軟體", "软体"), ("①", "1"), ("", "")],
)
def test_width_case_and_script_do_not_matter(written, normal):
    assert normalise(written) == normal


@pytest.mark.parametrize("written", ["軟體", "软体"])
def test_taiwans_words_have_the_mainlands_beside_them_in_either_script(written):
    assert mainland_wording(written) == "软件"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("话费", "hua fei"),
        ("银行卡", "yin hang ka"),
        ("重庆", "chong qing"),
        ("还款", "huan kuan"),
        ("绿色", "lv se"),
        ("音乐会", "yin yue hui"),
    ],
)
def test_a_word_decides_how_its_characters_are_read(word, said):
    names = sounds.readings().names
    assert " ".join(names[code] for code in sounds.sound(word)) == said


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("huafei", (("hua", "fei"), "")),
        ("ruoshiyil", (("ruo", "shi", "yi"), "l")),
        ("fangan", (("fan", "gan"), "")),
        ("huafe", (("hua",), "fe")),
    ],
)
def test_letters_are_read_as_the_fewest_syllables_first(typed, first):
    assert sounds.spellings(typed)[0] == first


def test_letters_that_are_no_pinyin_have_no_spelling():
    assert sounds.spellings("hf") == ()
    assert sounds.spellings("vpn") == ()


def test_every_other_reading_is_kept_too():
    assert {s.syllables for s in sounds.spellings("fangan")} >= {("fan", "gan"), ("fang", "an")}


@given(st.text("abcdefghijklmnopqrstuvwxyz", max_size=60))
def test_a_spelling_is_the_letters_again(letters):
    for spelling in sounds.spellings(letters):
        assert "".join(spelling.syllables) + spelling.rest == letters


@pytest.mark.parametrize("code", ["xd-200", "v2.3", "1,000", "a/b-7", "10086", "5g"])
def test_numbers_and_product_codes_are_kept_whole(code):
    assert code in documents.analyse(f"型号{code.upper()},请").terms.words


def test_a_code_is_also_found_by_its_parts():
    assert other_terms("xd-200") == ["xd-200", "xd", "200"]
    assert other_terms("iphone15") == ["iphone15", "iphone", "15"]


def test_words_have_plain_english_stems_beside_them():
    assert {"cards", "card"} <= set(documents.analyse("SIM cards").terms.words)


def test_neighbouring_syllables_are_terms_within_a_clause_only():
    assert documents.analyse("话费，退订").terms.sounds == ["hua_fei", "tui_ding"]


def test_initials_are_those_of_whole_words():
    assert set(documents.analyse("话费退订").terms.initials) == {"hf", "td", "hftd"}


def test_a_traditional_text_is_also_found_by_the_mainlands_words():
    _, body = documents.document("安裝", "請先安裝這個軟體")
    assert "软件" in body.terms.words
    assert "软体" in " ".join(body.terms.words) + body.readable.plain


@given(TEXT)
def test_the_strings_for_ranking_are_aligned(text):
    readable = documents.analyse(text).readable
    assert len(readable.plain) == len(readable.sound) == len(readable.initials)
    assert readable.plain.startswith(" ")


@given(TEXT)
def test_runs_lie_in_order_where_they_say(text):
    normal = normalise(text)
    end = 0
    for run in runs(normal):
        assert run.start >= end
        end = run.start + len(run.text)
        assert normal[run.start : end] == run.text


def test_scripts_are_parted_by_a_space():
    assert plain("办5g套餐(xd-200)") == " 办 5g 套餐 xd 200 "
