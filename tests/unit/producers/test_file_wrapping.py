"""The local key ring file in a process that runs: what is wrong with it is waited for, and nothing is made anew."""

from pathlib import Path

import pytest

from muniment.producers import wrapping as wrapping_module
from muniment.producers.key_file import KeyFile, load, read, rotate
from muniment.producers.wrapping import FileWrapping
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

SECRET = bytes(32)


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return [one.name for one in folder.iterdir()]


async def refused(held: FileWrapping) -> None:
    """Everything that needs the file waits for it."""
    for asked in (
        held.wrap(SECRET, aad=b"x"),
        held.current(),
        held.unwrap("kek-another", SECRET, aad=b"x"),
    ):
        with pytest.raises(StepFailure) as error:
            await asked
        assert error.value.code is ErrorCode.KEY_RING_UNUSABLE


async def test_a_file_that_is_gone_is_waited_for_and_never_made_anew(tmp_path: Path) -> None:
    """No new file takes its place; what is in memory still opens, and once it is back all goes on."""
    path = tmp_path / "ring.json"
    held = FileWrapping(load(path), path)
    name, wrapped = await held.wrap(SECRET, aad=b"x")
    text = path.read_text()
    path.unlink()
    await refused(held)
    assert names(tmp_path) == []
    assert await held.unwrap(name, wrapped, aad=b"x") == SECRET
    path.write_text(text)
    assert (await held.wrap(SECRET, aad=b"x"))[0] == await held.current() == name


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"current": "a", "keys": []}', '{"current": "a", "keys": {}}'])
async def test_a_file_that_cannot_be_read_is_waited_for(tmp_path: Path, text: str) -> None:
    """Cut short or another file altogether: `key_ring_unusable`, and what was in memory is kept."""
    path = tmp_path / "ring.json"
    held = FileWrapping(load(path), path)
    name, wrapped = await held.wrap(SECRET, aad=b"x")
    path.write_text(text)
    await refused(held)
    assert path.read_text() == text
    assert await held.unwrap(name, wrapped, aad=b"x") == SECRET


@pytest.mark.parametrize("change", ["rotate", "read"])
def test_no_change_of_a_file_makes_one(tmp_path: Path, change: str) -> None:
    """Where there is none, a rotation is refused, too: it would be a file with new keys only."""
    with pytest.raises(StepFailure):
        {"rotate": rotate, "read": read}[change](tmp_path / "ring.json")
    assert names(tmp_path) == []


async def test_a_rotation_while_the_file_is_read_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrapped by the old key after it: the next wrapping reads again."""
    path = tmp_path / "ring.json"
    held = FileWrapping(load(path), path)

    def late(place: Path) -> KeyFile:
        found = read(place)
        monkeypatch.undo()
        rotate(place)
        return found

    monkeypatch.setattr(wrapping_module, "read", late)
    await held.current()
    assert (await held.wrap(SECRET, aad=b"x"))[0] == read(path).current
