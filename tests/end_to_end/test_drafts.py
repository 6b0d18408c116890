"""A draft on the whole stack as it comes: no model is set up, so it is an extract, and says so."""

import pytest
from support.desk_api import ProjectDesk
from support.stack import Api, Stack, until

from muniment.producers.writing.extractive import HEADS

HANDBOOK = (
    "Every employee of the lighthouse has 25 days of paid leave a year. Leave is granted by the keeper. "
    "Leave that is not taken by March lapses. The canteen opens at noon."
)
SECRET = "Paid leave at the lighthouse is 99 days for admirals."
BRIEF = "How many days of paid leave does an employee of the lighthouse have?"


@pytest.fixture(scope="module")
def desk(stack: Stack) -> ProjectDesk:
    """A project with a handbook; beside it a document that is not the project's."""
    api = stack.api()
    api.ended(api.submit(SECRET, "secret.txt"))
    return ProjectDesk(api, {"handbook.txt": HANDBOOK}, brief=BRIEF)


def test_a_draft_is_written_from_the_project_and_every_citation_leads_to_its_words(desk: ProjectDesk) -> None:
    """From the episode's brief, from the project's documents only, and each mark resolves to the text it quotes."""
    asked = desk.ask()
    job = desk.api.ended(asked)
    assert (job["kind"], job["state"], job["outcome"], job["step"]) == (
        "generate",
        "succeeded",
        "written",
        "generating",
    )
    ids = (job["document_id"], job["project_id"], job["episode_id"], job["draft_id"])
    assert ids == (None, desk.project_id, desk.episode_id, asked["draft_id"])
    until("the draft shows", lambda: desk.draft(asked)["state"] == "written")
    draft = desk.draft(asked)
    assert draft["text"].startswith(HEADS["en"])
    assert "25 days of paid leave" in draft["text"]
    assert "admirals" not in draft["text"]
    assert (draft["provider"], draft["model"]) == ("extractive", "extract-1")
    assert draft["citations"]
    for citation in draft["citations"]:
        assert citation["holds"], citation
        assert citation["document_id"] == desk.documents["handbook.txt"]
        passage = desk.api.get(f"/v1/drafts/{asked['draft_id']}/passages/{citation['number']}")
        assert HANDBOOK[citation["start"] : citation["end"]] == passage["text"]
        said = draft["text"][citation["said_from"] : citation["said_to"]].split(" [")[0]
        assert said in passage["text"]
    (listed,) = desk.api.get("/v1/jobs", kind="generate", project_id=desk.project_id)["items"]
    assert listed["job_id"] == asked["job_id"]


def test_a_brief_that_the_documents_know_nothing_of_is_refused(desk: ProjectDesk) -> None:
    """The job says why, and there is no text."""
    asked = desk.ask(brief="quantum chromodynamics of distant neutron stars")
    job = desk.api.ended(asked)
    assert (job["state"], job["error"]["code"]) == ("refused", "nothing_found")
    until("the draft shows", lambda: desk.draft(asked)["state"] == "refused")
    assert desk.draft(asked)["text"] is None


def test_a_job_of_a_draft_that_has_ended_cannot_be_cancelled(desk: ProjectDesk) -> None:
    """And a cancellation itself never can."""
    asked = desk.ask(language="ko")
    desk.api.ended(asked)
    answer = desk.api.ask("POST", f"/v1/jobs/{asked['job_id']}/cancel", json={"reason": "late"})
    assert (answer.status_code, answer.json()["code"]) == (409, "job_ended"), answer.text
    until("the draft shows", lambda: desk.draft(asked)["state"] == "written")
    assert desk.draft(asked)["text"].startswith(HEADS["ko"])


def test_what_a_person_makes_of_it_is_checked(desk: ProjectDesk) -> None:
    """A claim that its passage does not bear out is marked a moment later."""
    asked = desk.ask()
    desk.api.ended(asked)
    until("the draft shows", lambda: desk.draft(asked)["state"] == "written")
    text = "The lighthouse grants 25 days of paid leave. [1] It grants 77 days of sleep. [1]"
    revised = desk.api.ask("POST", f"/v1/drafts/{asked['draft_id']}/revise", json={"text": text}).json()
    checked = until("it is checked", lambda: (draft := desk.draft(revised))["checked"] and draft)
    assert [one["holds"] for one in checked["citations"]] == [True, False]


def test_a_draft_of_another_tenant_is_nobodys_business(desk: ProjectDesk, api: Api) -> None:
    """Neither draft nor job is there for others."""
    asked = desk.ask()
    assert api.status(f"/v1/drafts/{asked['draft_id']}") == 404
    assert api.status(f"/v1/jobs/{asked['job_id']}") == 404
    desk.api.ended(asked)
