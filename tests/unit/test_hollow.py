"""Libraries that are packed without their code: whoever is linked against them loads, and is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import hollow
import pytest
import stand_ins
from hollow import CUDA, ENCODERS, OLD_OPENSSL, Hollow
from stand_ins import NoStandIn, Symbol

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="made and loaded as Linux does"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="skipped, tool missing: cc"),
]

SECRET = Hollow(re.compile(r"^deep/libsecret|^libbehind"), answers=((r"refuse$", "int 100"),))


def compiled(folder: Path, name: str, source: str, *options: str) -> Path:
    """Compile a library that others find beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    made, text = folder / name, folder / f"{name}.c"
    text.write_text(source, "utf-8")
    command = ["cc", "-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", made, text, f"-L{folder}", *options]
    subprocess.run(command, check=True)
    return made


@pytest.fixture
def collected(tmp_path: Path) -> list[hollow.Collected]:
    """A library that is linked against a secret one, and that against one behind it."""
    folder = tmp_path / "given"
    script = folder / "versions"
    folder.mkdir()
    script.write_text("SECRET_2 { global: answer; refuse; table; };\n", "utf-8")
    behind = compiled(folder, "libbehind.so.1", "int deep(void) { return 9; }")
    secret = compiled(
        folder,
        "libsecret.so.2",
        "extern int deep(void); int answer(void) { return deep(); } int refuse(void) { return 0; } int unasked(void)"
        " { return 1; } const int table[4] = {1, 2, 3, 4};",
        f"-Wl,--version-script,{script}",
        "-l:libbehind.so.1",
    )
    user = compiled(
        folder,
        "libuser.so",
        "extern int answer(void), refuse(void), deep(void); extern const int table[4];"
        " int ask(void) { return answer() + 1000 * refuse() + 10 * table[2] + deep(); }",
        "-l:libsecret.so.2",
        "-Wl,--allow-shlib-undefined",
    )
    return [
        ("libuser.so", str(user), "EXTENSION"),
        ("deep/libsecret.so.2", str(secret), "BINARY"),
        ("libbehind.so.1", str(behind), "BINARY"),
        ("libsecret.so.2", "deep/libsecret.so.2", "SYMLINK"),
        ("libother.so.1", "libbehind.so.1", "SYMLINK"),
    ]


def answered(folder: Path) -> int:
    """Load a library in a process of its own, call it, and return its answer; nothing may be said on stderr."""
    call = "import ctypes, sys; ctypes.CDLL(sys.argv[2]); print(ctypes.CDLL(sys.argv[1]).ask())"
    ran = subprocess.run(
        [sys.executable, "-c", call, folder / "libuser.so", folder / "libsecret.so.2"],
        capture_output=True,
        text=True,
        check=True,
        env={"LD_LIBRARY_PATH": str(folder)},
    )
    assert ran.stderr == ""
    return int(ran.stdout)


def test_who_is_linked_against_an_empty_library_loads_and_is_refused(
    collected: list[hollow.Collected], tmp_path: Path
) -> None:
    given = tmp_path / "given"
    assert answered(given) == 9 + 30 + 9

    packed = hollow.hollowed(collected, [SECRET], tmp_path / "made")

    by_place = {place: source for place, source, _kind in packed}
    assert list(by_place) == ["libuser.so", "deep/libsecret.so.2", "libsecret.so.2"]
    assert by_place["libuser.so"] == str(given / "libuser.so")
    shutil.copy(given / "libuser.so", tmp_path / "libuser.so")
    shutil.copy(by_place["deep/libsecret.so.2"], tmp_path / "libsecret.so.2")
    assert answered(tmp_path) == 100 * 1000
    assert {one.name for one in stand_ins.offered(tmp_path / "libsecret.so.2")} >= {"answer", "refuse", "table", "deep"}
    assert "unasked" not in {one.name for one in stand_ins.offered(tmp_path / "libsecret.so.2")}


def test_a_file_that_is_no_program_asks_for_nothing(collected: list[hollow.Collected], tmp_path: Path) -> None:
    text = tmp_path / "plugin.so"
    text.write_text("not compiled\n", "utf-8")

    packed = hollow.hollowed([*collected, ("plugin.so", str(text), "BINARY")], [SECRET], tmp_path / "made")

    assert ("plugin.so", str(text), "BINARY") in packed


