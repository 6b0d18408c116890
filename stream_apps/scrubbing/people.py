"""Passports and dates of birth. Alone they look like any number and any date: a word before has to say so."""

import re
from datetime import date

from muniment.stream_apps.scrubbing.kinds import Kind
from muniment.stream_apps.scrubbing.pattern import END, Pattern, Span

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_YEAR = r"(?:1[89]|20)[0-9]{2}"
_DATE = (
    rf"(?:{_YEAR}[.\-/] ?[0-9]{{1,2}}[.\-/] ?[0-9]{{1,2}}|[0-9]{{1,2}}[.\-/ ][0-9]{{1,2}}[.\-/ ](?:{_YEAR}|[0-9]{{2}})"
    rf"|[0-9]{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH},? {_YEAR}|{_MONTH} [0-9]{{1,2}}(?:st|nd|rd|th)?,? {_YEAR}"
    rf"|(?:{_YEAR}|[0-9]{{2}})년 ?[0-9]{{1,2}}월 ?[0-9]{{1,2}}일|{_YEAR}[0-9]{{4}}|[0-9]{{6}})"
)


def _day(match: re.Match[str]) -> Span | None:
    """Digits without marks (19900102, 900102) have to be a day."""
    value = match.group("v")
    if value.isdecimal():
        century = "" if len(value) == 8 else "20" if value[:2] < "30" else "19"  # noqa: PLR2004 - yyyymmdd
        full = century + value
        try:
            date(int(full[:4]), int(full[4:6]), int(full[6:]))
        except ValueError:
            return None
    return match.span("v")


PEOPLE = (
    Pattern(
        Kind.PASSPORT,
        re.compile(
            r"[Pp여](?<!\[.)(?:(?<=[Pp])(?:assport|ASSPORT)|(?<=여)권)[^\n0-9\[]{0,28}?(?<![0-9A-Za-z])"
            r"(?P<v>[A-Z]{1,2}[0-9]{6,8}|[A-Z][0-9]{3}[A-Z][0-9]{4}|[0-9]{8,9}|[0-9]{2}[A-Z]{2}[0-9]{5})" + END
        ),
        needs=("passport", "여권"),
    ),
    Pattern(
        Kind.DATE_OF_BIRTH,
        re.compile(
            r"[BbDd생출](?<![0-9A-Za-z\[].)(?:(?<=[Bb])(?:orn|irth ?date|irthday|irth ?[Dd]ate|ORN)"
            r"|(?<=[Dd])(?:ate[ _][Oo]f[ _][Bb]irth|ATE OF BIRTH|\.?[Oo]\.?[Bb]\.?)"
            r"|(?<=생)(?:년월일|일)|(?<=출)생(?:일|년월일)?)"
            rf"(?![A-Za-z])[^\n0-9\[]{{0,28}}?(?<![0-9A-Za-z])(?P<v>{_DATE}){END}"
        ),
        _day,
        needs=("born", "birth", "dob", "d.o.b", "생년월일", "생일", "출생"),
    ),
    Pattern(
        Kind.DATE_OF_BIRTH,
        re.compile(r"[12](?<![0-9A-Za-z].)(?P<v>(?<=[12])[0-9]{3}년 ?[0-9]{1,2}월 ?[0-9]{1,2}일) ?생(?![가-힣])"),
        lambda match: (match.start(), match.end("v")),
        needs=("생",),
    ),
)
