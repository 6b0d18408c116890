"""A command that is decided against, on its way out of a pure decision."""

from muniment.schemas.project_rejections import Rejection


class Against(Exception):
    """Never leaves `decide`, which makes a fact of it."""

    def __init__(self, code: Rejection) -> None:
        super().__init__(code)
        self.code = code


def refused(code: Rejection, *, if_: bool) -> None:
    """Raise `Against` where that is so."""
    if if_:
        raise Against(code)
