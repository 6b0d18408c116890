"""What operators can say beside a reason."""

from typing import Annotated

from pydantic import ConfigDict

from muniment.api.numbers import FLAG
from muniment.api.texts import Reason


class FlagValue(Reason):
    """What a flag is to be."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"value": True, "reason": "Kafka is being moved"}]}
    )

    value: Annotated[bool, FLAG]
