"""The package lists of pip, of conda and of the lock file say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import dhcpkit

ROOT = Path(__file__).parent.parent
PROJECT = (ROOT / "pyproject.toml").read_text()
CONDA = (ROOT / "environment.yml").read_text()
LOCK = (ROOT / "uv.lock").read_text()


def split(requirement: str) -> tuple[str, str]:
    """Return the name of a package, as the index writes it, and the bounds of its version."""
    match = re.fullmatch(r"\s*([A-Za-z0-9._-]+)\s*([<>=!~].*)?", requirement)
    assert match, f"not a plain requirement: {requirement!r}"
    name = re.sub(r"[-_.]+", "-", match[1]).lower()
    return name, ",".join(sorted((match[2] or "").replace(" ", "").split(",")))


def of_project(text: str) -> dict[str, str]:
    document = tomllib.loads(text)
    requirements = [*document["project"]["dependencies"], *document["dependency-groups"]["dev"]]
    return dict([*map(split, requirements), ("python", document["project"]["requires-python"])])


def of_conda(text: str) -> dict[str, str]:
    entries = yaml.safe_load(text)["dependencies"]
    from_pip = [line for entry in entries if isinstance(entry, dict) for line in entry["pip"] if line != "-e ."]
    found = [split(entry) for entry in [*(entry for entry in entries if isinstance(entry, str)), *from_pip]]
    assert len(found) == len(dict(found)), "environment.yml names a package twice"
    return {name: bounds for name, bounds in found if name != "pip"}


def of_lock(text: str) -> dict[str, str]:
    document = tomllib.loads(text)
    ours = locked_project(document)
    entries = [*ours["metadata"]["requires-dist"], *ours["metadata"]["requires-dev"]["dev"]]
    found = dict(split(f"{entry['name']}{entry['specifier']}") for entry in entries)
    return {**found, "python": document["requires-python"]}


def locked_project(document: dict[str, Any]) -> dict[str, Any]:
    (ours,) = (package for package in document["package"] if package["source"] == {"editable": "."})
    return ours


def test_conda_users_get_the_same_packages() -> None:
    assert of_conda(CONDA) == of_project(PROJECT)


def test_the_lock_file_is_in_step() -> None:
    assert of_lock(LOCK) == of_project(PROJECT), "run: uv lock"


def test_the_lock_file_has_a_version_within_the_bounds_of_each_package() -> None:
    versions = {package["name"]: package["version"] for package in tomllib.loads(LOCK)["package"]}
    for name, bounds in of_project(PROJECT).items():
        if name == "python":
            continue
        lower = re.fullmatch(r">=([\d.]+)", bounds)
        assert lower, f"{name}: a lower bound is enough, {bounds!r} is something else"
        locked, least = (tuple(int(part) for part in text.split(".")[:2]) for text in (versions[name], lower[1]))
        assert locked >= least, f"{name}: {versions[name]} is locked, {bounds} is asked for"


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("  - plotly >=6.9\n", ""),
        ("  - plotly >=6.9\n", "  - plotly >=6.8\n"),
        ("  - plotly >=6.9\n", "  - plotly\n"),
        ("  - plotly >=6.9\n", "  - plotly >=6.9\n  - pandas >=2\n"),
        ("      - playwright >=1.65\n", ""),
        ("  - python >=3.11\n", "  - python >=3.10\n"),
    ],
)
def test_a_change_of_the_conda_list_alone_is_noticed(text: str, change: str) -> None:
    assert text in CONDA
    assert of_conda(CONDA.replace(text, change)) != of_project(PROJECT)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ('    "plotly>=6.9",\n', ""),
        ('    "plotly>=6.9",\n', '    "plotly>=6.10",\n'),
        ('    "nbval>=0.11",\n', '    "nbval>=0.11",\n    "rich>=14",\n'),
        ('requires-python = ">=3.11"', 'requires-python = ">=3.12"'),
    ],
)
def test_a_change_of_the_project_alone_is_noticed(text: str, change: str) -> None:
    assert text in PROJECT
    changed = of_project(PROJECT.replace(text, change))
    assert changed != of_conda(CONDA)
    assert changed != of_lock(LOCK)


def test_conda_installs_dhcpkit_from_this_folder() -> None:
    (from_pip,) = (entry["pip"] for entry in yaml.safe_load(CONDA)["dependencies"] if isinstance(entry, dict))
    assert "-e ." in from_pip


def test_the_distribution_does_not_take_the_name_of_the_import_package() -> None:
    name = tomllib.loads(PROJECT)["project"]["name"]
    assert name == yaml.safe_load(CONDA)["name"] == locked_project(tomllib.loads(LOCK))["name"]
    assert name != dhcpkit.__name__
