"""A project with documents and an episode, over HTTP, and drafts asked for in it."""

from typing import Any

from support.stack import Api


class ProjectDesk:
    """One project of a caller, with one episode."""

    def __init__(self, api: Api, documents: dict[str, str], brief: str = "") -> None:
        self.api = api
        self.project_id = self._made("POST", "/v1/projects", json={"title": "Onboarding"})["project_id"]
        place = f"/v1/projects/{self.project_id}"
        self.episode_id = self._made("POST", f"{place}/episodes", json={"title": "Leave", "brief": brief})["episode_id"]
        self.documents = {name: self._taken_in(name, text) for name, text in documents.items()}
        self._made("POST", f"{place}/documents", json={"add": list(self.documents.values())})

    def ask(self, **what: Any) -> dict[str, Any]:
        """A draft is asked for; what was acknowledged."""
        place = f"/v1/projects/{self.project_id}/episodes/{self.episode_id}/drafts"
        return self._made("POST", place, json=what)

    def draft(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The draft as it is read."""
        return self.api.get(f"/v1/drafts/{asked['draft_id']}")

    def _taken_in(self, name: str, text: str) -> str:
        done = self.api.submit(text, name)
        ended = self.api.ended(done)
        assert ended["state"] == "succeeded", ended
        # The read model of jobs may be ahead of the one that says which documents there are.
        self.api.get(f"/v1/documents/{done['document_id']}", done["position"])
        return str(done["document_id"])

    def _made(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        answer = self.api.ask(method, path, **how)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made
