"""./run sets up what is missing, once, and then is quiet; foreign programs it installs with are stood in for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tools.processes import ROOT

if TYPE_CHECKING:
    from pathlib import Path

UTILITIES = ("cat", "cmp", "cp", "dirname", "id", "mkdir", "rm", "sh", "sleep")

# what venv makes: a Python whose pip takes a moment and leaves a note
MADE = """#!/bin/sh
case "$*" in
    *"pip install"*) echo install >>log; sleep 0.3 ;;
    *) echo "ran $*" ;;
esac
"""
# the Python that is found; it locks as the real one does
PYTHON = f"""#!/bin/sh
case "$*" in
    *flock*) exec {sys.executable} "$@" ;;
    "-m venv .venv")
        mkdir -p .venv/bin
        cp ../made .venv/bin/python
        ;;
esac
"""


class Project:
    """A folder with ./run in it and only the given programs in PATH."""

    def __init__(self, folder: Path, python: str = PYTHON) -> None:
        self.folder = folder / "project"
        self._path = folder / "bin"
        self.folder.mkdir()
        self._path.mkdir()
        shutil.copy(ROOT / "run", self.folder)
        (self.folder / "requirements-dev.txt").write_text("one==1\n")
        for name in UTILITIES:
            (self._path / name).symlink_to(str(shutil.which(name)))
        for path, text in ((self._path / "python3", python), (folder / "made", MADE)):
            path.write_text(text)
            path.chmod(0o755)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start ./run from another folder."""
        return subprocess.Popen(
            [str(self.folder / "run"), *arguments],
            cwd=self.folder.parent,
            env={"PATH": str(self._path), "HOME": os.environ.get("HOME", "/")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run it; return exit status, output and errors."""
        process = self.start(*arguments)
        out, errors = process.communicate(timeout=20)
        return process.returncode, out, errors

    @property
    def installs(self) -> int:
        """How often packages were installed."""
        log = self.folder / "log"
        return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_help_names_every_command(project: Project) -> None:
    status, out, _ = project.run("help")
    assert status == 0
    for command in ("demo", "up", "test", "check"):
        assert f"\n  {command} " in out


def test_unknown_command_is_an_error_that_shows_the_help(project: Project) -> None:
    status, out, errors = project.run("dmeo")
    assert (status, out) == (2, "")
    assert "no command dmeo" in errors
    assert "usage: ./run" in errors


def test_first_start_sets_up_and_the_second_is_quiet(project: Project) -> None:
    status, out, errors = project.run("python", "-c", "first")
    assert (status, out) == (0, "ran -c first\n")
    assert "setting up .venv" in errors
    assert project.run("python", "-c", "second") == (0, "ran -c second\n", "")
    assert project.installs == 1


def test_changed_requirements_are_installed_once(project: Project) -> None:
    project.run("python")
    (project.folder / "requirements-dev.txt").write_text("one==2\n")
    project.run("python")
    project.run("python")
    assert project.installs == 2


def test_of_two_that_start_at_once_one_sets_up(project: Project) -> None:
    both = [project.start("python", "-c", "x") for _ in range(2)]
    answers = [process.communicate(timeout=20) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert [out for out, _ in answers] == ["ran -c x\n"] * 2
    assert project.installs == 1


def test_set_up_that_was_cut_short_is_begun_again(project: Project) -> None:
    project.run("python")
    (project.folder / ".venv" / "unfinished").touch()
    (project.folder / ".venv" / "half").touch()
    status, _, _ = project.run("python")
    assert status == 0
    assert not (project.folder / ".venv" / "half").exists()


def test_old_python_is_named_and_docker_offered(tmp_path: Path) -> None:
    old = '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 || exit 1\n'
    status, _, errors = Project(tmp_path, old).run("demo")
    assert status == 1
    assert "3.11 or newer" in errors
    assert "Python 3.9.2" in errors
    assert "Docker" in errors
