"""A new version takes the place of the old at one moment; what did not change costs nothing; deletion is whole."""

import threading
import time
from pathlib import Path

from support.files import files_below
from support.formats import pdf
from support.stack import Api, Stack, until

PARAGRAPHS = [f"## Part {n}\n\n" + f"Part {n} speaks of matter number {n} at some length. " * 25 for n in range(12)]


def text_of(*changes: tuple[int, str]) -> str:
    """Twelve parts of one chunk or more each, some of them replaced."""
    parts = list(PARAGRAPHS)
    for place, text in changes:
        parts[place] = f"## Part {place}\n\n{text}"
    return "# Title\n\n" + "\n\n".join(parts) + "\n"


def stored_blobs(stack: Stack, tenant: str) -> set[Path]:
    """The files of a tenant in the blob store."""
    return set(files_below(stack.home / "blobs" / tenant))


class Watch(threading.Thread):
    """Searches one document all the while and keeps every different set of versions that an answer had."""

    def __init__(self, api: Api, document_id: str) -> None:
        super().__init__(daemon=True)
        self._api, self._document_id = api, document_id
        self._stop_asked = threading.Event()
        self.seen: list[tuple[frozenset[int], int]] = []
        self.answers = 0

    def run(self) -> None:
        """Search until asked to end."""
        while not self._stop_asked.wait(0.01):
            mode = ("text", "vector", "hybrid")[self.answers % 3]
            hits = self._api.search("matter", mode=mode, k=100, document_ids=[self._document_id])
            self.answers += 1
            now = (frozenset(hit["version"] for hit in hits), len(hits) if mode == "vector" else -1)
            if now not in self.seen:
                self.seen.append(now)

    def end(self) -> None:
        """Stop searching."""
        self._stop_asked.set()
        self.join(30)


def test_a_new_version_replaces_the_old_at_one_moment(stack: Stack, api: Api) -> None:
    """While searches go on, each answer has the old version or the new one, whole: never both, never neither."""
    done = api.indexed(text_of(), "handbook.md")
    watch = Watch(stack.api(api.tenant), done["document_id"])
    watch.start()
    until("the first answers", lambda: watch.answers > 5, 60)
    for version in (2, 3):
        again = api.submit(
            text_of((version, f"All new in {version}: the matter is closed. " * 30)),
            "handbook.md",
            document_id=done["document_id"],
        )
        assert api.ended(again)["outcome"] == "indexed"
        until("search sees it", lambda v=version: any(vs == {v} for vs, _ in watch.seen), 60)
    watch.end()
    assert {vs for vs, _ in watch.seen} == {frozenset({1}), frozenset({2}), frozenset({3})}, watch.seen
    whole = {min(vs): count for vs, count in watch.seen if count >= 0}
    assert len([one for one in watch.seen if one[1] >= 0]) == len(whole), f"half a version was seen: {watch.seen}"
    document = api.get(f"/v1/documents/{done['document_id']}")
    assert (document["active_version"], document["latest_version"]) == (3, 3)


def test_only_changed_chunks_are_embedded(stack: Stack, api: Api) -> None:
    """A version with one part changed embeds that part; other documents with the same parts embed nothing."""
    done = api.indexed(text_of(), "first.md")
    all_inputs = stack.endpoint.calls()["inputs"]
    assert all_inputs >= len(PARAGRAPHS)
    stack.endpoint.reset()
    changed = text_of((5, "Quite another matter. " * 30))
    # Not `indexed`: it asks search, and the endpoint would count the question.
    again = api.submit(changed, "first.md", document_id=done["document_id"])
    assert api.ended(again)["outcome"] == "indexed"
    assert 1 <= stack.endpoint.calls()["inputs"] <= 4, "the changed part and what overlaps with it"
    stack.endpoint.reset()
    job = api.ended(api.submit(changed, "a copy.md"))
    assert job["outcome"] == "indexed"
    assert stack.endpoint.calls()["inputs"] == 0
    assert job["tokens"] == 0


def test_an_unchanged_document_is_no_new_version(stack: Stack, api: Api) -> None:
    """The same bytes under the same name: the job says so, nothing is called, no version is made."""
    done = api.indexed(text_of(), "same.md")
    stack.endpoint.reset()
    again = api.submit(text_of(), "same.md", document_id=done["document_id"])
    job = api.ended(again)
    assert (job["state"], job["outcome"]) == ("succeeded", "unchanged")
    assert stack.endpoint.calls()["requests"] == 0
    assert len(api.get(f"/v1/documents/{done['document_id']}/versions")["items"]) == 1


def test_a_refused_new_version_leaves_the_old_one(stack: Stack, api: Api) -> None:
    """Search, content and status stay with the version that is good; the versions say what became of the other."""
    done = api.indexed("The kestrelstone is kept in the attic.", "stones.txt")
    broken = pdf(["x"])[:200]
    job = api.ended(api.submit(broken, "stones.txt", document_id=done["document_id"]))
    assert job["state"] == "refused", job
    (hit,) = api.search("kestrelstone", mode="text")
    assert hit["version"] == 1
    document = api.get(f"/v1/documents/{done['document_id']}")
    assert (document["status"], document["active_version"], document["latest_version"]) == ("indexed", 1, 2)
    assert b"kestrelstone" in api.http.get(f"/v1/documents/{done['document_id']}/content").content
    newest, oldest = api.get(f"/v1/documents/{done['document_id']}/versions")["items"]
    assert (newest["status"], newest["active"], oldest["active"]) == ("refused", False, True)


