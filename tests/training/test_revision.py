"""A run's configuration names the revision of the code that ran, and no other one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from training import recipe

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def _git(folder: Path, *arguments: str) -> str:
    person = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", "-C", str(folder), *person, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a file of each part; the function believes to lie in its ``training``."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)  # a hook's own would win over the folder
    root = tmp_path / "checkout"
    for name in ("training/recipe.py", "fetalclip_app/app.py", "resources/prompts/planes.json", "notes.md"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("1\n", encoding="utf-8")
    monkeypatch.setattr(recipe, "__file__", str(root / "training" / "recipe.py"))
    return root


@pytest.fixture
def head(checkout: Path) -> str:
    """The revision of the repository's only commit."""
    _git(checkout, "init", "--quiet")
    _git(checkout, "add", ".")
    _git(checkout, "commit", "--quiet", "--message", "one")
    return _git(checkout, "rev-parse", "HEAD")


@needs_git
def test_a_clean_checkout_is_told_by_its_revision(checkout: Path, head: str) -> None:
    (checkout / "notes.md").write_text("2\n", encoding="utf-8")
    (checkout / "training" / "own.csv").write_text("not tracked\n", encoding="utf-8")
    os.utime(checkout / "training" / "recipe.py", (0, 0))

    assert recipe.git_revision() == head


@needs_git
@pytest.mark.parametrize("name", ["training/recipe.py", "fetalclip_app/app.py", "resources/prompts/planes.json"])
@pytest.mark.parametrize("staged", [False, True])
def test_changed_code_is_told_beside_the_revision(checkout: Path, head: str, name: str, staged: bool) -> None:
    (checkout / name).write_text("2\n", encoding="utf-8")
    if staged:
        _git(checkout, "add", name)

    assert recipe.git_revision() == f"{head}+changed"


@needs_git
@pytest.mark.usefixtures("head")
def test_a_repository_around_an_installed_copy_is_not_asked(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = checkout / ".venv" / "site-packages" / "training"
    shutil.copytree(checkout / "training", installed)
    monkeypatch.setattr(recipe, "__file__", str(installed / "recipe.py"))

    assert recipe.git_revision() == "unknown"


@needs_git
def test_a_repository_without_a_commit_has_no_revision(checkout: Path) -> None:
    _git(checkout, "init", "--quiet")
    _git(checkout, "add", ".")

    assert recipe.git_revision() == "unknown"


@needs_git
@pytest.mark.usefixtures("checkout")
def test_a_folder_outside_of_any_repository_has_no_revision() -> None:
    assert recipe.git_revision() == "unknown"


def test_without_git_the_revision_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert recipe.git_revision() == "unknown"
