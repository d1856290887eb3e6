"""What the packaged program holds besides, how it begins, and how it is installed and taken away."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import contents
import pytest
import studio
import systems

from fetalclip_app.cli import display

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("place", "is_wanted"),
    [
        ("PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6/Qt/plugins/platforms/libqoffscreen.so", True),
        ("PySide6/Qt/plugins/platforms/libqvnc.so", False),
        ("PySide6/Qt/lib/libQt6Quick.so.6", False),
        ("PySide6/Qt/lib/libQt6Widgets.so.6", True),
        ("PySide6/Qt/translations/qtbase_de.qm", True),
        ("PySide6/Qt/translations/qtbase_fr.qm", False),
        ("torch/bin/torch_shm_manager", True),
        ("torch/bin/protoc", False),
        ("torch/include/ATen/ATen.h", False),
        ("scipy/linalg/tests/data/x.npz", False),
        ("open_clip/bpe_simple_vocab_16e6.txt.gz", True),
        ("resources/models/compact/model.safetensors", True),
        ("qtawesome/fonts/phosphor-1.3.0.ttf", True),
        ("qtawesome/fonts/remixicon-2.5.0.ttf", False),
    ],
)
def test_what_is_packed(place: str, is_wanted: bool) -> None:
    assert contents.is_wanted(place) is is_wanted


def test_every_bundled_resource_is_packed() -> None:
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "resources").rglob("*") if path.is_file()]

    assert [file for file in files if not contents.is_wanted(file)] == []


def test_a_link_goes_with_what_it_points_at() -> None:
    library = ("PySide6/Qt/lib/libQt6Quick.so.6", "/x/libQt6Quick.so.6", "BINARY")
    link = ("libQt6Quick.so.6", "PySide6/Qt/lib/libQt6Quick.so.6", "SYMLINK")
    kept = ("libQt6Core.so.6", "PySide6/Qt/lib/libQt6Core.so.6", "SYMLINK")

    assert contents.sieved([library, link, kept]) == [kept]


def test_a_library_stays_as_long_as_something_is_linked_against_it() -> None:
    links = {"/m.so": ["liba.so.1"], "/a": ["libb.so.1", "libc.so.6"], "/b": [], "/z": ["liba.so.1"]}
    binaries = [
        ("m.so", "/m.so", "EXTENSION"),
        ("liba.so.1", "/a", "BINARY"),
        ("libb.so.1", "/b", "BINARY"),
        ("libz.so.1", "/z", "BINARY"),
        ("libpython3.11.so.1.0", "/b", "BINARY"),
    ]

    kept = contents.reached(binaries, lambda source: links[source])

    assert [place for place, _source, _kind in kept] == ["m.so", "liba.so.1", "libb.so.1", "libpython3.11.so.1.0"]


def test_what_a_training_may_lack_is_what_was_left_out() -> None:
    assert set(contents.LEFT_OUT_MODULES) >= studio.LEFT_OUT


def test_windows_and_macos_are_told_the_version_and_what_the_program_opens() -> None:
    bundle = systems.bundle(ROOT / "packaging")

    assert f"'ProductVersion', '{contents.version()}'" in systems.version_resource()
    assert compile(systems.version_resource(), "version", "eval")
    assert bundle["info_plist"]["CFBundleDocumentTypes"][0]["CFBundleTypeExtensions"] == ["dcm", "dicom"]
    for icon in ("windows/studio.ico", "macos/studio.icns", "linux/icons/256.png"):
        assert (ROOT / "packaging" / icon).is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")
def test_linux_installs_for_one_user_and_takes_all_of_it_away(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "Bündel mit 100 % $HOME"
    home.mkdir()
    folder.mkdir()
    (folder / contents.NAME).write_text('#!/bin/sh\nprintf \'%s\\n\' "$0" "$@"\n', "utf-8")
    (folder / contents.NAME).chmod(0o755)
    systems.finish(folder, ROOT / "packaging")
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}

    def run(script: Path, *options: str) -> None:
        subprocess.run([script, *options], env=environment, check=True, capture_output=True)

    for options in ([], ["--in-place"]):
        run(folder / "install.sh", *options)
        entry = (home / ".local/share/applications/org.fetalclip.studio.desktop").read_text("utf-8")
        place = folder if options else home / ".local" / "opt" / contents.NAME
        program = home / ".local" / "bin" / "fetalclip-studio"
        assert program.resolve() == place / contents.NAME
        assert _run_by_desktop(entry, tmp_path / "a scan.dcm") == [
            str(place / contents.NAME),
            "open",
            f"{tmp_path}/a scan.dcm",
        ]
        assert "MimeType=application/dicom;" in entry
        run(folder / "uninstall.sh")
        kept = [path for path in home.rglob("*") if path.is_file() or path.is_symlink()]
        assert kept == []
    assert (folder / contents.NAME).is_file()


def test_help_of_the_trainings_names_the_packaged_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", f"/opt/{contents.NAME}")

    with pytest.raises(SystemExit):
        studio.main(["train", "run", "--help"])

    said = capsys.readouterr().out
    assert said.startswith(f"usage: {contents.NAME} train run ")
    assert "python -m" not in said


@pytest.mark.parametrize("before", [None, "/usr/local/own"])
def test_programs_that_the_packaged_one_starts_find_their_own_libraries(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(studio.LIBRARY_PATH, "/opt/FetalCLIP-Studio/_internal")
    if before is None:
        monkeypatch.delenv(f"{studio.LIBRARY_PATH}_ORIG", raising=False)
    else:
        monkeypatch.setenv(f"{studio.LIBRARY_PATH}_ORIG", before)

    studio.give_back_library_path()

    assert os.environ.get(studio.LIBRARY_PATH) == before
    assert f"{studio.LIBRARY_PATH}_ORIG" not in os.environ


def test_a_packaged_program_tries_a_window_in_a_process_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / contents.NAME
    program.write_text(f"#!{sys.executable}\nimport studio, sys\nsys.exit(studio.main(sys.argv[1:]))\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ROOT / 'packaging'}")
    monkeypatch.setenv("QT_QPA_PLATFORM", "nowhere")

    assert "QT_QPA_PLATFORM is nowhere" in display.why_no_window()


@pytest.mark.skipif(
    shutil.which("desktop-file-validate") is None, reason="skipped, tool missing: desktop-file-validate"
)
def test_the_desktop_entry_is_one() -> None:
    entry = ROOT / "packaging" / "linux" / "org.fetalclip.studio.desktop"

    said = subprocess.run(["desktop-file-validate", entry], capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def _run_by_desktop(entry: str, file: Path) -> list[str]:
    """Do what a desktop does with an entry's Exec: unescape the string, then the quotes, then the field codes."""
    (line,) = [line.removeprefix("Exec=") for line in entry.splitlines() if line.startswith("Exec=")]
    words = shlex.split(line.replace("\\\\", "\\"))
    command = [str(file) if word == "%F" else word.replace("\\$", "$").replace("%%", "%") for word in words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize(
    ("given", "done"),
    [([], []), (["demo"], ["demo"]), (["/a/b c.dcm", "/d"], ["open", "/a/b c.dcm", "/d"])],
)
def test_a_file_that_the_system_opens_with_the_program_is_opened(
    given: list[str], done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr("fetalclip_app.__main__.main", lambda arguments: seen.append(arguments) or 0)

    assert studio.main(given) == 0
    assert seen == [done]
