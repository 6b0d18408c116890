"""How requests are answered."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from muniment.infra.settings.words import Words


def _networks(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words, each an address or a network; everybody is none, as then anybody could say to be anyone."""
    for word in words:
        if not ip_network(word).prefixlen:
            raise ValueError(f"{word} is everybody")
    return words


class Requests(BaseModel):
    """Requests."""

    trusted_proxies: Annotated[Words, AfterValidator(_networks)] = Field(
        default=(),
        description="Proxies that say who asked, and whether by https, in `X-Forwarded-For` and `X-Forwarded-Proto` "
        "(addresses and networks, by commas). Nobody is believed when unset: whoever connects has asked.",
    )
    idempotency_keep_s: float = Field(
        default=24 * 3600.0,
        gt=0,
        description="How long the answer to a request with an Idempotency-Key is kept (seconds).",
    )
    idempotency_required: bool = Field(
        default=False, description="Refuse changes that come without an Idempotency-Key (true or false)."
    )
    question_timeout_s: float = Field(
        default=5.0, gt=0, description="How long a search waits for the vector of its question (seconds)."
    )
    read_wait_s: float = Field(
        default=5.0,
        gt=0,
        le=30,
        description="How long a read that names a position, and a change that answers with its decision, wait for the "
        "read model when the request does not say (seconds).",
    )
    registry_needs_key: bool = Field(
        default=False,
        description="Answer questions about schemas, under `/registry`, only to holders of an API key (true or false).",
    )
    schema_registry_url: SecretStr | None = Field(
        default=None,
        description="Schema Registry outside that is to hold the schemas, too, with or without user and password "
        "(http:// or https:// address). `muniment up` and `muniment schemas register` fill it.",
    )
