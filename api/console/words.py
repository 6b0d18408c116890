"""The console's words in the reader's language. Pure.

Every text stands beside its translation, so neither can be forgotten; a test holds their places (`{name}`) equal.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from muniment.api.console.page import Texts

LANGUAGES: Mapping[str, str] = {"en": "English", "ko": "한국어"}
_INDEX = {name: index for index, name in enumerate(LANGUAGES)}
_OFFER = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?")
_UNITS = ("B", "KB", "MB", "GB", "TB")
_KILO = 1000


def merged(parts: Iterable[Texts]) -> Texts:
    """All words; `ValueError` for a key that two parts have."""
    found: dict[str, tuple[str, str]] = {}
    for part in parts:
        twice = found.keys() & part.keys()
        if twice:
            raise ValueError(f"two parts of the console have words under {sorted(twice)}")
        found.update(part)
    return found


def language(chosen: str | None, accepted: str | None) -> str:
    """The language to answer in: the chosen one, the best of `Accept-Language` (RFC 9110, 12.5.4), or English."""
    if chosen is not None and chosen in LANGUAGES:
        return chosen
    offers = [_OFFER.fullmatch(part) for part in (accepted or "").split(",")[:20]]
    known = [(float(found[2] or 1), found[1].lower()) for found in offers if found and found[1].lower() in LANGUAGES]
    best = max(known, key=lambda offer: offer[0], default=(0.0, ""))
    return best[1] if best[0] > 0 else "en"


@dataclass(frozen=True, slots=True)
class Words:
    """Says things in one language."""

    language: str
    texts: Texts

    def __call__(self, key: str, **facts: object) -> str:
        """The text under a key, with its places filled; `KeyError` for a key that nobody has declared."""
        text = self.texts[key][_INDEX[self.language]]
        return text.format_map(facts) if facts else text

    def has(self, key: str) -> bool:
        """Whether there is a text under a key."""
        return key in self.texts

    def under(self, start: str) -> dict[str, str]:
        """All texts whose keys begin so, by what follows: for a script that gets the rest of a key later."""
        return {key.removeprefix(start): self(key) for key in self.texts if key.startswith(start)}

    def count(self, key: str, number: int, **facts: object) -> str:
        """The text under `key.one` or `key.other`, by what the number wants (Unicode CLDR; Korean has one form)."""
        form = "one" if number == 1 and self.language == "en" else "other"
        return self(f"{key}.{form}", count=self.number(number), **facts)

    def state(self, kind: str, name: str | None) -> str:
        """The word for a state (`state.<kind>.<name>`); the name itself when it is new here."""
        key = f"state.{kind}.{name}"
        return self(key) if key in self.texts else (name or "")

    def number(self, value: float | None) -> str:
        """A number with its thousands apart; a dash for none."""
        if value is None:
            return "–"
        return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"

    def size(self, value: int | None) -> str:
        """A number of bytes in decimal units (IEC 80000-13 keeps `KB` for 1,000 here, as browsers show it)."""
        if value is None:
            return "–"
        amount, unit = float(value), 0
        while amount >= _KILO and unit < len(_UNITS) - 1:
            amount, unit = amount / _KILO, unit + 1
        return f"{value} B" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"

    def money(self, micros: int | None) -> str:
        """An amount from millionths of a US dollar, the currency that prices are set in."""
        if micros is None:
            return "–"
        dollars = micros / 1_000_000
        return f"${dollars:,.2f}" if dollars == 0 or dollars >= 0.01 else f"${dollars:.6f}"  # noqa: PLR2004 - a cent

    def moment(self, when: datetime) -> str:
        """A time in UTC; the page's script says it in the reader's own zone."""
        at = when.astimezone(UTC)
        if self.language == "ko":
            return f"{at.year}. {at.month}. {at.day}. {at:%H:%M} UTC"
        return f"{at.day} {at:%b %Y, %H:%M} UTC"
