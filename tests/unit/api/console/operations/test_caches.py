"""What the layers of the cache were worth."""

from muniment.api.console.operations.caches import Layer, layers


def test_looks_are_put_together_by_kind_and_layer():
    """Whatever came of a look counts as one; the share is of a hundred, and of no looks it is none."""
    counted = [
        ("search", "memory", "hit", 3.0),
        ("search", "memory", "miss", 1.0),
        ("search", "shared", "away", 2.0),
        ("search", "shared", "hit", 0.0),
    ]
    memory, shared = layers(counted)
    assert (memory, memory.share) == (Layer("search", "memory", 4, 3), 75)
    assert (shared, shared.share) == (Layer("search", "shared", 2, 0), 0)
    assert Layer("search", "memory", 0, 0).share == 0
    assert layers([]) == []
