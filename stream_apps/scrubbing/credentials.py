"""Keys, tokens and passwords: by the marks that their makers gave them, or by the word before and their disorder."""

import math
import re
from collections import Counter

from muniment.stream_apps.scrubbing.kinds import Kind
from muniment.stream_apps.scrubbing.pattern import END, Pattern, Span, whole

_MIN_BITS_A_CHARACTER = 2.75
_LONG_RUN = re.compile(r"[0-9a-z]{20,}")
_KEY_BODY = re.compile(r"[0-9A-Za-z+/]{40}")


def _disorderly(value: str) -> bool:
    """A random value has digits among its letters and repeats few characters; an identifier or a word does not."""
    digits = sum(c in "0123456789" for c in value)
    if digits == 0 or digits == len(value) or not any(c.isalpha() for c in value):
        return False
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())
    return bits >= _MIN_BITS_A_CHARACTER


def _random_value(match: re.Match[str]) -> Span | None:
    value = match.group("v")
    looks_like_code = re.match(r"[A-Za-z_]+(?:\.[A-Za-z_]\w*)+$", value) is not None
    return match.span("v") if _disorderly(value) and not looks_like_code else None


def _secret_key(match: re.Match[str]) -> Span | None:
    """`sk-` also begins style-sheet classes: a key mixes cases, or has a long run of letters and digits."""
    key = match.group()
    mixed = any(c.isupper() for c in key) and any(c.isdigit() for c in key)
    return match.span() if mixed or any(_disorderly(run) for run in _LONG_RUN.findall(key)) else None


def _has_key_body(match: re.Match[str]) -> Span | None:
    """Manuals show the two lines with dots between them."""
    return match.span() if _KEY_BODY.search(match.group()) else None


def _marked(regex: str, needs: tuple[str, ...], *, first: str = "") -> Pattern:
    return Pattern(Kind.API_KEY, re.compile(f"{first}{regex}{END}"), whole, needs)


CREDENTIALS = (
    _marked(r"A(?<![0-9A-Za-z].)(?:KIA|SIA)[0-9A-Z]{16}", ("akia", "asia")),
    _marked(r"A(?<![0-9A-Za-z].)Iza[0-9A-Za-z_\-]{35}", ("aiza",)),
    _marked(r"g(?<![0-9A-Za-z].)h[pousr]_[0-9A-Za-z]{36,255}", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    _marked(r"g(?<![0-9A-Za-z].)ithub_pat_[0-9A-Za-z_]{22,255}", ("github_pat_",)),
    _marked(r"g(?<![0-9A-Za-z].)lpat-[0-9A-Za-z_\-]{20,255}", ("glpat-",)),
    _marked(r"h(?<![0-9A-Za-z].)f_[0-9A-Za-z]{30,64}", ("hf_",)),
    _marked(r"n(?<![0-9A-Za-z].)pm_[0-9A-Za-z]{36}", ("npm_",)),
    _marked(r"x(?<![0-9A-Za-z].)ox[abeoprs]-[0-9A-Za-z\-]{10,250}", ("xox",)),
    _marked(r"[srp](?<![0-9A-Za-z].)k_(?:live|test)_[0-9A-Za-z]{16,247}", ("k_live_", "k_test_")),
    _marked(
        r"e(?<![0-9A-Za-z].)yJ[0-9A-Za-z_\-]{8,4000}"
        r"\.eyJ[0-9A-Za-z_\-]{8,8000}(?:\.[0-9A-Za-z_\-]{0,4000})?",
        ("eyj",),
    ),
    Pattern(Kind.API_KEY, re.compile(r"s(?<![0-9A-Za-z\-_].)k-[0-9A-Za-z_\-]{20,250}" + END), _secret_key, ("sk-",)),
    Pattern(
        Kind.API_KEY,
        re.compile(
            r"-----BEGIN (?:[A-Z]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:[^\-]++|-(?!----)){0,2000}+-----END [A-Z ]{4,60}-----"
        ),
        _has_key_body,
        ("private key",),
    ),
    Pattern(
        Kind.API_KEY,
        re.compile(r"://[^\s:/@\[]{1,64}:(?P<v>[^\s/@\[]{6,128})@"),
        _random_value,
        ("://",),
    ),
    Pattern(
        Kind.API_KEY,
        re.compile(r"[Bb](?<![0-9A-Za-z].)(?:earer|EARER) {1,2}(?P<v>[0-9A-Za-z._~+/\-]{16,4000}={0,2})"),
        _random_value,
        ("bearer ",),
    ),
    Pattern(
        Kind.API_KEY,
        re.compile(
            r"[PpSsAaCcTt비암](?:(?<=[Pp])(?:assw(?:or)?d|ASSW(?:OR)?D|wd|WD|assphrase)|(?<=[Ss])(?:ecret|ECRET)"
            r"|(?<=[Aa])(?:(?:pi|PI)[_\- ]?(?:[Kk]ey|KEY))|(?<=[Tt])(?:oken|OKEN)|(?<=비)밀번호|(?<=암)호)"
            r"(?:[_\-]?(?:(?:access|ACCESS)[_\-])?(?:key|KEY))?"
            r"[\"']?(?:[ \t]{0,3}(?:=>|:=|[=:])[ \t]{0,3}| is |[은는] )[\"'`]?"
            r"(?P<v>[^\s\"'`,;<>()\[\]{}|가-힣]{8,200})"
        ),
        _random_value,
        ("passw", "pwd", "passphrase", "secret", "api", "token", "비밀번호", "암호"),
    ),
)
