"""Street addresses: number and street as in the United States and Britain; Korean road and lot addresses."""

import re

from muniment.stream_apps.scrubbing.kinds import Kind
from muniment.stream_apps.scrubbing.pattern import Pattern, Span

_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Court|Ct|Crescent|Parkway|Pkwy|Highway|Hwy|Terrace|Drive|Dr"
    r"|Square|Close|Way|Place|Pl)"
)
_NAME = r"(?:[A-Z][A-Za-z'’]{1,20}|[0-9]{1,3}(?:st|nd|rd|th))"
_WESTERN = re.compile(
    r"[0-9](?<![0-9A-Za-z_.:/\-][0-9])[0-9]{0,4}(?:-[0-9]{1,4})?[A-Za-z]? (?:[NSEW]\.? |North |South |East |West )?"
    rf"(?:{_NAME} ){{1,3}}?{_STREET}(?![0-9A-Za-z])\.?"
    r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|#)\.? ?[0-9A-Za-z]{1,6}(?![0-9A-Za-z]))?"
    r"(?:,? (?:[A-Z][A-Za-z.]{1,20} ?){1,3},? "
    r"(?:[A-Z]{2} [0-9]{5}(?:-[0-9]{4})?|[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2})(?![0-9A-Za-z]))?"
)

_PROVINCES = (
    *("서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "제주"),
    *("경기", "강원", "충북", "충남", "충청[북남]", "전북", "전남", "전라[북남]", "경북", "경남", "경상[북남]"),
)
_PROVINCE = f"(?:{'|'.join(_PROVINCES)})[가-힣]{{0,5}}"
_DISTRICT = r"[가-힣]{1,6}[시군구]"
_NOT_COUNTED = (
    r"(?![0-9A-Za-z.]|\s?(?:개|번째|회|년|월|일|초|분|시간|%|명|배|차|단계|줄|자리|글자|바이트|비트|가지|번(?![지길])))"
)
_KOREAN = re.compile(
    rf"[가-힣](?<![가-힣].)(?:(?<=주)소 ?[:는은]? ?|(?<=(?P<first>[가-힣]))(?P<more>[가-힣]{{0,12}}) )"
    rf"(?P<rest>)(?:{_PROVINCE} )?(?:{_DISTRICT} ){{0,2}}(?:[가-힣]{{1,6}}[읍면] )?"
    r"(?P<road>[가-힣][가-힣0-9·.]{0,14}(?:로|길)(?: ?[0-9]{1,4}번?[가나다라]?길)?"
    r"|[가-힣]{1,8}[0-9]{0,2}(?:동|리|로[1-9]가))"
    rf" ?(?:지하 ?)?[0-9]{{1,4}}(?:-[0-9]{{1,4}})?(?:번지)?{_NOT_COUNTED}"
    r"(?:,? ?[0-9]{1,4}동)?(?:,? ?[0-9]{1,4}호)?(?:,? ?[0-9]{1,3}층)?"
)
_IS_PROVINCE = re.compile(_PROVINCE)
_IS_DISTRICT = re.compile(_DISTRICT)
# Everyday words with the endings of districts and of roads.
_NOT_DISTRICTS = frozenset(
    [
        "도구",
        "요구",
        "연구",
        "복구",
        "친구",
        "문구",
        "영구",
        "기구",
        "탐구",
        "표시",
        "다시",
        "즉시",
        "임시",
        "동시",
        "역시",
        "지시",
        "명시",
        "예시",
        "일시",
        "혹시",
        "반드시",
        "잠시",
    ]
)
_NOT_ROADS = re.compile(
    r".*으로|(?:.*[가-힣])?(?:바로|별도로|새로|경로|그대로|따로|서로|주로|실제로|때로|스스로|대체로|별로|홀로|이대로|함수로"
    r"|처리|정리|관리|분리|거리|자리|이동|자동|수동|작동|동작|행동|변동|연동|구동|활동|운동|공동)"
)


def _korean(match: re.Match[str]) -> Span | None:
    """`로` is also the particle "by, to": a road needs a province, a district or the word "address" before it."""
    if _NOT_ROADS.fullmatch(match.group("road")):
        return None
    if match.group("first") is None:
        return match.start("rest"), match.end()
    word = match.group("first") + match.group("more")
    if _IS_PROVINCE.fullmatch(word):
        return match.span()
    return match.span() if _IS_DISTRICT.fullmatch(word) and word not in _NOT_DISTRICTS else None


ADDRESSES = (
    Pattern(Kind.STREET_ADDRESS, _WESTERN),
    Pattern(Kind.STREET_ADDRESS, _KOREAN, _korean, ("로", "길", "동", "리")),
)
