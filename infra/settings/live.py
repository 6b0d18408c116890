"""Live streams and channels, and how many there may be."""

from pydantic import BaseModel, Field


class Live(BaseModel):
    """Live streams and channels."""

    streams_per_key: int = Field(
        default=1000, ge=1, description="Most live streams that one key may have open at one API process (streams)."
    )
    streams_max: int = Field(
        default=10_000, ge=1, description="Most live streams that one API process serves at once (streams)."
    )
    live_per_key: int = Field(
        default=1000, ge=1, description="Most live channels that one key may have open at one API process (channels)."
    )
    live_max: int = Field(
        default=10_000, ge=1, description="Most live channels that one API process serves at once (channels)."
    )
    live_messages_per_second: float = Field(
        default=100.0,
        gt=0,
        description="Messages that one key may send over its live channels at one API process (messages a second).",
    )
    live_prefetch: bool = Field(
        default=True, description="Search for what is typed before it is asked, once typing pauses (true or false)."
    )
    remember_questions: bool = Field(
        default=False,
        description="Remember the questions of a tenant, without who asked, to suggest them (true or false).",
    )
