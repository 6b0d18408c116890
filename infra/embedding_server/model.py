"""The model itself: token ids to unit vectors under onnxruntime, in sub-batches of texts of like length."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from muniment.infra.embedding_server.convert import MODEL_FILE, TOKENIZER_FILE

MAX_TOKENS = 512
"""Tokens that the model can place, the two at the ends included."""
DIMENSIONS = 384
MODEL_NAME = "multilingual-e5-small"

SUB_BATCH_INPUTS = 8
SUB_BATCH_TOKENS = 1024
"""Padded tokens in one run: past this, larger runs are slower (measured) and hold up their neighbours longer."""
_PADDING = 1


def sub_batches(lengths: Sequence[int]) -> list[list[int]]:
    """Indices of the inputs in runs of like length, shortest first.

    A run has at most `SUB_BATCH_INPUTS` inputs and, unless it is a single input, `SUB_BATCH_TOKENS` padded tokens.
    """
    runs: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        # In rising order the newest input is the longest: it sets the padding of its run.
        run = runs[-1] if runs else None
        if run is None or len(run) == SUB_BATCH_INPUTS or (len(run) + 1) * lengths[index] > SUB_BATCH_TOKENS:
            runs.append([index])
        else:
            run.append(index)
    return runs


class Model:
    """A loaded model; `run` may be called from several threads at once."""

    def __init__(self, folder: Path) -> None:
        """Load from a folder that `convert` made. A run uses the calling thread alone."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, with the ends, however long."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    def run(self, inputs: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Unit vectors `[inputs, 384]` of one sub-batch of token ids, each at most `MAX_TOKENS` long."""
        longest = max(map(len, inputs))
        ids = np.full((len(inputs), longest), _PADDING, np.int64)
        mask = np.zeros((len(inputs), longest), np.int64)
        for row, tokens in enumerate(inputs):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        (vectors,) = self._session.run(["vectors"], {"ids": ids, "mask": mask})
        return np.asarray(vectors, np.float32)
