"""Whether what one Avro schema seals is sealed by a later one, too, wherever it stands in it. Pure.

Avro would let `bytes` become `string`, and read a ciphertext as text; and what is inside a seal (`muniment.seals`)
follows the rules of the schemas themselves, which no other registry looks at.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from avro.compatibility import lookup_writer_field

SEALS: Final = "muniment.seals"
Kind = Any
"""A schema as `avro.schema.parse` gives it."""
Inside = Callable[[str, Any, Any], list[str]]
"""Why what is inside a seal cannot be read: where, the schema to read with, the schema to write with (as JSON)."""


def broken_seals(new: Kind, old: Kind, inside: Inside) -> list[str]:
    """What is sealed in one and not in the other, and what is wrong inside a seal: field by field, nested ones too."""
    return list(_compared("", new, old, inside, set()))


def _compared(where: str, new: Kind, old: Kind, inside: Inside, seen: set[tuple[int, int]]) -> Iterator[str]:
    # A record may hold itself.
    if (id(new), id(old)) in seen:
        return
    seen.add((id(new), id(old)))
    now, was = _branches(new), _branches(old)
    mine = next((one.get_prop(SEALS) for one in now if _sealed(one)), None)
    theirs = next((one.get_prop(SEALS) for one in was if _sealed(one)), None)
    if any(map(_sealed, now)) != any(map(_sealed, was)):
        told = "in clear and is sealed now" if any(map(_sealed, now)) else "sealed and is not any more"
        yield f"field {where} was {told} (rule: what is personal stays so; give it another name)"
    elif any(map(_sealed, now)):
        yield from inside(f"inside its seal field {where}", mine, theirs)
        yield from inside(f"inside its seal field {where}", theirs, mine)
    for one in now:
        for other in was:
            yield from _within(where, one, other, inside, seen)


def _within(where: str, new: Kind, old: Kind, inside: Inside, seen: set[tuple[int, int]]) -> Iterator[str]:
    if new.type != old.type:
        return
    if new.type == "record":
        for field in new.fields:
            before = lookup_writer_field(old, field)
            if before is not None:
                yield from _compared(f"{where}.{field.name}".lstrip("."), field.type, before.type, inside, seen)
    elif new.type == "array":
        yield from _compared(where, new.items, old.items, inside, seen)
    elif new.type == "map":
        yield from _compared(where, new.values, old.values, inside, seen)


def _branches(kind: Kind) -> list[Kind]:
    return list(kind.schemas) if kind.type == "union" else [kind]


def _sealed(kind: Kind) -> bool:
    return SEALS in kind.props
