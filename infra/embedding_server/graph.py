"""Writes the encoder as an ONNX graph: token ids and mask in, unit vectors out.

The word embedding rows stay as the exact 4-bit values with their scales (one byte each) and are dequantised
after the look-up; the matrices are float32 here and become int8 in `convert`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

from muniment.infra.embedding_server.weights import BLOCK, Weights

OPSET = 20
"""The first with Gelu of its own."""


class _Graph:
    """Collects nodes and constants under names of their own."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def linear(self, source: str, weight: NDArray[np.float32], bias: NDArray[np.float32], name: str) -> str:
        product = self.node("MatMul", [source, self.constant(name + ".w", weight)], name + ".product")
        return self.node("Add", [product, self.constant(name + ".b", bias)], name)

    def normalised(self, source: str, weights: Weights, name: str) -> str:
        scale = self.constant(name + ".w", weights.floats[name + ".w"])
        shift = self.constant(name + ".b", weights.floats[name + ".b"])
        epsilon = weights.sizes.epsilon
        return self.node("LayerNormalization", [source, scale, shift], name, axis=-1, epsilon=epsilon)


def build(weights: Weights) -> ModelProto:
    """The whole encoder with inputs `ids`, `mask` `[batch, tokens]` and the output `vectors` `[batch, hidden]`."""
    graph = _Graph()
    hidden = _embedded(graph, weights)
    # Contrib attention takes the mask as int32: 1 keeps a token.
    graph.node("Cast", ["mask"], "mask32", to=TensorProto.INT32)
    for layer in range(weights.sizes.layers):
        hidden = _layer(graph, weights, layer, hidden)
    _pooled(graph, hidden)
    shape = ["batch", "tokens"]
    proto = helper.make_graph(
        graph.nodes,
        "multilingual-e5-small",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("ids", "mask")],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["batch", weights.sizes.hidden])],
        graph.constants,
    )
    domains = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(proto, opset_imports=domains, ir_version=10)


def _embedded(graph: _Graph, weights: Weights) -> str:
    word, hidden = weights.four_bit["emb.word"], weights.sizes.hidden
    values = graph.node("Gather", [graph.constant("word.values", word.values), "ids"], "word.row")
    scales = graph.node("Gather", [graph.constant("word.scales", word.scales), "ids"], "word.scale")
    values = graph.node("Cast", [values], "word.row32", to=TensorProto.FLOAT)
    scales = graph.node("Cast", [scales], "word.scale32", to=TensorProto.FLOAT)
    blocks = graph.constant("word.blocks", np.array([0, 0, hidden // BLOCK, BLOCK], np.int64))
    values = graph.node("Reshape", [values, blocks], "word.blocked")
    scales = graph.node("Unsqueeze", [scales, graph.constant("last", np.array([-1], np.int64))], "word.scaling")
    scaled = graph.node("Mul", [values, scales], "word.scaled")
    flat = graph.constant("word.flat", np.array([0, 0, hidden], np.int64))
    words = graph.node("Reshape", [scaled, flat], "word")

    # Token type 0 is the only one in use: its row is added to every position once, here.
    positions = weights.floats["emb.pos"].reshape(-1, hidden) + weights.floats["emb.type"][:hidden]
    ends = graph.node("Shape", ["ids"], "length", start=1, end=2)
    start = graph.constant("zero", np.array([0], np.int64))
    table = graph.constant("positions", positions)
    placed = graph.node("Slice", [table, start, ends, start], "position")
    summed = graph.node("Add", [words, placed], "embedded")
    return graph.normalised(summed, weights, "emb.ln")


def _layer(graph: _Graph, weights: Weights, layer: int, source: str) -> str:
    def named(part: str) -> str:
        return f"l{layer}.{part}"

    # One product for query, key and value: their input is quantised once instead of three times.
    joint = np.concatenate([weights.matrix(named(f"{part}.w")) for part in "qkv"], axis=1)
    biases = np.concatenate([weights.floats[named(f"{part}.b")] for part in "qkv"])
    projected = graph.linear(source, joint, biases, named("qkv"))
    parts = [named(f"{part}.split") for part in "qkv"]
    graph.nodes.append(helper.make_node("Split", [projected], parts, name=named("split"), axis=-1, num_outputs=3))
    attended = graph.node(
        "MultiHeadAttention",
        [*parts, "", "mask32"],
        named("attended"),
        domain="com.microsoft",
        num_heads=weights.sizes.heads,
    )
    out = graph.linear(attended, weights.matrix(named("ao.w")), weights.floats[named("ao.b")], named("ao"))
    kept = graph.normalised(graph.node("Add", [source, out], named("kept")), weights, named("aln"))
    wide = graph.linear(kept, weights.matrix(named("fi.w")), weights.floats[named("fi.b")], named("fi"))
    bent = graph.node("Gelu", [wide], named("gelu"))
    narrow = graph.linear(bent, weights.matrix(named("fo.w")), weights.floats[named("fo.b")], named("fo"))
    return graph.normalised(graph.node("Add", [kept, narrow], named("sum")), weights, named("oln"))


def _pooled(graph: _Graph, hidden: str) -> None:
    """Mean over the real tokens, then unit length."""
    last, middle = "last", graph.constant("middle", np.array([1], np.int64))
    mask = graph.node("Cast", ["mask"], "mask.float", to=TensorProto.FLOAT)
    mask = graph.node("Unsqueeze", [mask, last], "mask.column")
    kept = graph.node("Mul", [hidden, mask], "kept")
    total = graph.node("ReduceSum", [kept, middle], "total", keepdims=0)
    count = graph.node("ReduceSum", [mask, middle], "count", keepdims=0)
    mean = graph.node("Div", [total, count], "mean")
    graph.node("LpNormalization", [mean], "vectors", axis=-1, p=2)
