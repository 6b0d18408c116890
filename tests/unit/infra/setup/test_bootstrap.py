"""What set-up promises, read from its files; it is run for real by `make test` itself."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
SETUP = ROOT / "infra" / "setup"


@pytest.mark.parametrize("script", sorted(SETUP.glob("*.sh")), ids=lambda path: path.name)
def test_every_script_can_be_parsed(script: Path) -> None:
    """By the bash that runs it."""
    subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.parametrize("name", ["uv.txt", "build.txt"])
def test_the_tools_are_pinned_with_checksums(name: str) -> None:
    """Nothing is installed that was not seen when it was pinned."""
    text = (SETUP / name).read_text()
    pins = re.findall(r"^[a-z0-9-]+==[\d.]+", text, re.MULTILINE)
    assert len(pins) == 1
    assert "--hash=sha256:" in text


def test_files_that_are_tracked_name_no_registry() -> None:
    """Where packages come from is the business of the machine they are installed on."""
    for path in [ROOT / "requirements.lock", ROOT / "infra" / "kafka" / "pom.xml", *SETUP.iterdir()]:
        if path.is_file():
            text = path.read_text()
            assert "://" not in text, path.name
            assert "--index" not in text, path.name


def run(script: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path) if path else "/usr/bin:/bin"}
    command = ["/bin/bash", "-c", script]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=ROOT)


def test_a_missing_program_is_named_with_the_package_that_has_it(tmp_path: Path) -> None:
    """On a machine with nothing, each of the three is named."""
    script = f". {SETUP}/programs.sh; stamped() {{ return 1; }}; kafka_digest() {{ :; }}; missing_programs"
    found = run(script, tmp_path).stdout
    assert "python3 python3-venv|" in found
    assert "openjdk-17-jre-headless|" in found
    assert "maven|" in found


@pytest.mark.parametrize(("version", "good"), [("17.0.15", True), ("25", True), ("11.0.2", False), ("1.8.0", False)])
def test_java_before_17_is_not_good_enough(tmp_path: Path, version: str, good: bool) -> None:
    """The version is what the program itself says."""
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    java.chmod(0o755)
    script = f"PATH={tmp_path}:$PATH; . {SETUP}/programs.sh; good_java"
    assert (run(script).returncode == 0) is good


INSTALL = """
. {setup}/programs.sh
say() {{ echo "$*"; }}
stamped() {{ return 1; }}
kafka_digest() {{ :; }}
find_python() {{ echo /usr/bin/python3; }}
good_java() {{ return 0; }}
id() {{ echo {uid}; }}
export PATH={bin}
install_programs && echo "PYTHON=$PYTHON"
"""


def installing(tmp_path: Path, uid: int) -> subprocess.CompletedProcess[str]:
    """A machine without Maven, whose `apt-get install` brings one."""
    for name in ("cut", "tr", "sed", "touch", "chmod"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}" if Path(f"/usr/bin/{name}").exists() else f"/bin/{name}")
    for name in ("setpriv", "apt-get"):
        (tmp_path / name).write_text(
            f'#!/bin/bash\necho "$*" >> {tmp_path}/called\n'
            f'[ "$1" != install ] || {{ touch {tmp_path}/mvn; chmod +x {tmp_path}/mvn; }}\n'
        )
        (tmp_path / name).chmod(0o755)
    return run(INSTALL.format(setup=SETUP, uid=uid, bin=tmp_path))


def test_root_on_debian_gets_the_missing_program(tmp_path: Path) -> None:
    """One update, one install of exactly what is missing."""
    done = installing(tmp_path, 0)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PYTHON=/usr/bin/python3" in done.stdout
    calls = (tmp_path / "called").read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["update", "install"]
    assert calls[1].endswith("maven")


def test_anybody_else_is_told_the_command(tmp_path: Path) -> None:
    """Nothing is called, the exit code says that something is missing."""
    done = installing(tmp_path, 1000)
    assert done.returncode == 1
    assert "apt-get install -y maven" in done.stdout
    assert not (tmp_path / "called").exists()


def test_clean_removes_all_that_was_made_and_nothing_else(tmp_path: Path) -> None:
    """The folder of set-up, that of `make kit`, and what the tools keep; sources stay."""
    made = (".muniment/venv", ".typing", "dist", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis")
    for name in (*made, "infra/setup", "docs"):
        (tmp_path / name).mkdir(parents=True)
    script = tmp_path / "infra" / "setup" / "clean.sh"
    script.write_bytes((SETUP / "clean.sh").read_bytes())
    subprocess.run(["bash", str(script)], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docs", "infra"]
