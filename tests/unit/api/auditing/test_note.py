"""What a request is about, as far as its commands say it."""

from uuid import uuid4

import pytest

from muniment.api.auditing.note import Note
from muniment.schemas import example
from muniment.schemas.commands import DeleteDocument
from muniment.schemas.erasures import RequestErasure
from muniment.schemas.project_commands import ChangeProjectDocuments
from muniment.schemas.script_commands import GenerateDraft

ONE, OTHER = uuid4(), uuid4()


@pytest.mark.parametrize(
    ("command", "documents"),
    [
        (DeleteDocument(document_id=ONE, reason="by her"), [ONE]),
        (
            RequestErasure(
                erasure_id=uuid4(),
                subject=None,
                document_ids=(ONE, OTHER),
                reason="r",
                origin="request",
                confirmations=0,
            ),
            [ONE, OTHER],
        ),
        (ChangeProjectDocuments(project_id=uuid4(), added=(ONE,), removed=(OTHER,)), [ONE, OTHER]),
        (ChangeProjectDocuments(project_id=uuid4(), added=(), removed=(ONE,)), [ONE]),
    ],
)
def test_every_document_that_a_command_names_is_noted(command, documents):
    """Whoever asks what changed a document finds a request that names it among others, or for something else."""
    note = Note()
    note.asks(command)
    assert [one.document_id for one in note.documents] == documents


def test_a_draft_is_about_the_documents_that_it_keeps_to():
    """They are read for it."""
    command = example.example(GenerateDraft.declaration)
    note = Note()
    note.asks(command)
    assert [one.document_id for one in note.documents] == list(command.document_ids) != []
