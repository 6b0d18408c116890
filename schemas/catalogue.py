"""Every event module, imported once, so that the registry is whole. A new module is one line here."""

from muniment.schemas import (
    audit,
    checkpoints,
    chunks,
    commands,
    documents,
    embedding_models,
    embeddings,
    erasures,
    jobs,
    operation_commands,
    operations,
    project_commands,
    projects,
    replays,
    script_commands,
    script_costs,
    scripts,
)
from muniment.schemas.event import REGISTRY, Declaration

MODULES = (
    commands,
    documents,
    chunks,
    embeddings,
    erasures,
    jobs,
    operation_commands,
    operations,
    audit,
    checkpoints,
    embedding_models,
    replays,
    project_commands,
    projects,
    script_commands,
    script_costs,
    scripts,
)


def declarations() -> tuple[Declaration, ...]:
    """Every declared version of every command and event, in the order of declaration."""
    return tuple(REGISTRY.values())
