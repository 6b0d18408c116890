"""Graphs of what was made of what: as a drawing and as a list."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from muniment.api.console.audit.lineage.graph import HEIGHT, WIDTH, Graph, Node, drawn

KINDS = ("upload", "version", "batch", "chunk")


def node(kind: str, *ref: object) -> Node:
    return Node(kind, ref, str(ref))


@st.composite
def graphs(draw):
    """Some nodes a kind, each made of one or two of the kind before."""
    graph = Graph("")
    before = []
    for kind in KINDS[: draw(st.integers(1, len(KINDS)))]:
        nodes = [node(kind, number) for number in range(draw(st.integers(1, 6)))]
        for one in nodes:
            graph.add(one)
            for origin in draw(st.lists(st.sampled_from(before), min_size=1, max_size=2)) if before else []:
                graph.add(one, origin=origin)
        before = nodes
    return graph


@given(graphs())
def test_every_node_stands_alone_and_every_edge_leads_on(graph):
    """No two boxes lie over each other, all lie on the drawing, and lines go from left to right only."""
    drawing = drawn(graph, KINDS)
    assert {box.node.key for box in drawing.boxes} == set(graph.nodes)
    for box in drawing.boxes:
        assert box.x + WIDTH <= drawing.width
        assert box.y + HEIGHT <= drawing.height
        others = [o for o in drawing.boxes if o is not box]
        assert all(abs(o.x - box.x) >= WIDTH or abs(o.y - box.y) >= HEIGHT for o in others)
    at = {box.node.key: box.x for box in drawing.boxes}
    assert all(at[first] < at[then] for first, then in graph.edges)
    assert len(drawing.lines) == len(graph.edges)


@given(graphs())
def test_the_list_says_what_the_drawing_says(graph):
    """Every node once, and each one deeper than something that it came from."""
    told = list(graph.told())
    assert sorted(one.key for _, one in told) == sorted(graph.nodes)
    depths = {one.key: depth for depth, one in told}
    for depth, one in told:
        origins = graph.origins(one.key)
        assert (depth == 0) == (not origins)
        assert not origins or depth - 1 in {depths[o.key] for o in origins}


def test_passages_are_told_in_the_order_of_their_numbers():
    """The tenth comes after the second."""
    graph, batch = Graph(""), node("batch", uuid4(), 1, 0)
    for number in (10, 2, 1):
        graph.add(node("chunk", batch.ref[0], 1, number), origin=batch)
    assert [one.ref[2] for one in graph.results(batch.key)] == [1, 2, 10]
