"""E-mail addresses and telephone numbers."""

import re

from muniment.stream_apps.scrubbing.kinds import Kind
from muniment.stream_apps.scrubbing.pattern import NUMBER_END, Pattern, Span

_LOCAL = r"[A-Za-z0-9._%+\-]"
EMAIL = Pattern(
    Kind.EMAIL,
    # A run of local characters is tried from its beginning only; RFC 5321 bounds it at 64.
    re.compile(
        rf"{_LOCAL}(?<!{_LOCAL}.){_LOCAL}{{0,63}}+@(?:[A-Za-z0-9\-]{{1,63}}\.){{1,8}}[A-Za-z]{{2,24}}(?![0-9A-Za-z])"
    ),
    needs=("@",),
)

_MIN_DIGITS, _MAX_DIGITS, _MIN_UNBROKEN = 8, 15, 10


def _digits(text: str) -> str:
    return "".join(c for c in text if c in "0123456789")


def _international(match: re.Match[str]) -> Span | None:
    """E.164 allows 15 digits; `+1.234567` is a decimal and `+12345678` an integer."""
    written = match.group()
    breaks = sum(written.count(c) for c in " .-(")
    if not _MIN_DIGITS <= len(_digits(written)) <= _MAX_DIGITS:
        return None
    if breaks == 0 and len(written) <= _MIN_UNBROKEN:
        return None
    return None if breaks == 1 and "." in written else match.span()


def _one_mark(match: re.Match[str]) -> Span | None:
    """`252.227-7013` is a clause."""
    return None if "." in match.group() and "-" in match.group() else match.span()


def _not_binary(match: re.Match[str]) -> Span | None:
    """`01011010101` is a row of bits."""
    return None if set(_digits(match.group())) <= {"0", "1"} else match.span()


def _in_context(match: re.Match[str]) -> Span | None:
    return match.span("v") if 7 <= len(_digits(match.group("v"))) <= _MAX_DIGITS else None  # noqa: PLR2004 - local numbers


INTERNATIONAL = Pattern(
    Kind.PHONE,
    re.compile(r"\+(?<![0-9A-Za-z]\+)[1-9][0-9]{0,2}(?:[ .\-]?\([0-9]{1,4}\))?(?:[ .\-]?[0-9]{1,4}){2,5}" + NUMBER_END),
    _international,
    needs=("+",),
)
UNITED_STATES = Pattern(
    Kind.PHONE,
    # The North American plan: neither area nor exchange begins with 0 or 1. Three numbers apart by spaces are a table.
    re.compile(
        r"[1-9(](?<![0-9A-Za-z_].)(?<![0-9A-Za-z][.\-].)(?:(?<=1)[ .\-](?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[.\-])"
        r"|(?<=\()[2-9][0-9]{2}\)[ \-]?|(?<=[2-9])[0-9]{2}[.\-])[2-9][0-9]{2}[ .\-][0-9]{4}" + NUMBER_END
    ),
    _one_mark,
)
KOREAN = Pattern(
    Kind.PHONE,
    re.compile(
        r"[0(](?<![0-9A-Za-z_].)(?<![0-9A-Za-z][.\-].)(?:(?<=\()0)?"
        r"(?:1[016789](?:[.\- ]|\) ?)[0-9]{3,4}[.\- ][0-9]{4}|10[0-9]{8}"
        r"|(?:2|[3-6][1-5]|[578]0|50[0-9])(?:[.\-]|\) ?)[0-9]{3,4}[.\-][0-9]{4})" + NUMBER_END
    ),
    _not_binary,
)
SAID = Pattern(
    Kind.PHONE,
    # Any other way of writing one counts only after a word that says so.
    re.compile(
        r"[TtPpMmCcFf전휴연핸팩](?<![0-9A-Za-z].)(?:(?<=[Tt])(?:el(?:ephone)?|EL)|(?<=[Pp])(?:hone|HONE)|(?<=[Mm])obile"
        r"|(?<=[Cc])(?:all|ell)|(?<=[Ff])(?:ax|AX)|(?<=전)화|(?<=휴)대(?:폰|전화)|(?<=연)락처|(?<=핸)드폰|(?<=팩)스)"
        r"(?: (?:number|no\.?|me at|us at|at|on)| ?번호)?(?: is|[은는])?[ \t.:#=)]{0,4}"
        r"(?P<v>[+(]?[0-9][0-9]{0,4}(?:[ .\-)]{1,2}[0-9]{2,5}){1,4}|[0-9]{9,11})" + NUMBER_END
    ),
    _in_context,
    needs=("tel", "phone", "mobile", "call", "cell", "fax", "전화", "휴대", "연락처", "핸드폰", "팩스"),
)

CONTACTS = (EMAIL, INTERNATIONAL, UNITED_STATES, KOREAN, SAID)
