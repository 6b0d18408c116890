"""Numbers that a state or a bank gave: US social security, Korean resident registration, cards, IBAN."""

import re
from datetime import date

from stdnum import iban, luhn

from muniment.stream_apps.scrubbing.kinds import Kind
from muniment.stream_apps.scrubbing.pattern import DIGIT_FIRST, END, NUMBER_END, Pattern, Span

_CENTURY = {"1": 1900, "2": 1900, "5": 1900, "6": 1900, "3": 2000, "4": 2000, "7": 2000, "8": 2000}
_RRN_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def _ssn(match: re.Match[str]) -> Span | None:
    """Areas 000, 666 and 9xx, group 00 and serial 0000 were never given out (SSA)."""
    digits = re.sub(r"[^0-9]", "", match.group("v"))
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    given = area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"
    return match.span("v") if given else None


def _born_on_a_day(digits: str) -> bool:
    try:
        date(_CENTURY[digits[6]] + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    return True


def _rrn(match: re.Match[str]) -> Span | None:
    """The date has to exist. The check digit does not: numbers given since October 2020 have none.

    Thirteen digits in a row are as likely a time stamp in milliseconds: there the old check digit is asked for.
    """
    digits = re.sub(r"[^0-9*]", "", match.group())
    if not _born_on_a_day(digits):
        return None
    if match.group("dash") or "*" in digits:
        return match.span()
    total = sum(weight * int(digit) for weight, digit in zip(_RRN_WEIGHTS, digits, strict=False))
    return match.span() if (11 - total % 11) % 10 == int(digits[12]) else None


def _card_brand(digits: str) -> bool:
    """Length and leading digits of the brands (ISO/IEC 7812 ranges as published by them)."""
    two, three, four, size = int(digits[:2]), int(digits[:3]), int(digits[:4]), len(digits)
    return (
        (digits[0] == "4" and size in (13, 16, 19))
        or (size == 16 and (51 <= two <= 55 or 2221 <= four <= 2720))  # noqa: PLR2004 - Mastercard
        or (size == 15 and two in (34, 37))  # noqa: PLR2004 - American Express
        or (size == 16 and (four == 6011 or two == 65 or 644 <= three <= 649 or 3528 <= four <= 3589))  # noqa: PLR2004
        or (size == 14 and (two in (36, 38) or 300 <= three <= 305))  # noqa: PLR2004 - Diners
        or (16 <= size <= 19 and two == 62)  # noqa: PLR2004 - UnionPay
    )


def _card(match: re.Match[str]) -> Span | None:
    digits = re.sub(r"[^0-9]", "", match.group())
    return match.span() if _card_brand(digits) and luhn.is_valid(digits) else None


def _iban(match: re.Match[str]) -> Span | None:
    """The candidate may have swallowed the next word: take the longest beginning that is one (ISO 13616, mod 97)."""
    written = match.group()
    head = int("".join(str(int(c, 36)) for c in written[:4]))
    ends, remainder = [], 0
    # The remainder grows with the candidate, so that only the few ends at which mod 97 holds are looked at closely.
    for position, c in enumerate(written[4:], start=4):
        if c == " ":
            continue
        value = int(c, 36)
        remainder = (remainder * (10 if value < 10 else 100) + value) % 97  # noqa: PLR2004 - one digit or two
        if (remainder * 1_000_000 + head) % 97 == 1:
            ends.append(match.start() + position + 1)
    for end in reversed(ends):
        if iban.is_valid(match.string[match.start() : end]):
            return match.start(), end
    return None


NUMBERS = (
    Pattern(
        Kind.US_SSN, re.compile(rf"(?P<v>{DIGIT_FIRST}[0-9]{{2}}-[0-9]{{2}}-[0-9]{{4}}){NUMBER_END}"), _ssn, ("-",)
    ),
    Pattern(
        Kind.US_SSN,
        re.compile(
            r"[Ss](?<![0-9A-Za-z].)(?:SN|sn|ocial [Ss]ecurity)(?: [Nn]umber| [Nn]o\.?)?(?: is)?[ \t:#=]{0,4}"
            rf"(?P<v>[0-9]{{3}}[ \-]?[0-9]{{2}}[ \-]?[0-9]{{4}}){NUMBER_END}"
        ),
        _ssn,
        ("ssn", "social security"),
    ),
    Pattern(
        Kind.KR_RRN,
        re.compile(
            rf"{DIGIT_FIRST}[0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
            rf"(?P<dash> ?[\-–] ?)?[1-8](?:[0-9]{{6}}|\*{{6}}){NUMBER_END}"
        ),
        _rrn,
    ),
    Pattern(
        Kind.PAYMENT_CARD,
        re.compile(
            rf"{DIGIT_FIRST}[0-9]{{3}}(?:(?P<gap>[ \-])(?:[0-9]{{4}}(?P=gap)[0-9]{{4}}(?P=gap)[0-9]{{4}}"
            rf"|[0-9]{{6}}(?P=gap)[0-9]{{4,5}})"
            rf"|[0-9]{{9,15}}){NUMBER_END}"
        ),
        _card,
    ),
    Pattern(
        Kind.IBAN,
        re.compile(rf"[A-Z](?<![0-9A-Za-z].)[A-Z][0-9]{{2}}(?: ?[0-9A-Z]){{11,30}}{END}"),
        _iban,
    ),
)
