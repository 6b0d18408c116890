"""How a text is compared while it is being typed: folded into letters, and into the words to look for. Pure.

Hangul syllables are taken apart into the letters that are typed (compatibility jamo), compound ones included. While
휴가지 is typed the screen shows 휴, 휴가, 휴갖, 휴가지; as letters each of them is the beginning of the next, as
syllables 휴갖 is not. Korean words are found from each of their syllables on, because compounds are written together:
휴가 finds 연차휴가.
"""

import hashlib
import re
import unicodedata

LONGEST = 200
"""Most characters of a phrase that count."""
_LONGEST_WORD, _MOST_LETTERS = 40, 600
"""A lexeme holds 2,046 bytes at most, an entry of a B-tree a third of a page."""
MOST_WORDS = 40
"""Most words of a phrase, and of what was typed, that count."""
_FIRST, _LAST = 0xAC00, 0xD7A3
_INITIALS = "ㄱ ㄲ ㄴ ㄷ ㄸ ㄹ ㅁ ㅂ ㅃ ㅅ ㅆ ㅇ ㅈ ㅉ ㅊ ㅋ ㅌ ㅍ ㅎ".split()  # noqa: SIM905 - read as a row
_VOWELS = "ㅏ ㅐ ㅑ ㅒ ㅓ ㅔ ㅕ ㅖ ㅗ ㅗㅏ ㅗㅐ ㅗㅣ ㅛ ㅜ ㅜㅓ ㅜㅔ ㅜㅣ ㅠ ㅡ ㅡㅣ ㅣ".split()  # noqa: SIM905
_FINALS = [
    "",
    *"ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ".split(),  # noqa: SIM905
]
_SINGLE = str.maketrans(
    {
        **{chr(0x1100 + n): one for n, one in enumerate(_INITIALS)},
        **{chr(0x1161 + n): one for n, one in enumerate(_VOWELS)},
        **{chr(0x11A7 + n): one for n, one in enumerate(_FINALS) if one},
    }
)
"""Letters that stand alone: NFKC makes those that combine (U+1100 to U+11FF) of those that are typed (U+3131 on)."""
_WORD = re.compile(r"\w+")


def composed(text: str) -> str:
    """A phrase as it is kept and shown: composed, on one line, of bounded length."""
    return " ".join(unicodedata.normalize("NFC", text).split())[:LONGEST].strip()


def folded(text: str) -> str:
    """The letters of a text's words, one blank between words: case, width, accents of form and punctuation are gone."""
    return " ".join(letters(word) for word in _words(text))[:_MOST_LETTERS]


def letters(word: str) -> str:
    """A word as the letters that are typed."""
    return "".join(_letters(one) for one in word)


def lexemes(tenant: str, phrase: str) -> list[str]:
    """What a phrase is found by, each once: its words, Korean ones from each syllable on, marked as the tenant's."""
    found = []
    for word in _words(phrase)[:MOST_WORDS]:
        starts = [0] + [i for i, one in enumerate(word) if i and _is_syllable(one)]
        found += [mark(tenant) + letters(word[start:]) for start in starts]
    return list(dict.fromkeys(found))


def wanted(tenant: str, typed: str) -> str:
    """What was typed as a `tsquery`: every word of it begins some word of the phrase; empty when nothing was."""
    words = [letters(word) for word in _words(typed)[:MOST_WORDS]]
    return " & ".join(f"'{mark(tenant)}{word}':*" for word in dict.fromkeys(words))


def mark(tenant: str) -> str:
    """What stands before a tenant's words, so that an index of many tenants is read at one tenant's alone."""
    return hashlib.sha256(tenant.encode()).hexdigest()[:8]


def enough(typed: str) -> bool:
    """Whether so much was typed that something can be foretold: two letters, which one Korean syllable has."""
    return len(folded(typed)) > 1


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())
    return [word[:_LONGEST_WORD] for word in _WORD.findall(plain[:LONGEST].replace("_", " "))]


def _is_syllable(one: str) -> bool:
    return _FIRST <= ord(one) <= _LAST


def _letters(one: str) -> str:
    if not _is_syllable(one):
        return one.translate(_SINGLE)
    place = ord(one) - _FIRST
    return _INITIALS[place // 588] + _VOWELS[place // 28 % 21] + _FINALS[place % 28]
