"""What the packaged program may hold: nothing without a licence, or under the GPL alone, or that nobody needs."""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import bill
import contents
import licences
import pytest
import studio
import systems
import versions
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from licences import LicenceMissing, Part
from license_expression import Licensing, get_spdx_licensing

from fetalclip_app import resources
from fetalclip_app.cli import display

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages that Python finds before all others."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def plant(site: Path, name: str, *headers: str, needs: tuple[str, ...] = ()) -> Path:
    """Install a package of one module and return that."""
    facts = site / f"{name}-1.0.dist-info"
    facts.mkdir()
    lines = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *headers]
    (facts / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {one}" for one in needs)]) + "\n", "utf-8")
    (facts / "LICENSE").write_text("the text\n", "utf-8")
    (facts / "RECORD").write_text(f"{name}.py,,\n{facts.name}/METADATA,,\n{facts.name}/LICENSE,,\n", "utf-8")
    (site / f"{name}.py").write_text("", "utf-8")
    return site / f"{name}.py"


@pytest.mark.parametrize(
    ("expression", "is_allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("LGPL-3.0-only", True),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", True),
        ("GPL-2.0-only OR GPL-3.0-only", False),
        ("MIT AND GPL-2.0-or-later", False),
        ("MIT AND (GPL-2.0-or-later OR BSD-3-Clause)", True),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", True),
        ("Apache-2.0 AND GPL-3.0-or-later WITH GCC-exception-3.1 AND MIT", True),
    ],
)
def test_a_licence_is_refused_where_it_leaves_nothing_but_the_gpl(expression: str, is_allowed: bool) -> None:
    assert licences.allows_other_than_gpl(expression) is is_allowed


@pytest.mark.parametrize("broken", ["", "MIT AND", "OR MIT", "(MIT", "MIT)", "MIT BSD-3-Clause"])
def test_what_is_no_expression_is_not_read_as_one(broken: str) -> None:
    with pytest.raises(ValueError, match="SPDX"):
        licences.allows_other_than_gpl(broken)


def test_what_the_program_needs_has_licences_that_let_it_be_packaged() -> None:
    installed = licences.installed()

    licences.refuse_gpl_only([*licences.works(), *installed])
    assert {"torch", "numpy", "pydicom", "av", "scikit-learn"} <= {part.name.lower() for part in installed}


@pytest.mark.parametrize(
    "header",
    [
        "License-Expression: GPL-3.0-or-later",
        "License: GPL-2.0-only OR GPL-3.0-only",
        "Classifier: License :: OSI Approved :: GNU Affero General Public License v3",
        "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
    ],
)
def test_a_package_under_the_gpl_alone_is_refused_also_where_only_another_needs_it(site: Path, header: str) -> None:
    plant(site, "planted_gpl", header)
    plant(site, "planted_mit", "License-Expression: MIT", needs=("planted_gpl",))

    found = [licences.package(one) for one in licences.needed(["planted_mit"])]

    with pytest.raises(LicenceMissing, match=r"planted_gpl \("):
        licences.refuse_gpl_only(found)


@pytest.mark.parametrize("header", ["License: all rights reserved", "License: UNKNOWN", "Keywords: nothing said"])
def test_a_package_that_does_not_say_its_licence_is_refused(site: Path, header: str) -> None:
    plant(site, "planted_silent", header)

    with pytest.raises(LicenceMissing, match="planted_silent"):
        licences.refuse_gpl_only(map(licences.package, licences.needed(["planted_silent"])))


def test_the_build_ends_where_a_collected_file_belongs_to_a_package_under_the_gpl(site: Path, tmp_path: Path) -> None:
    module = plant(site, "planted_gpl", "License-Expression: AGPL-3.0-only")

    found = bill.of([("planted_gpl", str(module), "PYMODULE")])

    assert [one.metadata["Name"] for one in found.packages] == ["planted_gpl"]
    with pytest.raises(LicenceMissing, match="planted_gpl"):
        bill.write(found, tmp_path)


def test_the_build_ends_at_a_native_library_that_nobody_looked_up(tmp_path: Path) -> None:
    with pytest.raises(LicenceMissing, match="libstrange"):
        bill.of([("libstrange.so.7", str(tmp_path / "libstrange.so.7"), "BINARY")])


def test_the_bill_names_packages_native_libraries_models_and_data(site: Path, tmp_path: Path) -> None:
    module = plant(site, "planted_mit", "License-Expression: MIT")
    library = tmp_path / "libpng16.so.16.58.0"
    library.write_bytes(b"not really")
    collected = [("planted_mit", str(module), "PYMODULE"), ("x.libs/libpng16.so.16.58.0", str(library), "BINARY")]

    packed = {place: Path(source) for place, source, _kind in bill.write(bill.of(collected), tmp_path)}

    told = json.loads(packed["sbom.cdx.json"].read_text("utf-8"))
    by_name = {component["name"]: component for component in told["components"]}
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    assert by_name["planted_mit"]["purl"] == "pkg:pypi/planted-mit@1.0"
    assert by_name["planted_mit"]["licenses"] == [{"expression": "MIT"}]
    assert "version" not in by_name["libpng"]  # 16.58.0 is the number of its interface
    assert by_name["libpng"]["components"][0]["hashes"][0]["alg"] == "SHA-256"
    assert by_name["HC18"]["type"] == "data"
    assert by_name["FetalCLIP"]["type"] == "machine-learning-model"
    assert packed["licences/planted_mit/planted_mit-1.0.dist-info/LICENSE"].read_text("utf-8") == "the text\n"
    assert "licences/LGPL-3.0.txt" in packed
    shown = json.loads(packed["resources/about/licences.json"].read_text("utf-8"))
    assert {"planted_mit", "libpng"} <= {part["name"] for part in shown}


