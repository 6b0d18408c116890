"""The reference page of all settings: `docs/settings.md`."""

from inspect import getdoc

from pydantic import BaseModel

from muniment.infra.settings.sources import variable
from muniment.infra.settings.whole import GROUPS


def markdown() -> str:
    """The reference page of all settings."""
    rows = [
        "# Settings",
        "",
        "Written by `make settings`. Each can be set in the environment or in `.env`; `<variable>_FILE` names a file",
        "that holds the value instead, which is the way for secrets.",
    ]
    for group in GROUPS:
        rows += ["", f"## {(getdoc(group) or '').rstrip('.')}", "", *_table(group)]
    return "\n".join(rows) + "\n"


def _table(group: type[BaseModel]) -> list[str]:
    rows = ["| variable | default | meaning (unit) |", "| --- | --- | --- |"]
    for name, info in group.model_fields.items():
        default = info.default
        shown = "" if default is None or default == () else f"`{_shown(default)}`"
        rows.append(f"| `{variable(name, info)}` | {shown} | {info.description} |")
    return rows


def _shown(default: object) -> str:
    if isinstance(default, tuple):
        return ", ".join(default)
    return str(default).lower() if isinstance(default, bool) else str(default)


def main() -> None:
    """`python -m muniment.infra.settings.page`: print the reference page."""
    print(markdown(), end="")  # noqa: T201 - that is what it is for


if __name__ == "__main__":
    main()
