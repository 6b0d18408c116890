"""Who opens what, for what encryption costs."""

from muniment.infra.bench.encryption import readers


def test_the_large_events_are_opened_by_who_uses_them() -> None:
    """Texts by the step that embeds and the one read model that shows them; nobody opens what nobody reads."""
    opened = readers()
    assert opened["ChunksPrepared"] >= 2
    assert opened["ChunksEmbedded"] >= 2
    assert opened["NoSuchEvent"] == 0
