"""What a command line does directly is in the trail, before and after."""

from uuid import uuid4

import pytest

from muniment.infra.acting import Act, acting, entering
from muniment.infra.settings import Settings
from muniment.producers.trail.spool import orphans
from muniment.schemas.codec import decode


def entries(folder):
    """What lies in the spool, as (action, entity, outcome, actor)."""
    found = [decode(r, lambda _: None).event for one in orphans(folder) for r in one.records()]
    return [(e.action, e.entity, e.outcome, e.actor.partition(":")[0]) for e in found]


def test_an_act_is_entered_before_and_after(tmp_path):
    """What was found out meanwhile is in the second entry."""
    with entering(tmp_path, Act("key.create", "key", tenant="acme")) as act:
        assert len(list(tmp_path.iterdir())) == 1
        act.entity = "k1"
    assert entries(tmp_path) == [("key.create", "", "begun", "cli"), ("key.create", "k1", "done", "cli")]


def test_what_failed_is_told_as_failed(tmp_path):
    """The error goes on to whoever has to tell it."""
    with pytest.raises(ValueError, match="no such"), entering(tmp_path, Act("key.revoke", "key", "k1")):
        raise ValueError("no such key")
    assert [outcome for _, _, outcome, _ in entries(tmp_path)] == ["begun", "failed"]


def test_nothing_is_done_when_the_trail_cannot_be_written(tmp_path):
    """A folder that cannot be made is an error before the act, not after it."""
    (tmp_path / "trail").write_text("in the way")
    done = []
    with pytest.raises(OSError, match="trail"), entering(tmp_path / "trail", Act("key.create")):
        done.append(1)
    assert done == []


def test_entries_wait_for_the_next_process_when_no_broker_answers(tmp_path):
    """A command does not fail for it."""
    settings = Settings(home=tmp_path, kafka_bootstrap="127.0.0.1:1")
    with acting(settings, "topics.apply", kind="topic", reason="new ones"):
        pass
    assert [outcome for _, _, outcome, _ in entries(tmp_path / "trail")] == ["begun", "done"]


def test_what_is_done_to_a_tenant_is_in_its_own_trail_too(tmp_path):
    """From when it is known whom it is done to, with that tenant's documents alone; the house's entry has all."""
    one, other = uuid4(), uuid4()
    with entering(tmp_path, Act("log.decrypt", "export", "x", reason="asked for")) as act:
        act.touches("acme", [one])
        act.touches("brief", [other])
        act.touches("acme", [one])
        act.touches("muniment")
    found = [decode(r, lambda _: None) for file in orphans(tmp_path) for r in file.records()]
    told = [(e.meta.tenant, e.event.outcome, [d.document_id for d in e.event.documents]) for e in found]
    assert told == [
        ("muniment", "begun", []),
        ("acme", "begun", [one]),
        ("brief", "begun", [other]),
        ("acme", "done", [one]),
        ("brief", "done", [other]),
        ("muniment", "done", [one, other]),
    ]
    assert {(e.event.action, e.event.entity, e.event.reason) for e in found} == {("log.decrypt", "x", "asked for")}


def test_every_document_is_entered_before_it_is_shown(tmp_path):
    """Whoever is killed in between has shown nothing that is not on the trail; more than an entry holds are several."""
    many = [uuid4() for _ in range(250)]
    with entering(tmp_path, Act("log.decrypt", "export", "x")) as act:
        act.touches("acme", many[:1])
        act.touches("acme", many)
    found = [decode(r, lambda _: None) for file in orphans(tmp_path) for r in file.records()]
    begun = [e.event.documents for e in found if e.meta.tenant == "acme" and e.event.outcome == "begun"]
    assert [one.document_id for documents in begun for one in documents] == many


def test_what_was_done_to_a_tenant_and_failed_is_told_it_as_failed(tmp_path):
    """It may have been shown part of what was asked for."""

    def shown_and_broken():
        with entering(tmp_path, Act("log.decrypt")) as act:
            act.touches("acme")
            raise ValueError("no such topic")

    with pytest.raises(ValueError, match="no such"):
        shown_and_broken()
    assert [outcome for _, _, outcome, _ in entries(tmp_path)] == ["begun", "begun", "failed", "failed"]
