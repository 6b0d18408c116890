"""How a text becomes words to search by: the same for what is indexed and for what is asked, pure.

Latin words go through Postgres' `english` dictionary (stems, no stop words: "how do I open a file" asks for open and
file). Measured on 1,438 chunks of pydoc and 16 questions in plain English: some chunk had all the words of the question
for 12 questions with `english`, for 6 with `simple`; with the fall-back to some of the words the right module was among
the first five for 14 and 15, which is no difference. So `english`, which needs the costly fall-back less often.
Names joined by punctuation are taken apart: the parser would make one host or file name of os.path.join.
"""

import re

from muniment.projections.chunks.hangul import pairs, without

_JOINT = re.compile(r"(?<=\w)[./:@\\-](?=\w)")


def latin(text: str) -> str:
    """What goes to the `english` dictionary."""
    return _JOINT.sub(" ", without(text))


def paired(text: str) -> str:
    """What goes to the `simple` dictionary: pairs of characters, separated by spaces."""
    return " ".join(pairs(text))


def terms(lexemes: list[str], asked: str) -> list[str]:
    """The terms of a query, in `tsquery` notation, each once: its lexemes and its pairs.

    A single character asks for every pair that starts with it.
    """
    found = [quoted(lexeme) for lexeme in lexemes]
    found += [quoted(pair) + (":*" if len(pair) == 1 else "") for pair in pairs(asked)]
    return list(dict.fromkeys(found))


def quoted(lexeme: str) -> str:
    """A lexeme as `tsquery` reads it back."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
