"""The names under which clients find a schema."""

from muniment.schemas.catalogue import declarations
from muniment.schemas.compatibility import Level
from muniment.schemas.event import DocumentEvent, event
from muniment.schemas.schema_ids import ids
from muniment.schemas.subjects import registered, subjects
from muniment.schemas.topics import DLQ, JOBS


def test_every_schema_has_its_three_names() -> None:
    """By topic and record, by record, and among all of its topic; and every dead letter may be any of them."""
    found = subjects(declarations())
    for declared in declarations():
        number = ids()[declared.key]
        full = f"muniment.{declared.name}"
        names = (f"{declared.topic.name}-{full}", full, f"{declared.topic.name}-value", f"{DLQ.name}-value")
        assert all(found[name].version_of(number) for name in names)
        assert found[names[0]].version_of(number) == found[names[1]].version_of(number) == declared.version


def test_versions_only_ever_grow(open_registry: None) -> None:
    """A new event moves no version of any subject: ids ascend, and a new one is the last."""
    before = subjects(declarations())

    @event(topic=JOBS)
    class Added(DocumentEvent):
        """A trial."""

    ids()["Added.v1"] = max(ids().values()) + 1
    after = subjects(declarations())
    for name, subject in before.items():
        assert after[name].schemas[: len(subject.schemas)] == subject.schemas
    assert [one.key for one in after["muniment.jobs-value"].schemas][-1] == "Added.v1"
    assert after.keys() - before.keys() == {"muniment.Added", "muniment.jobs-muniment.Added"}


def test_only_a_topics_own_subject_promises_nothing() -> None:
    """It holds different events as versions, so that they could not read each other."""
    levels = {name: subject.level for name, subject in subjects(declarations()).items()}
    assert {level for name, level in levels.items() if name.endswith("-value")} == {Level.NONE}
    assert {level for name, level in levels.items() if not name.endswith("-value")} == {Level.FULL_TRANSITIVE}


def test_schemas_come_in_the_order_of_their_ids() -> None:
    """Registries that count give the ids in the order in which they are filled."""
    numbers = [one.schema_id for one in registered(declarations())]
    assert numbers == sorted(numbers)
