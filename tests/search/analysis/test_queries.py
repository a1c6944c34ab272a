"""What somebody typed, as needs."""

from hypothesis import given
from hypothesis import strategies as st

from wiki.search.analysis.queries import MAX_CHARS, Kind, Unknown, Where, analyse

KNOWN = {(Kind.SOUND, "hua_fei"), (Kind.SOUND, "tui_ding"), (Kind.INITIALS, "hf"), (Kind.WORD, "sim")}


class Some(Unknown):
    """A vocabulary of a few terms, in one document of ten each."""

    documents = 10

    def count(self, kind, term):
        return int((kind, term) in KNOWN)

    def endings(self, kind, beginning, limit):
        return [term for k, term in sorted(KNOWN) if k == kind and term.startswith(beginning)]

    def near(self, word):
        return ["roaming"] if word == "raoming" else []


def terms(typed):
    return {term for need in analyse(typed, Some()).needs for term in need.terms}


def test_pinyin_is_read_in_one_or_apart():
    assert (Kind.SOUND, "hua_fei") in terms("huafei")
    assert (Kind.SOUND, "hua_fei") in terms("hua fei")


def test_a_last_syllable_may_lack_its_end():
    assert (Kind.SOUND, "hua_fei") in terms("huaf")


def test_initials_are_read_in_one_or_apart():
    assert (Kind.INITIALS, "hf") in terms("hf")
    assert (Kind.INITIALS, "hf") in terms("h f")


def test_a_slip_in_a_latin_word_is_forgiven():
    assert (Kind.WORD, "roaming") in terms("raoming")


def test_a_known_word_is_also_its_beginning():
    assert (Kind.WORD, "sim") in terms("si")


def test_words_of_two_characters_are_met_by_their_sound_at_less_worth():
    (need,) = analyse("话费", Some()).needs
    literal, sound, *_ = need.ways
    assert (literal.where, literal.texts, literal.quality) == (Where.PLAIN, ("话费",), 1.0)
    assert sound.where is Where.SOUND
    assert sound.quality < literal.quality


def test_taiwans_word_is_also_met_by_the_mainlands():
    needs = analyse("軟體", Some()).needs
    assert any("软件" in way.texts for need in needs for way in need.ways)


def test_a_query_of_signs_asks_for_nothing():
    assert analyse("?!…  ", Some()).needs == ()


@given(st.text(max_size=300))
def test_any_text_is_a_query(typed):
    asked = analyse(typed, Some())
    assert all(need.weight >= 0 for need in asked.needs)
    for need in asked.needs:
        assert [way.quality for way in need.ways] == sorted((way.quality for way in need.ways), reverse=True)
        assert all(texts for way in need.ways for texts in way.texts)


def test_a_very_long_query_is_cut():
    assert sum(len(need.typed) for need in analyse("话费" * 500, Some()).needs) <= MAX_CHARS