@pytest.fixture(scope="module")
def spdx() -> Licensing:
    """All licences that SPDX has a name for."""
    return get_spdx_licensing()


def test_the_bill_is_what_the_standard_says(site: Path, tmp_path: Path, spdx: Licensing) -> None:
    module = plant(site, "planted_both", "License-Expression: LicenseRef-Own AND MIT")
    library = tmp_path / "libpng16.so.16.58.0"
    library.write_bytes(b"not really")
    collected = [("planted_both", str(module), "PYMODULE"), ("x.libs/libpng16.so.16.58.0", str(library), "BINARY")]
    whole = bill.cyclonedx(bill.of(collected))
    expressions = [one["expression"] for part in whole["components"] for one in part["licenses"] if "expression" in one]

    wrong = list(JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(whole), all_errors=True) or [])

    assert [(list(error.data.absolute_path), error.data.message) for error in wrong] == []
    assert "LicenseRef-Own AND MIT" in expressions
    for expression in expressions:
        unknown = set(spdx.validate(expression).invalid_symbols)
        assert not {name for name in unknown if not name.startswith("LicenseRef-")}, expression


def test_no_licence_is_written_in_a_word_that_spdx_does_not_know(spdx: Licensing) -> None:
    told = licences.attributions()
    parts = [*told["works"], *told["native"], *({"licence": licence} for licence in told["packages"].values())]

    wrong = {name for part in parts for name in spdx.validate(part["licence"]).invalid_symbols}

    assert {name for name in wrong if not name.startswith("LicenseRef-")} == set()


def test_a_version_is_that_of_the_library_and_not_of_its_interface() -> None:
    python = Path("libpython3.11.so.1.0")

    assert versions.of_files([python, Path("/nowhere/libz.so.1")]) == {python: platform.python_version()}


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="skipped, tool missing: dpkg-query")
def test_a_library_of_the_system_has_the_version_of_its_package() -> None:
    library = next(path for folder in ("/lib", "/usr/lib") for path in Path(folder).rglob("libc.so.6"))

    assert versions.of_files([library])[library] == platform.libc_ver()[1]


def test_the_build_ends_at_a_package_that_nothing_needs(site: Path, tmp_path: Path) -> None:
    module = plant(site, "planted_mit", "License-Expression: MIT")

    with pytest.raises(bill.Unneeded, match="planted_mit"):
        bill.refuse_unneeded(bill.of([("planted_mit", str(module), "PYMODULE")]))


def test_what_an_extra_of_another_package_needs_is_needed(site: Path) -> None:
    plant(site, "planted_low", "License-Expression: MIT")
    plant(site, "planted_many", "License-Expression: MIT", needs=("planted_low; extra == 'fast'",))
    plant(site, "planted_first", "License-Expression: MIT", needs=("planted_many",))
    plant(site, "planted_second", "License-Expression: MIT", needs=("planted_many[fast]",))

    found = [one.metadata["Name"] for one in licences.needed(["planted_second", "planted_first"])]

    assert "planted_low" in found


@pytest.mark.parametrize("name", ["libx264-d6533a8d.so.165", "libx265.216.dylib", "libx264-165-f3a9.dll"])
def test_the_build_ends_where_an_encoder_under_the_gpl_has_its_code(name: str, tmp_path: Path) -> None:
    library = tmp_path / "av.libs" / name
    library.parent.mkdir()
    library.write_bytes(b"with code")
    collected = [(f"av.libs/{name}", str(library), "BINARY")]

    with pytest.raises(LicenceMissing, match="x264"):
        licences.refuse_gpl_only(bill.of(collected, stand_ins=tmp_path / "stand-ins").parts())
    licences.refuse_gpl_only(bill.of(collected, stand_ins=tmp_path / "av.libs").parts())


def test_a_library_is_not_nvidias_by_the_first_letters_of_its_name(tmp_path: Path) -> None:
    with pytest.raises(LicenceMissing, match="libcurl"):
        bill.of([("libcurl.so.4", str(tmp_path / "libcurl.so.4"), "BINARY")])


def test_the_list_that_the_window_shows_is_that_of_today() -> None:
    kept = json.loads((resources.root() / "about" / "licences.json").read_text("utf-8"))

    def named(parts: list[dict[str, str]]) -> dict[str, str]:
        return {part["name"]: part["licence"] for part in parts}

    today = [*licences.works(), *licences.installed()]
    assert named(kept) == {part.name: part.licence for part in today}, "python packaging/licences.py writes it"


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


def test_a_part_without_a_licence_is_named() -> None:
    with pytest.raises(LicenceMissing, match="No licence is known of nobody's"):
        licences.refuse_gpl_only([Part("package", "nobody's", "")])


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
