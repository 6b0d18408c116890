"""Every field of every event says what it means."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.schemas.catalogue import declarations
from muniment.schemas.description import CLASSES, FieldDescription, describe
from muniment.schemas.event_json import from_json, to_json
from muniment.schemas.example import sample
from muniment.schemas.vocabulary import WORDS, attributes, meaning

NAMES = st.text("abcxyz_019", min_size=1, max_size=12)
TEXTS = st.lists(st.text("abcABC:'`(,", min_size=1, max_size=8), min_size=1, max_size=5).map(" ".join)


@dataclass
class Base:
    """Something.

    Attributes:
        size_bytes: Of the base.
        lane: Its own
            lane.

    Raises:
        version: nothing.

    """


class Derived(Base):
    """More of it.

    Attributes:
        size_bytes: Of the derived.

    """


def every_field() -> list[tuple[str, FieldDescription]]:
    """Each field of each event, and those of the records inside, by its path."""

    def within(path: str, one: FieldDescription) -> list[tuple[str, FieldDescription]]:
        name = f"{path}.{one.name}"
        return [(name, one), *(found for inner in one.inside for found in within(name, inner))]

    return [found for d in declarations() for one in describe(d) for found in within(d.key, one)]


def test_every_field_has_a_meaning() -> None:
    """Who adds a field says what it means: under `Attributes:` in the docstring, or in the vocabulary."""
    assert [name for name, one in every_field() if not one.meaning] == []


def test_every_field_has_a_class() -> None:
    """Each is personal, a pseudonym, or neither; what is sealed on the wire is personal."""
    assert {one.personal for _, one in every_field()} == set(CLASSES)
    for declaration in declarations():
        sealed = {name for name, _ in declaration.personal}
        assert {one.name for one in describe(declaration) if one.personal == "personal"} == sealed


def test_every_word_is_used() -> None:
    """A word for a field that no event has is a leftover."""
    used = {one.name for _, one in every_field()}
    assert WORDS.keys() - used == set()


def test_the_nearest_docstring_goes_first() -> None:
    """A class before its base, a base before the vocabulary, and the vocabulary before nothing."""
    assert meaning(Derived, "size_bytes") == "Of the derived"
    assert meaning(Base, "size_bytes") == "Of the base"
    assert meaning(Derived, "lane") == "Its own lane"
    assert meaning(Derived, "version") == WORDS["version"].meaning
    assert meaning(Derived, "nothing_of_ours") == ""


@settings(max_examples=50)
@given(st.dictionaries(NAMES, TEXTS, max_size=5))
def test_attributes_are_read_back(said: dict[str, str]) -> None:
    """What is written under `Attributes:` is what is read, whatever the names and sentences are."""
    lines = [f"        {name}: {text}." for name, text in said.items()]
    docstring = "\n".join(["A thing.", "", "    Attributes:", *lines, "", "    "])
    assert attributes(docstring) == said


def test_samples_are_events() -> None:
    """Every sample is a whole event of its kind, and shows a word's value where there is one."""
    for declaration in declarations():
        shown = sample(declaration)
        assert from_json(declaration.cls, to_json(shown)) == shown
        if hasattr(shown, "lane"):
            assert shown.lane == "normal"