def test_a_failed_new_version_leaves_the_old_one_and_the_next_one_works(stack: Stack, api: Api) -> None:
    """A version whose text the provider rejects ends as a dead letter; the old one stays until one comes through."""
    done = api.indexed("The kestrelstone is kept in the attic.", "stones.txt")
    stack.endpoint.misbehave({"kind": "status", "status": 400, "times": 20})
    job = api.ended(api.submit("A rejected kestrelstone.", "stones.txt", document_id=done["document_id"]))
    assert job["state"] == "failed", job
    stack.endpoint.reset()
    (hit,) = api.search("kestrelstone", mode="text")
    assert (hit["version"], hit["text"]) == (1, "The kestrelstone is kept in the attic.")
    assert api.get(f"/v1/documents/{done['document_id']}")["status"] == "indexed"
    api.indexed("The kestrelstone went to the cellar.", "stones.txt", document_id=done["document_id"])
    (hit,) = api.search("kestrelstone", mode="text")
    assert hit["text"] == "The kestrelstone went to the cellar."


def test_deletion_takes_everything_along(stack: Stack, api: Api) -> None:
    """Search, documents, versions, content, chunk rows and stored bytes go; a blob that another document has stays."""
    shared = "Both documents say heliotropeowl."
    first, second = api.indexed(shared, "one.txt"), api.indexed(shared, "two.txt")
    api.indexed("A second version of it, heliotropeowl.", "one.txt", document_id=first["document_id"])
    assert len(api.search("heliotropeowl", mode="text")) == 2
    before = stored_blobs(stack, api.tenant)
    gone = api.delete(first["document_id"])
    assert api.ended(gone)["outcome"] == "deleted"
    address = f"/v1/documents/{first['document_id']}"
    assert [
        api.status(address, gone["position"]),
        api.status(f"{address}/content"),
        api.status(f"{address}/versions"),
    ] == [404] * 3
    until("search forgets it", lambda: len(api.search("heliotropeowl", mode="text")) == 1)
    assert api.search("heliotropeowl", mode="text")[0]["document_id"] == second["document_id"]
    assert [d["document_id"] for d in api.get("/v1/documents")["items"]] == [second["document_id"]]
    assert api.http.get(f"/v1/documents/{second['document_id']}/content").content == shared.encode()
    until("its own blobs go", lambda: len(stored_blobs(stack, api.tenant)) < len(before), 60)
    until("only the other's are left", lambda: len(stored_blobs(stack, api.tenant)) == 2, 60)

    assert api.ended(api.delete(second["document_id"]))["outcome"] == "deleted"
    until("all blobs are gone", lambda: not stored_blobs(stack, api.tenant), 60)
    claims = "select * from muniment_claims.claims where tenant = $1"
    until("nothing is claimed", lambda: not stack.rows(claims, api.tenant))
    left = "select * from read.documents where tenant = $1 and status <> 'deleted'"
    assert stack.rows(left, api.tenant) == []


def test_deleting_what_is_not_there_is_told_so(api: Api) -> None:
    """Twice, or never there: 404 by the read model, which the position token makes see the first deletion."""
    done = api.indexed("Short lived.", "brief.txt")
    gone = api.delete(done["document_id"])
    seen = {"Muniment-Position": gone["position"]}
    answer = api.ask("DELETE", f"/v1/documents/{done['document_id']}", headers=seen)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_deleted_document_can_be_submitted_again(stack: Stack, api: Api) -> None:
    """The same bytes under the same id: a new version that is found, and not `unchanged`."""
    done = api.indexed("The opalfinch returns.", "bird.txt")
    assert api.ended(api.delete(done["document_id"]))["outcome"] == "deleted"
    again = api.submit("The opalfinch returns.", "bird.txt", document_id=done["document_id"])
    job = api.ended(again)
    assert (job["outcome"], job["version"]) == ("indexed", 2), job
    until("search sees it", lambda: api.search("opalfinch", mode="text"), 60)
    assert [d["active_version"] for d in api.get("/v1/documents")["items"]] == [2]
    assert b"opalfinch" in api.http.get(f"/v1/documents/{done['document_id']}/content").content


def test_a_deletion_that_overtakes_the_work_leaves_nothing(stack: Stack, api: Api) -> None:
    """Deleted right after it was submitted, at any point of its way: nothing of it is ever to be seen afterwards."""
    gone = []
    for place in range(8):
        done = api.submit(f"A peridotcrow number {place}. " * 200, f"crow-{place}.txt")
        time.sleep(place * 0.06)
        gone.append((done, api.delete(done["document_id"], done["position"])))
    for done, deletion in gone:
        assert api.ended(deletion)["outcome"] == "deleted"
        assert api.ended(done)["ended"]
    until("all blobs are gone", lambda: not stored_blobs(stack, api.tenant))
    time.sleep(1)
    for mode in ("text", "vector", "hybrid"):
        assert api.search("peridotcrow", mode=mode) == []
    assert api.get("/v1/documents")["items"] == []
    assert api.get("/v1/dead-letters")["items"] == []
    assert stored_blobs(stack, api.tenant) == set()
