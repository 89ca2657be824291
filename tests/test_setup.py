"""What a person meets first: `make`, and the script that sets everything up. Nothing here needs a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OVERRIDES = ROOT / "assets" / "jupyter" / "overrides.json"
SHELL = shutil.which("sh") or "/bin/sh"


def program(folder: Path, name: str, body: str) -> None:
    """Put a program into a folder that becomes the whole PATH."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!{SHELL}\n{body}\n")
    path.chmod(0o755)


def set_up(path: Path, venv: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script with nothing but the programs of one folder."""
    for name in ("cat", "cp", "mkdir", "rm"):
        target = shutil.which(name)
        assert target
        program(path, name, f'exec {target} "$@"')
    return subprocess.run(
        [SHELL, "tools/setup.sh", str(venv)],
        cwd=ROOT,
        env={"PATH": str(path), **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def make(*arguments: str) -> str:
    found = shutil.which("make")
    assert found, "make is not installed; install it with: apt-get install make"
    # A person's call, also when these tests were called by make, which would tell it so.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = [found, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


def test_make_alone_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    declared = re.search(r"^\.PHONY: (help .*)$", makefile, re.MULTILINE)
    assert declared
    listed = re.findall(r"^  make (\w+) +\S", make(), re.MULTILINE)
    assert sorted(listed) == sorted(declared[1].split())


@pytest.mark.parametrize("target", ["lab", "demo", "test", "doctor", "outputs"])
def test_every_target_sets_everything_up_first(target: str, tmp_path: Path) -> None:
    commands = make("--dry-run", target, f"VENV={tmp_path}/new").splitlines()
    assert commands[0] == f"sh tools/setup.sh {tmp_path}/new"
    assert len(commands) > 1


def test_what_is_set_up_is_not_set_up_again(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".ready").write_text(f"{ROOT}\n")
    assert "setup.sh" not in make("--dry-run", "lab", f"VENV={tmp_path}")


@pytest.mark.parametrize("spoilt", ["moved", "python gone"])
def test_an_environment_that_cannot_work_any_more_is_made_again(spoilt: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to("/nowhere/python" if spoilt == "python gone" else sys.executable)
    (tmp_path / ".ready").write_text("/another/folder\n" if spoilt == "moved" else f"{ROOT}\n")
    assert "setup.sh" in make("--dry-run", "lab", f"VENV={tmp_path}")


@pytest.mark.parametrize("script", ["tools/setup.sh", ".ci/run"])
def test_scripts_are_well_formed(script: str) -> None:
    text = (ROOT / script).read_text()
    shell = "bash" if text.startswith("#!/usr/bin/env bash\n") else "sh"
    subprocess.run([shell, "-n", script], cwd=ROOT, check=True)
    assert re.search(r"^set -eu", text, re.MULTILINE), "an error must end it"


def test_without_python_it_says_what_is_needed(tmp_path: Path) -> None:
    result = set_up(tmp_path / "bin", tmp_path / "venv")
    assert result.returncode == 1
    assert "needs Python 3.11 or later" in result.stderr
    assert "make lab PYTHON=" in result.stderr
    assert not (tmp_path / "venv").exists()


def test_an_old_python_is_not_taken(tmp_path: Path) -> None:
    program(tmp_path / "bin", "python3", "exit 1")
    result = set_up(tmp_path / "bin", tmp_path / "venv")
    assert result.returncode == 1
    assert "'python3' here is older or missing" in result.stderr


def test_the_python_that_was_named_is_the_one_complained_about(tmp_path: Path) -> None:
    result = set_up(tmp_path / "bin", tmp_path / "venv", PYTHON="/opt/python9")
    assert result.returncode == 1
    assert "'/opt/python9' here is older or missing" in result.stderr


def test_without_the_venv_module_it_says_what_to_install(tmp_path: Path) -> None:
    program(tmp_path / "bin", "python3", 'case "$*" in *ensurepip*) exit 1 ;; esac')
    result = set_up(tmp_path / "bin", tmp_path / "venv")
    assert result.returncode == 1
    assert "sudo apt install python3-venv" in result.stderr
    assert not (tmp_path / "venv").exists()


def test_a_newer_python_is_found_under_its_own_name(tmp_path: Path) -> None:
    program(tmp_path / "bin", "python3", "exit 1")
    program(tmp_path / "bin", "python3.12", "")
    program(tmp_path / "bin", "uv", 'echo "$UV_PROJECT_ENVIRONMENT: $*"')
    result = set_up(tmp_path / "bin", tmp_path / "venv")
    assert result.returncode == 0, result.stderr
    assert f"{tmp_path}/venv: sync --frozen" in result.stdout
    assert "--python python3.12" in result.stdout


def test_settings_of_jupyterlab_land_in_the_environment(tmp_path: Path) -> None:
    program(tmp_path / "bin", "python3", "")
    program(tmp_path / "bin", "uv", "")
    result = set_up(tmp_path / "bin", tmp_path / "venv")
    assert result.returncode == 0, result.stderr
    landed = tmp_path / "venv" / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    assert landed.read_bytes() == OVERRIDES.read_bytes()


@pytest.mark.parametrize("spoilt", ["moved", "python gone", "python too old", "nothing"])
def test_an_environment_of_no_use_is_removed_first(spoilt: str, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").touch()
    (venv / "leftover").touch()
    (venv / ".ready").write_text("/another/folder\n" if spoilt == "moved" else f"{ROOT}\n")
    if spoilt != "python gone":
        program(venv / "bin", "python", "exit 1" if spoilt == "python too old" else "")
    program(tmp_path / "bin", "python3", "")
    program(tmp_path / "bin", "uv", "")
    result = set_up(tmp_path / "bin", venv)
    assert result.returncode == 0, result.stderr
    assert (venv / "leftover").exists() == (spoilt == "nothing")
    assert (venv / ".ready").read_text() == f"{ROOT}\n"


def test_an_installer_that_fails_ends_the_setting_up(tmp_path: Path) -> None:
    program(tmp_path / "bin", "python3", "")
    program(tmp_path / "bin", "uv", '[ "$1" = --version ] || { echo "no network" >&2; exit 2; }')
    result = set_up(tmp_path / "bin", tmp_path / "venv")
    assert result.returncode == 2
    assert "no network" in result.stderr
    assert not (tmp_path / "venv").exists()


def test_the_settings_are_ones_that_jupyterlab_knows() -> None:
    schemas = Path(sys.prefix) / "share" / "jupyter" / "lab" / "schemas"
    for plugin, settings in json.loads(OVERRIDES.read_text()).items():
        package, _, name = plugin.partition(":")
        known = json.loads((schemas / package / f"{name}.json").read_text())["properties"]
        for setting, value in settings.items():
            allowed = [choice["const"] for choice in known[setting].get("oneOf", [])]
            assert not allowed or value in allowed, f"{plugin} {setting}: {value!r} is none of {allowed}"
            kinds = {"string": str, "boolean": bool}
            assert isinstance(value, kinds[known[setting]["type"]])


def test_scripts_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_readme_names_the_packages_that_ci_installs() -> None:
    array = re.search(r"^packages=\((.*?)^\)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE | re.DOTALL)
    line = re.search(r"^sudo apt install (.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert array
    assert line
    in_ci = re.sub(r"#.*", "", array[1]).split()
    assert sorted(in_ci) == sorted([*line[1].split(), "git", "make", "python3-venv"])


def test_the_readme_names_targets_that_there_are() -> None:
    there = re.findall(r"^  make (\w+)", make(), re.MULTILINE)
    for page in ("README.md", "CONTRIBUTING.md"):
        named = re.findall(r"(?:^|`)make (\w+)", (ROOT / page).read_text(), re.MULTILINE)
        assert named
        assert set(named) <= set(there), page
