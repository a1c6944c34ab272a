"""What of a question is kept: numbers of people are masked, and the steps of typing one question are one. Pure."""

import re
from datetime import datetime, timedelta

from wiki.articles import personal
from wiki.search.analysis import sounds
from wiki.search.analysis.scripts import HAS_HAN, normalise
from wiki.search.analysis.words import cut
from wiki.search.likeness import flat

LENGTH = 200
MASK = "***"
STEP = timedelta(seconds=8)  # between two steps of typing one question
AGAIN = timedelta(seconds=60)  # the same question said again (Enter after typing, a second page, a reload)
# Whatever its form: seven digits or more, of any width, also in groups; numbers written as words; addresses of mail.
_DIGITS = re.compile(r"\d(?:[\s\-.·_/—–()（）]{0,2}\d){6,}[xXＸｘ]?")
_SPOKEN = re.compile(r"[〇○零一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖]{7,}")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}[@＠][A-Za-z0-9.-]{1,190}")


def masked(text: str) -> str:
    """The question without numbers and addresses that lead to a person, blanks made single."""
    text = _MAIL.sub(MASK, " ".join(text.replace("\0", " ").split()))
    for one in sorted(personal.found(text, allowed=()), key=lambda found: -found.start):
        text = text[: one.start] + MASK + text[one.end :]
    return _SPOKEN.sub(MASK, _DIGITS.sub(MASK, text))[:LENGTH]


def worth_keeping(text: str, *, typing: bool) -> bool:
    """It asks something; while typing, a first letter or two ask nothing yet."""
    key = flat(text)
    return len(key) > (1 if not typing or HAS_HAN.search(key) else 2)


def is_step(before: str, before_at: datetime, after: str, after_at: datetime) -> bool:
    """The second is the same question as the first, typed on, taken back a little, or said again."""
    apart = after_at - before_at
    if flat(before) == flat(after):
        return apart <= AGAIN
    return apart <= STEP and continues(before, after)


def continues(before: str, after: str) -> bool:
    """One is the beginning of the other; or letters became the characters that sound so, as input methods do it."""
    one, other = flat(before), flat(after)
    if one.startswith(other) or other.startswith(one):
        return True
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    letters, characters = sorted((one[shared:], other[shared:]), key=lambda part: bool(HAS_HAN.search(part)))
    if not letters or not (letters.isascii() and letters.isalpha()) or not HAS_HAN.match(characters):
        return False
    spelt, initials = _spelt(characters)
    return spelt.startswith(letters) or letters.startswith(spelt) or initials.startswith(letters)


def _spelt(characters: str) -> tuple[str, str]:
    """The characters as they are typed in letters, and by first letters alone."""
    names = sounds.readings().names
    said = "".join(map(sounds.sound, cut(normalise(characters))))
    syllables = [names.get(code, "") for code in said]
    return "".join(syllables), "".join(syllable[:1] for syllable in syllables)
