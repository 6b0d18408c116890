"""Dead letters for tests of what is done with them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid5

from support.steps import NOW, TENANT

from muniment.stream_apps.operating.selection import Selection
from muniment.stream_apps.operating.state import Letter


def letter(number: int, *, fingerprint: str = "f1", tenant: str = TENANT, step: str = "embedding") -> Letter:
    """The `number`-th dead letter of partition 0."""
    document = uuid5(UUID(int=0), f"document {number}")
    at = NOW + timedelta(seconds=number)
    return Letter(f"muniment.dlq:0:{number}", tenant, step, fingerprint, document, uuid5(document, "job"), at)


class MemoryLetters:
    """See `stream_apps.operating.letters.Letters`. A selection finds by fingerprint and step, quarantine is nothing."""

    def __init__(self, letters: Sequence[Letter] = ()) -> None:
        self.letters = list(letters)

    async def named(self, tenant: str, letters: Sequence[str]) -> list[Letter]:
        """See `Letters.named`."""
        return [one for one in self.letters if one.letter in letters and one.tenant in {tenant, ""}]

    async def selected(self, tenant: str, selection: Selection, *, force: bool) -> list[Letter]:
        """See `Letters.selected`."""
        del force
        return [
            one
            for one in self.letters
            if one.tenant in {tenant, ""}
            and selection.fingerprint in {None, one.fingerprint}
            and selection.step in {None, one.step}
        ]
