"""What embeds everything with other models beside the live one, wired together."""

from functools import partial

from muniment.infra.bootstrap import Parts
from muniment.infra.outside import allowance
from muniment.producers.budget import PostgresBudget
from muniment.producers.clock import utc_now
from muniment.projections.chunks.known_vectors import KnownVectors
from muniment.schemas.topics import branched
from muniment.stream_apps.embedding.vectors import Vectors
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.migrating.following import Following
from muniment.stream_apps.migrating.step import Reembedding
from muniment.stream_apps.migrating.wanted import ReadModelWanted


def following(parts: Parts, ports: Ports, hosting: HostSettings) -> Following:
    """What runs a host for each model that is not the live one, in every process that runs the steps."""
    settler = Settler(parts.codec, parts.publisher, limits=hosting.retry, ports=ports)
    return Following(parts.operations, parts.models.first, partial(_reembedding, parts), settler, hosting)


def branches(parts: Parts) -> list[str]:
    """The names under which the work for each of these models is halted."""
    return [branched(Reembedding.name, model) for model in parts.operations.state.models.beside(parts.models.first)]


def _reembedding(parts: Parts, model: str) -> Reembedding:
    budget = PostgresBudget(parts.pool, allowance(parts.settings))
    return Reembedding(
        model,
        parts.models,
        Vectors(KnownVectors(parts.pool), budget, utc_now),
        ReadModelWanted(parts.pool),
        parts.codec,
        now=utc_now,
        timeout_s=parts.settings.embedding_timeout_s,
    )
