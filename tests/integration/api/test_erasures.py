"""Erasures against the API on real parts: asked for, looked at, agreed to by somebody else."""

from uuid import uuid4

from served_api import Served


def test_who_asks_cannot_confirm(served: Served) -> None:
    """The request waits for somebody else; the one who asked is told so, and may take it back."""
    with served.client() as api, served.client(served.theirs) as other:
        taken = api.post("/v1/erasures", json={"subject": "person-1", "reason": "asked by letter"})
        assert taken.status_code == 202, taken.text
        position = {"Muniment-Position": taken.headers["muniment-position"]}
        found = api.get(taken.headers["location"], headers=position).json()
        assert (found["status"], found["needs_confirmation"], found["stores"]) == ("requested", True, [])
        assert "person-1" not in str(found)
        path = f"/v1/erasures/{found['erasure_id']}"
        refused = api.post(f"{path}/confirm", json={"reason": "myself"})
        assert (refused.status_code, refused.json()["code"]) == (409, "confirmed_by_requester")
        receipt = api.get(f"{path}/receipt")
        assert (receipt.status_code, receipt.json()["code"]) == (409, "erasure_not_completed")
        assert other.get(path).status_code == 404
        assert other.post(f"{path}/confirm", json={"reason": "not mine"}).status_code == 404
        rejected = api.post(f"{path}/reject", json={"reason": "a mistake"})
        position = {"Muniment-Position": rejected.headers["muniment-position"]}
        assert api.get(path, headers=position).json()["status"] == "rejected"
        late = api.post(f"{path}/confirm", json={"reason": "too late"})
        assert (late.status_code, late.json()["code"]) == (409, "erasure_decided")
        assert found["erasure_id"] in {one["erasure_id"] for one in api.get("/v1/erasures").json()["items"]}


def test_what_names_nothing_is_refused(served: Served) -> None:
    """Neither a person nor a document: nothing goes to the log."""
    with served.client() as api:
        for body in ({"reason": "x"}, {"reason": "x", "document_ids": []}, {"document_ids": [str(uuid4())]}):
            assert api.post("/v1/erasures", json=body).status_code == 422


def test_all_that_is_held_about_a_person_is_exported(served: Served) -> None:
    """Their documents with text, names and jobs, and nobody else's; another tenant finds nothing under that name."""
    with served.client() as api, served.client(served.theirs) as other:
        person = f"person-{uuid4()}"
        mine = api.post("/v1/documents", json={"text": "about me", "title": "Mine", "subject": person}).json()
        api.post("/v1/documents", json={"text": "about somebody else", "title": "Other"})
        for path in (f"/v1/documents/{mine['document_id']}", f"/v1/jobs/{mine['job_id']}"):
            assert api.get(path, headers={"Muniment-Position": mine["position"]}).status_code == 200
        answer = api.get(f"/v1/subjects/{person}/export")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/zip"
        import io
        import json
        import zipfile

        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            told = json.loads(archive.read("export.json"))
            [document] = told["documents"]
            assert (document["document"]["title"], document["document"]["document_id"]) == ("Mine", mine["document_id"])
            assert [job["job_id"] for job in document["jobs"]] == [mine["job_id"]]
            assert [event["event"] for event in document["events"]][:2] == ["SubmitDocument.v1", "DocumentSubmitted.v1"]
            name = document["versions"][0]["content"]
            assert archive.read(name) == b"about me"
        assert other.get(f"/v1/subjects/{person}/export").status_code == 404
