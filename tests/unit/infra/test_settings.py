"""The settings object: names, sources, files for secrets, what the stack fills in, the reference page."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from muniment.infra.settings import Settings, variable, with_stack
from muniment.infra.settings.page import markdown
from muniment.infra.settings.whole import GROUPS


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No `.env` and no variable of the developer's reaches these tests."""
    import os

    for name in list(os.environ):
        if name.startswith(("MUNIMENT_", "OPENAI_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_setting_is_in_the_reference_page_once() -> None:
    """Each is declared by one group, and the page shows all groups."""
    page = markdown()
    assert sorted(name for group in GROUPS for name in group.model_fields) == sorted(Settings.model_fields)
    assert [page.count(f"| `{variable(name, info)}` |") for name, info in Settings.model_fields.items()] == [1] * len(
        Settings.model_fields
    )


def test_every_setting_says_what_it_means_and_in_which_unit() -> None:
    """A description names its unit in brackets, or says that something else is the default."""
    for name, info in Settings.model_fields.items():
        assert info.description, name
        assert "(" in info.description, f"{name} names no unit"


def test_the_environment_sets_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """MUNIMENT_ and the name; OpenAI's own two keep their names."""
    monkeypatch.setenv("MUNIMENT_PARTITIONS", "3")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://example.invalid/v1")
    settings = Settings()
    assert (settings.partitions, settings.openai_base_url) == (3, "http://example.invalid/v1")


def test_a_dotenv_file_sets_a_setting_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, empty_folder: Path
) -> None:
    """`.env` is the weakest of what is written down."""
    (empty_folder / ".env").write_text("MUNIMENT_PARTITIONS=3\nMUNIMENT_API_PORT=4\nSOMETHING_ELSE=5\n")
    monkeypatch.setenv("MUNIMENT_API_PORT", "6")
    settings = Settings()
    assert (settings.partitions, settings.api_port) == (3, 6)


def test_a_file_holds_a_secret(monkeypatch: pytest.MonkeyPatch, empty_folder: Path) -> None:
    """MUNIMENT_X_FILE and OPENAI_API_KEY_FILE name a file; its line end is no part of the secret."""
    (empty_folder / "url").write_text("postgresql://example.invalid/x\n")
    (empty_folder / "key").write_text("k\n")
    monkeypatch.setenv("MUNIMENT_DATABASE_URL_FILE", str(empty_folder / "url"))
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(empty_folder / "key"))
    settings = Settings()
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://example.invalid/x"
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "k"


def test_a_secret_file_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Going on without a secret that was named would end somewhere less clear."""
    monkeypatch.setenv("MUNIMENT_DATABASE_URL_FILE", "not-there")
    with pytest.raises(OSError, match="not-there"):
        Settings()


def test_a_secret_is_not_shown() -> None:
    """Neither the object nor its text gives away a password."""
    settings = Settings(database_url="postgresql://a:hunter2@example.invalid/x")  # type: ignore[arg-type]
    assert "hunter2" not in repr(settings)


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody writes JSON into an environment variable by choice."""
    monkeypatch.setenv("MUNIMENT_PII_OFF", "email, phone ,")
    assert Settings().pii_off == ("email", "phone")


def test_settings_do_not_change() -> None:
    """All parts see the same values for as long as they run."""
    with pytest.raises(ValidationError):
        Settings().partitions = 3  # type: ignore[misc]


def test_the_stack_fills_in_only_what_was_left_unset() -> None:
    """What somebody set points somewhere on purpose."""
    settings = with_stack(
        Settings(kafka_bootstrap="example.invalid:9092"),
        {"kafka_bootstrap": "127.0.0.1:1", "database_url": "postgresql://x", "api_port": 7},
    )
    assert settings.kafka_bootstrap == "example.invalid:9092"
    assert settings.database_url is not None
    assert (settings.database_url.get_secret_value(), settings.api_port) == ("postgresql://x", 7)


def test_a_key_for_another_provider_never_goes_to_the_embedded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Address and key belong together, whichever of them came from where."""
    recorded = {"openai_base_url": "http://127.0.0.1:1/v1", "openai_api_key": "local"}
    monkeypatch.setenv("OPENAI_API_KEY", "precious")
    inside = with_stack(Settings(), recorded)
    assert inside.openai_api_key is not None
    assert inside.openai_api_key.get_secret_value() == "local"
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://example.invalid/v1")
    assert with_stack(Settings(), recorded).openai_api_key is None


def test_default_places_are_in_the_home(empty_folder: Path) -> None:
    """Blobs, keys and tokenizer follow `home`, as absolute addresses."""
    settings = Settings(home=Path("here"))
    assert settings.blobs == (empty_folder / "here" / "blobs").as_uri()
    assert settings.key_ring_file == empty_folder / "here" / "keys" / "ring.json"
    assert settings.tokenizer_file.is_absolute()


def test_trusted_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """By commas; none unless they are named, and never everybody."""
    assert Settings().trusted_proxies == ()
    monkeypatch.setenv("MUNIMENT_TRUSTED_PROXIES", "10.0.0.0/8, 192.168.0.7,fd00::/8")
    assert Settings().trusted_proxies == ("10.0.0.0/8", "192.168.0.7", "fd00::/8")
    for wrong in ("*", "10.0.0.1/8", "proxy.example", "0.0.0.0/0", "::/0"):
        monkeypatch.setenv("MUNIMENT_TRUSTED_PROXIES", wrong)
        with pytest.raises(ValidationError, match="trusted_proxies"):
            Settings()
