"""Where values come from beside the environment and `.env`: files that the environment names, for secrets."""

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

PREFIX = "MUNIMENT_"


def variable(name: str, info: FieldInfo) -> str:
    """The environment variable of a field."""
    return info.validation_alias if isinstance(info.validation_alias, str) else PREFIX + name.upper()


class FileSource(PydanticBaseSettingsSource):
    """`MUNIMENT_X_FILE` names a file whose text, without the line end, is the value of `x`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The file's text; raises `OSError` when it was named and cannot be read."""
        named = os.environ.get(variable(field_name, field) + "_FILE")
        key = field.validation_alias if isinstance(field.validation_alias, str) else field_name
        return (Path(named).read_text("utf-8").rstrip("\r\n") if named else None, key, False)

    def __call__(self) -> dict[str, Any]:
        """All values that files give."""
        found = (self.get_field_value(info, name) for name, info in self.settings_cls.model_fields.items())
        return {key: value for value, key, _ in found if value is not None}
