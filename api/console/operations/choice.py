"""Which dead letters a page is about, as it stands in addresses and forms. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self
from urllib.parse import urlencode

from muniment.api.dead_letters.requests import Letters, Redriving
from muniment.api.numbers import number_in

LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Choice:
    """A single letter, or all that a selection finds; an empty part narrows nothing."""

    letter: str = ""
    fingerprint: str = ""
    step: str = ""
    code: str = ""
    status: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """From an address or a form; what else stands there is none of its business."""
        return cls(**{name: given.get(name, "")[:200] for name in cls.__dataclass_fields__})

    @property
    def fields(self) -> dict[str, str]:
        """Its parts that say anything."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def query(self) -> str:
        """As it stands in an address."""
        return urlencode(self.fields)

    def body(self) -> dict[str, Any]:
        """As the routes of dead letters take it."""
        if self.letter:
            return {"letters": [self.letter]}
        return {"selection": {name: value for name, value in self.fields.items() if name != LETTER}}

    def redriving(self, form: Mapping[str, str]) -> Redriving:
        """The redrive that a form asks for; raises `pydantic.ValidationError` for what is out of bounds."""
        return Redriving.model_validate(
            {
                **self.body(),
                "reason": form.get("reason", ""),
                "rate": number_in(form.get("rate") or "5"),
                "canary": number_in(form.get("canary") or "0"),
                "force": form.get("force") == "on",
                "confirmed": number_in(form.get("confirmed") or "0"),
            }
        )

    def discarding(self, form: Mapping[str, str]) -> Letters:
        """The discard that a form asks for; raises as `redriving`."""
        return Letters.model_validate({
            **self.body(), "reason": form.get("reason", ""), "confirmed": number_in(form.get("confirmed") or "0")
        })  # fmt: skip
