"""Numbers that states, banks and operators give to people: their forms and their checksums, nothing about texts."""

import re
from datetime import date

MOBILE_CN = re.compile(r"(?:86|0086)?(1(?:3[0-9]|4[0145-9]|5[0-35-9]|6[2567]|7[0-8]|8[0-9]|9[0-9])[0-9]{8})")
MOBILE_TW = re.compile(r"(09[0-9]{8})|(?:00)?886(9[0-9]{8})")
PROVINCES = frozenset(
    str(number)
    for decade in ((11, 16), (21, 24), (31, 38), (41, 47), (50, 55), (61, 66), (71, 72), (81, 84), (91, 92))
    for number in range(*decade)
)
WEIGHTS_CN = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CN = "10X98765432"
LETTERS_TW = {letter: 10 + n for n, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO")}  # as the counties got them
WEIGHTS_TW = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
IDENTITY_TW = re.compile(r"[A-Z](?:[1289][0-9]|[A-D][0-9])[0-9]{7}")
CASE_OF_A_DAY = re.compile(r"[A-Z]20(?:1[5-9]|2[0-9]|3[0-5])(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
CARDS = re.compile(
    r"4[0-9]{12}(?:[0-9]{3}){0,2}"  # Visa
    r"|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12}"  # JCB
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}"  # Diners
    r"|(?:62|81)[0-9]{14,17}|60[0-9]{14,17}|9558[0-9]{12,15}"  # UnionPay, and what banks gave out before it
    r"|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}"  # Discover
)


def mobile_of_china(digits: str) -> str | None:
    """The eleven digits, if they are a mobile number of the mainland, with or without the country."""
    match = MOBILE_CN.fullmatch(digits)
    return match[1] if match and len(set(match[1][3:])) > 1 else None  # eight equal ones are an example


def mobile_of_taiwan(digits: str, *, after_country: bool = False) -> str | None:
    """The number as it is dialled there (09…) or, after the country's number, without the nought; else ``None``."""
    if after_country and re.fullmatch(r"9[0-9]{8}", digits):
        return digits if len(set(digits[1:])) > 1 else None
    match = MOBILE_TW.fullmatch(digits)
    found = (match[1] or match[2]) if match else None
    return found if found and len(set(found[-8:])) > 1 else None


def is_identity_of_china(number: str) -> bool:
    """Eighteen signs: region, a day of birth that there was, and the check sign of ISO 7064 (MOD 11-2)."""
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number) or number[:2] not in PROVINCES:
        return False
    if not "1900" <= number[6:10] < "2100" or not _is_day(number[6:14]):
        return False
    return number[17] == check_of_china(number[:17])


def check_of_china(first: str) -> str:
    """The last sign of an identity number, from its first seventeen."""
    return CHECK_CN[sum(int(sign) * weight for sign, weight in zip(first, WEIGHTS_CN, strict=True)) % 11]


def _is_day(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def is_identity_of_taiwan(number: str) -> bool:
    """A citizen's number (1, 2), a resident's of today (8, 9) or of before 2021 (two letters), with its check digit.

    A letter and a day of these years is how cases are numbered; it is taken for that.
    """
    if not IDENTITY_TW.fullmatch(number) or CASE_OF_A_DAY.match(number):
        return False
    return checksum_of_taiwan(number) == 0


def checksum_of_taiwan(number: str) -> int:
    """The weighted sum modulo ten; nought for a number that was given out."""
    first = LETTERS_TW[number[0]]
    second = LETTERS_TW[number[1]] % 10 if number[1].isalpha() else int(number[1])
    signs = [first // 10, first % 10, second, *(int(sign) for sign in number[2:])]
    return sum(sign * weight for sign, weight in zip(signs, WEIGHTS_TW, strict=True)) % 10


def is_card(digits: str) -> bool:
    """A prefix that banks use, in its length, and the checksum of Luhn."""
    return CARDS.fullmatch(digits) is not None and len(set(digits)) > 1 and luhn(digits) == 0


def luhn(digits: str) -> int:
    """The sum of Luhn modulo ten; nought for a card's number."""
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    back = digits[::-1]
    return (sum(map(int, back[::2])) + sum(doubled[int(sign)] for sign in back[1::2])) % 10
