"""What can be asked for about embedding models, and the limits of it."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from muniment.api.numbers import FLAG, NUMBER
from muniment.api.texts import NO_NUL, Reason
from muniment.schemas.embedding_models import EmbeddingModel, new_name

# A blank name is none.
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
Known = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=NO_NUL)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=NO_NUL)]
Prefix = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]
Address = Annotated[str, StringConstraints(max_length=300, pattern=r"^(https?://[!-~]+)?$")]
_STRICT = ConfigDict(extra="forbid")
_MODEL: dict[str, JsonValue] = {
    "model": "text-embedding-3-large",
    "dimensions": 1024,
    "ask_dimensions": True,
    "price_per_million_tokens": 0.13,
}


class ModelSettings(BaseModel):
    """A model and how it is asked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_MODEL]})

    model: Name = Field(description="What the endpoint calls it")
    dimensions: Annotated[int, Field(ge=1, le=4000, description="Length of its vectors"), NUMBER]
    base_url: Address = Field(default="", description="Another endpoint, which the settings have to name; else theirs")
    query_prefix: Prefix = Field(default="", description="Put before a question")
    passage_prefix: Prefix = Field(default="", description="Put before a chunk")
    ask_dimensions: Annotated[bool, FLAG] = Field(
        default=False, description="Send the length along: the model can shorten its vectors"
    )
    price_per_million_tokens: Annotated[float, Field(ge=0, le=1e6, description="US dollars"), NUMBER] = 0.0

    def as_model(self) -> EmbeddingModel:
        """The model as it would be called if it were the first of its name."""
        return EmbeddingModel(
            name=new_name(self.model, self.dimensions, ()),
            served_as=self.model,
            dimensions=self.dimensions,
            base_url=self.base_url,
            query_prefix=self.query_prefix,
            passage_prefix=self.passage_prefix,
            ask_dimensions=self.ask_dimensions,
            price_per_million_tokens=self.price_per_million_tokens,
        )


class Migration(ModelSettings, Reason):
    """A model that everything is to be embedded with, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{**_MODEL, "reason": "better in Korean, says the comparison"}]}
    )


class ChosenModel(Reason):
    """One of the models that are there, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"model": "text-embedding-3-large#1024", "reason": "finds more of the same"}]},
    )

    model: Known = Field(description="Its name here; or what the endpoint calls it, where that is one only")


class JudgedQuery(BaseModel):
    """A question, and what is known to answer it."""

    model_config = _STRICT

    q: Words
    relevant: list[UUID] = Field(default_factory=list, max_length=100, description="Documents that answer it, if known")


class ComparisonRequest(ChosenModel):
    """A model to be compared with the one that search reads, and questions to do it with."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "model": "text-embedding-3-large#1024",
                    "queries": [{"q": "how many days of leave"}],
                    "k": 10,
                    "reason": "before the switch",
                }
            ]
        },
    )

    queries: list[JudgedQuery] = Field(min_length=1, max_length=200)
    k: Annotated[int, Field(ge=1, le=50, description="How many hits of each are looked at"), NUMBER] = 10