def test_where_nothing_is_to_be_left_out_all_stays_as_it_is(collected: list[hollow.Collected], tmp_path: Path) -> None:
    assert hollow.hollowed(collected, [ENCODERS, OLD_OPENSSL], tmp_path / "made") == collected


def test_pyav_loads_with_encoders_without_code_and_is_refused_one(tmp_path: Path) -> None:
    site = Path(str(metadata.distribution("av").locate_file("")))
    files = [path for folder in ("av", "av.libs") for path in (site / folder).rglob("*.so*")]
    kinds = {"av": "EXTENSION", "av.libs": "BINARY"}
    collected = [
        (place, str(path), kinds[place.split("/")[0]])
        for path in files
        for place in [path.relative_to(site).as_posix()]
    ]

    packed = hollow.hollowed(collected, [ENCODERS], tmp_path / "made")

    changed = {
        Path(place).name: Path(source)
        for place, source, _ in packed
        if (place, source) not in {(one[0], one[1]) for one in collected}
    }
    assert {name.split("-")[0] for name in changed} == {"libx264", "libx265"}
    shutil.copytree(site / "av", tmp_path / "av")
    shutil.copytree(site / "av.libs", tmp_path / "av.libs")
    for name, made in changed.items():
        assert made.stat().st_size < (site / "av.libs" / name).stat().st_size / 10
        shutil.copy(made, tmp_path / "av.libs" / name)
    asking = (
        "import av, io\n"
        "try:\n"
        "    av.open(io.BytesIO(), 'w', format='mp4').add_stream('libx264', rate=25).open()\n"
        "except av.FFmpegError as error:\n"
        "    print(av.__file__, 'refused')\n"
    )
    ran = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert ran.stdout.split() == [str(tmp_path / "av" / "__init__.py"), "refused"]


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (ENCODERS, "av.libs/libx264-d6533a8d.so.165"),
        (ENCODERS, "av/.dylibs/libx265.216.dylib"),
        (ENCODERS, "av.libs/libx264-165-f3a909470ddc2d85.dll"),
        (OLD_OPENSSL, "opencv_python_headless.libs/libssl-81259c47.so.1.1.1k"),
        (CUDA, "nvidia/cudnn/lib/libcudnn_graph.so.9"),
        (CUDA, "torchvision.libs/libnvjpeg.4a0b5c81.so.13"),
    ],
)
def test_what_is_packed_without_its_code(kind: Hollow, place: str) -> None:
    others = {ENCODERS, OLD_OPENSSL, CUDA} - {kind}

    assert kind.place.search(place)
    assert not any(other.place.search(place) for other in others)


@pytest.mark.parametrize("place", ["torch/lib/libtorch_cuda.so", "torch/lib/libtorch_cpu.so", "libssl.so.3"])
def test_what_keeps_its_code(place: str) -> None:
    assert not any(kind.place.search(place) for kind in (ENCODERS, OLD_OPENSSL, CUDA))


def test_without_a_card_is_what_nvidias_libraries_say() -> None:
    assert CUDA.answer("cudaGetDeviceCount") == CUDA.answer("ncclGetUniqueId") == "int 100"
    assert CUDA.answer("cudaGetErrorString") == 'const char * ""'
    assert CUDA.answer("__cudaRegisterFatBinary") == "void * 0"


def test_a_package_for_processors_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(hollow.PACKAGE_VARIABLE, raising=False)
    assert CUDA not in hollow.wanted()
    monkeypatch.setenv(hollow.PACKAGE_VARIABLE, "cpu")
    assert CUDA in hollow.wanted()
    monkeypatch.setenv(hollow.PACKAGE_VARIABLE, "gpu")
    with pytest.raises(ValueError, match="'gpu'"):
        hollow.wanted()


def test_types_of_other_systems_are_written_as_their_linkers_want_them() -> None:
    symbols = [Symbol("f", is_code=True), Symbol("t", is_code=False, size=12), Symbol("_ZTI3Own", is_code=False)]

    lines = stand_ins.written(symbols, lambda _name: "int 7").splitlines()

    assert "OFFER int f(void) { return 7; }" in lines
    assert "OFFER const char t[12] = {0};" in lines
    assert any('"3Own"' in line for line in lines)
    assert "#define OFFER __declspec(dllexport)" in lines


def test_without_a_compiler_the_build_says_what_brings_one(
    collected: list[hollow.Collected], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)

    with pytest.raises(NoStandIn, match="uv pip install ziglang"):
        hollow.hollowed(collected, [SECRET], tmp_path / "made")
