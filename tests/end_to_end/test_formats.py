"""Documents of every format go in and are found where they say it."""

import pytest
from support.formats import MAIL, Sample, samples
from support.stack import Api, Stack

SAMPLES = {sample.name: sample for sample in samples()}


@pytest.fixture(scope="module")
def shelf(stack: Stack) -> tuple[Api, dict[str, dict[str, str]]]:
    """All samples, indexed for one tenant."""
    caller = stack.api()
    done = {name: caller.submit(sample.data, name) for name, sample in SAMPLES.items()}
    for name, accepted in done.items():
        job = caller.ended(accepted)
        assert job["outcome"] == "indexed", (name, job)
    return caller, done


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_every_format_is_found_at_its_page_and_heading(
    shelf: tuple[Api, dict[str, dict[str, str]]], sample: Sample
) -> None:
    """The one word that only this document has leads to it, its type, its page or heading."""
    api, done = shelf
    hits = api.search(sample.word, mode="text")
    assert [hit["document_id"] for hit in hits[:1]] == [done[sample.name]["document_id"]]
    hit = hits[0]
    assert (hit["file_name"], hit["media_type"]) == (sample.name, sample.media_type)
    assert sample.word in hit["text"]
    assert hit["page"] == sample.page
    if sample.heading:
        assert hit["heading"].endswith(sample.heading), hit["heading"]
    shown = [hit["text"][mark["start"] : mark["end"]] for mark in hit["highlights"]]
    assert any(sample.word in one or one in sample.word for one in shown), shown


@pytest.mark.parametrize("name", [n for n, s in SAMPLES.items() if s.text is not None])
def test_offsets_point_at_the_text(shelf: tuple[Api, dict[str, dict[str, str]]], name: str) -> None:
    """Where nothing was scrubbed, the original between a chunk's offsets is the chunk; together they cover it all."""
    api, done = shelf
    original = SAMPLES[name].text
    assert original is not None
    hits = api.search("the", mode="vector", k=100, document_ids=[done[name]["document_id"]])
    assert len(hits) > 1, "the sample is meant to have several chunks"
    for hit in hits:
        assert original[hit["start"] : hit["end"]] == hit["text"]
    covered = {place for hit in hits for place in range(hit["start"], hit["end"])}
    missed = "".join(original[place] for place in range(len(original)) if place not in covered)
    assert not missed.strip(), missed[:100]


def test_content_comes_back_byte_for_byte(shelf: tuple[Api, dict[str, dict[str, str]]]) -> None:
    """What is downloaded is what was uploaded, whatever the format."""
    api, done = shelf
    for name, sample in SAMPLES.items():
        answer = api.http.get(f"/v1/documents/{done[name]['document_id']}/content")
        assert answer.content == sample.data, name


def test_scrubbed_chunks_lead_back_into_the_original(api: Api) -> None:
    """Personal data is gone from what readers see, and offsets still span the place where it stood."""
    before, after = "Before it a samovarwest. ", " After it a samovareast."
    text = f"{before}Write to {MAIL} or 900101-1234567.{after}"
    done = api.indexed(text, "letter.txt")
    (hit,) = api.search("samovarwest", mode="text")
    assert MAIL not in hit["text"]
    assert "1234567" not in hit["text"]
    assert hit["text"].startswith(before)
    assert hit["text"].endswith(after)
    assert text[hit["start"] : hit["end"]] == text
    version = api.get(f"/v1/documents/{done['document_id']}/versions")["items"][0]
    assert version["findings"].get("email") == 1, version["findings"]
    assert sum(version["findings"].values()) == 2, version["findings"]
