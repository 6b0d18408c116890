"""What a form of the Studio sent, and the problems of it."""

from http import HTTPStatus
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from muniment.api.console.view import View
from muniment.api.numbers import number_in
from muniment.api.problems.problem import from_validation
from muniment.api.projects.changing import Changing
from muniment.schemas.project_commands import ANY_REVISION


class Sent:
    """The fields of a form. Of line ends only the line feed stays: browsers send two characters (HTML, 4.10.21.4)."""

    def __init__(self, form: FormData) -> None:
        self._form = form

    def text(self, name: str) -> str:
        """A field as it was typed; empty when there is none."""
        value = self._form.get(name)
        return value.replace("\r\n", "\n") if isinstance(value, str) else ""

    def line(self, name: str) -> str:
        """A field without the blanks around it."""
        return self.text(name).strip()

    def number(self, name: str, default: float | str = "") -> int | float | str:
        """A field as a number, the text of it where it is none; the default where nothing stands in it."""
        text = self.line(name)
        return number_in(text) if text else default

    def ids(self, name: str) -> list[UUID]:
        """All values of a field, as ids; `Problem(invalid_request)` for what is none."""
        try:
            return [UUID(value) for value in self._form.getlist(name) if isinstance(value, str) and value]
        except ValueError:
            raise from_validation([{"loc": (name,), "msg": "not an id"}]) from None

    @property
    def revision(self) -> int:
        """What the form was made from; as it is now, when it does not say."""
        given = self.line("revision")
        return int(given) if given.isdecimal() and len(given) < 10 else ANY_REVISION  # noqa: PLR2004 - fits


async def sent(view: View) -> Sent:
    """The form that the page was sent."""
    return Sent(await view.request.form())


def changing(view: View) -> Changing:
    """The way of a change in a project of whoever looks at a page."""
    return Changing(view.request, Response(), view.deps, view.who)


def toast_of(answer: object, done: str) -> str:
    """What the next page says: that it is done, or, where the decision did not show in time, that it is on its way."""
    pending = isinstance(answer, Response) and answer.status_code == HTTPStatus.ACCEPTED
    return "studio_on_its_way" if pending else done
