"""The store of the keys that open the log: `muniment keys rotate-kek`, `drop-kek`, `backup`, `restore`, `give-up`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import typer

from muniment.infra.cli.ordering import said

T = TypeVar("T")
_SHOWN = 20
"""So many lost keys are named, the longest in use first."""
Passphrase = typer.Option(..., "--passphrase-file", "-p", help="File that holds the passphrase of the backup.")


def register(keys: typer.Typer) -> None:
    """Add the commands to those of `muniment keys`."""
    keys.command("rotate-kek")(rotate_kek)
    keys.command("drop-kek")(drop_kek)
    keys.command("backup")(backup)
    keys.command("restore")(restore)
    keys.command("give-up")(give_up)


def rotate_kek() -> None:
    """Make a new key-encryption key and wrap every data key by it. Killed in the middle, it goes on where it was."""
    from muniment.infra.acting import acting
    from muniment.infra.wrapping import wrapping
    from muniment.producers import key_file
    from muniment.producers.rewrapping import in_use, rewrap
    from muniment.producers.wrapping import FileWrapping

    settings = _settings()

    async def run(pool: Any) -> int:
        made = await wrapping(settings, pool)
        if isinstance(made, FileWrapping) and await in_use(pool) <= {await made.current()}:
            # Nothing is left over from a rotation that was not brought to its end: this is a new one.
            key_file.rotate(settings.key_ring_file)
        return await rewrap(pool, made, lambda n: typer.echo(f"{n} keys", err=True))

    with acting(settings, "data_keys.rewrap", kind="key_encryption_key") as act:
        done = _with_pool(run)
        act.reason = f"{done} keys"
    print(
        f"{done} keys are wrapped by the current key-encryption key now; see `muniment keys drop-kek` for the old ones"
    )


def drop_kek() -> None:
    """Destroy key-encryption keys of the file that nothing is wrapped by. Backups that need them open nothing then."""
    from muniment.infra.acting import acting
    from muniment.producers import key_file
    from muniment.producers.rewrapping import in_use

    settings = _settings()
    with acting(settings, "key_encryption_key.drop", kind="key_encryption_key") as act:
        gone = key_file.drop(settings.key_ring_file, _with_pool(in_use))
        act.entity = ", ".join(gone)
    print(f"destroyed {', '.join(gone)}" if gone else "every key-encryption key is in use")


def backup(
    file: Path = typer.Argument(help="A new file."),
    passphrase: Path = Passphrase,
) -> None:
    """Write the data keys, as they are wrapped, into an encrypted file. Keep it apart from the key ring file."""
    from muniment.infra.acting import acting
    from muniment.producers.key_backup import backup as write

    word = _word(passphrase)
    try:
        with acting(_settings(), "data_keys.backup", kind="data_keys") as act:
            count = _with_pool(lambda pool: write(pool, file, word))
            act.reason = f"{count} keys"
    except FileExistsError:
        raise typer.BadParameter(f"{file} is there already") from None
    print(f"{count} keys in {file}")


def restore(
    file: Path = typer.Argument(help="What `muniment keys backup` wrote.", exists=True),
    passphrase: Path = Passphrase,
) -> None:
    """Put keys back that the store has not. What was erased since then stays destroyed: the log is asked.

    Keys that are lost all the same are counted: those that the log names, and neither the store nor the backup has.
    Exit code 1 when the key ring file has not what some of them are wrapped by.
    """
    from muniment.infra.acting import acting
    from muniment.infra.not_set import required
    from muniment.infra.wrapping import FOR_GOOD, unopened
    from muniment.producers.destroyed_keys import destroyed_on_log
    from muniment.producers.key_backup import NoBackup, OtherKeys
    from muniment.producers.key_backup import restore as put_back
    from muniment.producers.key_ring import ways_out
    from muniment.producers.lost_keys import lost_of, named_on_log

    word = _word(passphrase)
    bootstrap = required(_settings().kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")

    async def run(pool: Any) -> Any:
        destroyed = await destroyed_on_log(bootstrap)
        done = await put_back(pool, file, word, destroyed)
        return done, await lost_of(pool, await named_on_log(bootstrap), destroyed), await unopened(_settings(), pool)

    try:
        with acting(_settings(), "data_keys.restore", kind="data_keys") as act:
            done, lost, closed = _with_pool(run)
            act.reason = f"{done.keys} keys are back, {done.destroyed} stay destroyed, {len(lost)} are lost"
    except (NoBackup, OtherKeys) as error:
        typer.echo(f"muniment: {error}", err=True)
        raise typer.Exit(1) from None
    if lost:
        whole = "without --key all of them at once"
        told = f"muniment: {_said(lost)}. Of each: {ways_out('ID')} ({whole})"
        typer.echo("\n".join([told, *_lines(lost)]), err=True)
    print(f"keys that are back: {done.keys}; that stay destroyed: {done.destroyed}")
    if closed:
        typer.echo(f"muniment: what {', '.join(sorted(closed))} has wrapped cannot be opened: {FOR_GOOD}", err=True)
        raise typer.Exit(1)


def give_up(
    reason: str = typer.Option(
        ..., "--reason", "-r", help="Why they will never be found again; it is recorded.", callback=said
    ),
    key: UUID | None = typer.Option(
        None, "--key", "-k", help="Only this data key, as what waits names it. Without it: all that are lost."
    ),
    kek: str = typer.Option(
        "", "--kek", help="All that this key-encryption key has wrapped, whose key ring file is gone for good."
    ),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
) -> None:
    """Declare destroyed, for good, what keys the log names and the key store has not: where no backup has them.

    Until then all that needs one of them waits. Afterwards what they sealed reads as erased. With --key it is only that
    one: where a foreign record names a key that there never was, and keys that are really lost may still be found.
    With --kek it is what the store has and cannot open.
    """
    if kek:
        if key:
            raise typer.BadParameter("--key is a data key, --kek what wraps many: give one of them")
        _give_up_wrapped(kek, reason, yes=yes)
        return
    from muniment.infra.acting import acting
    from muniment.infra.not_set import required
    from muniment.producers.destroyed_keys import destroyed_on_log
    from muniment.producers.lost_keys import bury, lost_of, named_on_log

    bootstrap = required(_settings().kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")

    async def look(pool: Any) -> Any:
        named = await named_on_log(bootstrap)
        if key and key not in named:
            typer.echo(f"muniment: no sealed record on the log names data key {key}: look at the id again", err=True)
            raise typer.Exit(1)
        wanted = {key: named[key]} if key else named
        return await lost_of(pool, wanted, await destroyed_on_log(bootstrap))

    lost = _with_pool(look)
    if not lost:
        whole = "the key store has every key that the log names"
        print(f"data key {key} is not lost: the key store has it, or it was destroyed" if key else whole)
        return
    typer.echo("\n".join([_said(lost), *_lines(lost)]), err=True)
    if not yes:
        typer.confirm("Give them up for good? What they sealed can never be read again.", abort=True)
    with acting(_settings(), "data_keys.give_up", kind="data_keys") as act:
        act.entity = str(key) if key else act.entity
        act.reason = f"{len(lost)} keys: {reason}"
        _with_pool(lambda pool: bury(pool, lost))
    print(f"keys that count as destroyed from now on: {len(lost)}")


def _give_up_wrapped(kek: str, reason: str, *, yes: bool) -> None:
    from muniment.infra.acting import acting
    from muniment.producers.key_file import FILE_PREFIX, read
    from muniment.producers.lost_keys import bury_wrapped, wrapped_by

    path = _settings().key_ring_file
    if not kek.startswith(FILE_PREFIX):
        raise typer.BadParameter(f"{kek} is no key of a key ring file: whoever keeps it has to say that it is gone")
    if path.exists() and kek in read(path).keys:
        raise typer.BadParameter(f"{path} has {kek}: what it has wrapped can be opened, and nothing is lost")
    data, tenants = _with_pool(lambda pool: wrapped_by(pool, kek))
    if not data + tenants:
        print(f"nothing in the key store is wrapped by {kek}")
        return
    typer.echo(f"only {kek} opens {data} data keys and the keys of {tenants} tenants", err=True)
    if not yes:
        typer.confirm("Give them up for good? What they sealed can never be read again.", abort=True)
    with acting(_settings(), "data_keys.give_up", kind="key_encryption_key") as act:
        act.entity, act.reason = kek, f"{data} keys: {reason}"
        _with_pool(lambda pool: bury_wrapped(pool, kek))
    print(f"keys that count as destroyed from now on: {data}")


def _said(lost: Mapping[UUID, Any]) -> str:
    owners = {(one.tenant, one.owner) for one in lost.values()}
    of = f"of {len(owners)} documents, projects or drafts"
    return f"lost keys that the log names: {len(lost)}, {of}; all that needs one waits"


def _lines(lost: Mapping[UUID, Any]) -> list[str]:
    found = sorted(lost.items(), key=lambda one: (one[1].since, one[0]))
    # The words of a tenant that a foreign record made up may be anything.
    lines = [f"  {key_id}  {one.place}  tenant {one.tenant[:60]!r}, of {one.owner}" for key_id, one in found[:_SHOWN]]
    return [*lines, f"  and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else lines


def _word(path: Path) -> str:
    word = path.read_text("utf-8").strip()
    if not word:
        raise typer.BadParameter(f"{path} is empty")
    return word


def _settings() -> Any:
    from muniment.infra.stack.record import load_settings

    return load_settings()


def _with_pool(work: Callable[[Any], Awaitable[T]]) -> T:
    import asyncpg

    from muniment.infra.bootstrap import database_url
    from muniment.producers.postgres import database

    async def run() -> T:
        async with database():
            pool = await asyncpg.create_pool(database_url(_settings()), min_size=1, max_size=2, timeout=10)
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())
