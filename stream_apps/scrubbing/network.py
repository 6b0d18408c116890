"""Internet addresses, told apart from version numbers, section numbers, times and slices."""

import ipaddress
import re

from muniment.stream_apps.scrubbing.kinds import Kind
from muniment.stream_apps.scrubbing.pattern import NUMBER_END, Pattern, Span

_VERSION_BEFORE = re.compile(
    r"(?:version|release|build|revision|section|chapter|firmware|driver|버전|판"
    r"|[=<>~^!]=|[<>~^]|\bv(?:er)?\.?)[ :]{0,2}$",
    re.IGNORECASE,
)
_ADDRESS_BEFORE = re.compile(r"(?:(?<!\[)\bip|address|host|server|dns|gateway|ping|주소|서버)\b.{0,12}$", re.IGNORECASE)
_SMALL = re.compile(r"[0-9](?:\.[0-9]{1,2}){3}")
_SIGHT = 24
_GLOBAL_OR_LOCAL = re.compile(r"[23][0-9a-f]{3}|f[c-f][0-9a-f]{2}", re.IGNORECASE)


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - _SIGHT) : match.start()]


def _valid(written: str) -> bool:
    try:
        ipaddress.ip_address(written)
    except ValueError:
        return False
    return True


def _v4(match: re.Match[str]) -> Span | None:
    """Four small numbers (1.2.3.4, 2.39.90.1) are a section or a version unless the words before say otherwise."""
    if not _valid(match.group()) or _VERSION_BEFORE.search(_before(match)):
        return None
    if _SMALL.fullmatch(match.group()) and not _ADDRESS_BEFORE.search(_before(match)):
        return None
    # 0.0.0.0 and net masks are nobody's.
    return None if match.group().startswith(("0.", "255.")) else match.span()


def _v6(match: re.Match[str]) -> Span | None:
    """`1::2` is a slice, `12:34:56` a time, `dead::beef` a name: ask for the shape of an address in use."""
    written = match.group().rstrip(":.") if not match.group().endswith("::") else match.group()
    groups = [group for group in written.split(":") if group]
    if len(groups) < 2 or not _GLOBAL_OR_LOCAL.fullmatch(groups[0]) or not _valid(written):  # noqa: PLR2004
        return None
    if len(groups) == 2 and written.replace(":", "").isdecimal() and not written.startswith("2001"):  # noqa: PLR2004
        return None
    return match.start(), match.start() + len(written)


NETWORK = (
    Pattern(
        Kind.IP,
        re.compile(
            r"[0-9](?<![0-9A-Za-z_.][0-9])(?<![0-9A-Za-z]-[0-9])[0-9]{0,2}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}"
            + NUMBER_END
        ),
        _v4,
        (".",),
    ),
    Pattern(
        Kind.IP,
        re.compile(r"[23fF](?<![0-9A-Za-z:_.].)[0-9A-Fa-f]{3}:[0-9A-Fa-f:.]{1,41}(?![0-9A-Za-z:])"),
        _v6,
        (":",),
    ),
)
