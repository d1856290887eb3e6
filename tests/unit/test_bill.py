"""What lies in the packaged program and under which licences: nothing without one, or under the GPL alone."""

from __future__ import annotations

import json
import platform
import shutil
from pathlib import Path

import bill
import licences
import pytest
import versions
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from licences import LicenceMissing, Part
from license_expression import Licensing, get_spdx_licensing

from fetalclip_app import resources


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


def test_a_part_without_a_licence_is_named() -> None:
    with pytest.raises(LicenceMissing, match="No licence is known of nobody's"):
        licences.refuse_gpl_only([Part("package", "nobody's", "")])
