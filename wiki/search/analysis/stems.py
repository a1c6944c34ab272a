"""Plain English stems, so that 'cards' finds 'card'."""

from functools import lru_cache

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from core.once import once


@once
def _stemmer() -> TextAnalyzer:
    return TextAnalyzerBuilder(Tokenizer.raw()).filter(Filter.stemmer("english")).build()


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of one lower-case word; words of other alphabets and words with digits come back as they are."""
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word
    return _stemmer().analyze(word)[0]
