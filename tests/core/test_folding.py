"""``core.folding``: one way of writing for everything compared."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from core.folding import fold

EASY = st.text(st.sampled_from("aÅＡａ１，。：（）～\u3000…—“”·、《》中文話　9 ﹁ﾊﾞがе\u0301\u3099Σς①㎡ﬁ｡"), max_size=12)


@given(st.one_of(st.text(max_size=20), EASY))
def test_folding_is_nfkc_and_lower_case(text: str) -> None:
    assert fold(text) == unicodedata.normalize("NFKC", text).lower()


def test_every_character_is_folded_alike_alone_and_beside_others() -> None:
    for number in [*range(0x20, 0xD800), *range(0xE000, 0x10000)]:
        for text in (chr(number), f"a{chr(number)}，"):
            assert fold(text) == unicodedata.normalize("NFKC", text).lower()
