"""What goes into the packaged program, and what stays out: the only place that says so."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent

NAME, TITLE, IDENTIFIER = "FetalCLIP-Studio", "FetalCLIP Studio", "org.fetalclip.studio"
"""Of the program's file and folder, on the screen, and where a system wants one without spaces."""

LEFT_OUT_MODULES = (
    # Compilers for the graphics card and the processor: nothing here compiles (torch.compile, numba).
    *("triton", "numba", "llvmlite", "umap", "pynndescent"),
    # A faster road for the compact network where it is installed; its converter needs the compilers that are left out.
    *("openvino", "openvino_telemetry"),
    # Only adapters of a training need peft, which brings transformers along; open_clip and timm do without.
    *("peft", "transformers", "tokenizers", "accelerate"),
    # Model hubs on the internet, which this program never asks; the text reader cannot be imported without requests.
    *("huggingface_hub", "hf_xet", "httpx", "httpx2", "httpcore2", "aiohttp"),
    # TensorBoard's own window; a training only writes its files.
    *("tensorboard.main", "tensorboard.program", "tensorboard.default", "tensorboard_data_server", "grpc"),
    # Other windows than Qt's own, and Qt for those who have no PySide6.
    *("tkinter", "_tkinter", "qtpy", "PyQt5", "PyQt6", "PySide2", "IPython", "matplotlib.tests"),
    # Tests and tools of development.
    *("pytest", "_pytest", "py", "hypothesis", "_hypothesis_pytestplugin", "_hypothesis_ftz_detector"),
    *("mypy", "mypyc", "ruff", "pip", "setuptools", "pkg_resources", "wheel"),
    *("babel", "importlinter", "grimp", "xdist", "pytestqt", "PyInstaller", "bench", "tests", "ensurepip"),
    *("torch.utils.benchmark", "numpy.tests", "scipy.tests", "sklearn.tests", "lib2to3"),
    *(
        f"torch.testing._internal.{name}"  # torch itself needs three of its others
        for name in ("codegen", "common_utils", "data", "generated", "opinfo", "optests", "test_module")
    ),
    *("jsonschema", "referencing", "cyclonedx", "license_expression", "boolean", "defusedxml", "lief"),
    # What others would use where it happens to be installed, and here only tools of development bring along.
    *("rich", "pygments", "markdown_it", "mdurl", "psutil", "attr", "attrs"),
    *("pandas", "pyarrow", "polars", "onnx", "idlelib", "pydoc_data"),
    # Free only under the GPL or the AGPL: what links them would be, too. Nothing here needs a line editor or a dbm.
    *("readline", "_gdbm", "dbm.gnu", "_dbm", "dbm.ndbm", "curses", "_curses", "_curses_panel"),
)
"""Modules that are not packaged."""

_UNWANTED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(^|/)tests?/",
        r"\.(pyi|h|hpp|cuh|cpp|cmake|pxd|pyx|a|lib)$",
        r"^torch/(include|share|test)/",
        r"^torch/bin/(?!torch_shm_manager)",
        r"^torch/testing/_internal/",
        r"^(triton|transformers|umap|numba|peft|tensorboard_data_server)/",
        r"^tensorboard/webfiles\.zip$",
        r"^matplotlib/mpl-data/(sample_data|plot_directive)/",
        r"^qtawesome/fonts/(?!phosphor)",
        r"^(hypothesis|pytest|attrs|rich|psutil)-[^/]*\.dist-info/",
        r"^sklearn/datasets/(data|images|descr)/",
        r"^scipy/.*/(data|arrays)/.*\.(npz|dat)$",
        # Qt: other screens than a desktop's, QML, databases, debuggers, and all tongues but the program's two.
        r"^PySide6/Qt/plugins/(egldeviceintegrations|generic|qmltooling|qmllint|designer|sqldrivers|tls)/",
        r"^PySide6/Qt/plugins/(networkinformation|vectorimageformats|wayland-graphics-integration-server)/",
        r"^PySide6/Qt/plugins/platforms/libq(eglfs|linuxfb|minimalegl|vkkhrdisplay|vnc|minimal)\.so$",
        r"^PySide6/Qt/plugins/(platforminputcontexts/libqtvirtualkeyboard|platformthemes/libqgtk3|imageformats/libqpdf)",
        r"^(PySide6/Qt/lib/)?libQt6(Qml|Quick|VirtualKeyboard|Pdf|Sql|Test|Designer|Help|Lottie|Labs|EglF)",
        r"^PySide6/Qt/(qml|resources)/",
        r"^PySide6/Qt/translations/(?!qt(base)?_de\.qm$)",
        r"^lib(gtk|gdk|pango|cairo|atk|avahi|cups)[\w+.-]*\.so",
        r"^libmvec\.so",  # the C library's own, which must be the system's
    )
)

Collected = tuple[str, str, str]
"""The packager's (place below the program's folder, source, kind)."""

_LINKED = re.compile(r"^(PySide6/Qt/lib/)?lib(?!python)[^/]*\.so")
"""Where libraries lie that are there only because something else is linked against them."""


def is_wanted(place: str) -> bool:
    """Whether a file belongs into the program.

    Args:
        place: Where it would lie, below the program's folder, with forward slashes.
    """
    return not any(pattern.search(place) for pattern in _UNWANTED)


def sieved(collected: list[Collected]) -> list[Collected]:
    """Return those of the packager's (place, source, kind) that are wanted; a link goes with what it points at."""
    kept = []
    for place, source, kind in collected:
        target = PurePosixPath(place).parent / source if kind == "SYMLINK" else PurePosixPath(place.replace("\\", "/"))
        if is_wanted(place.replace("\\", "/")) and is_wanted(str(target)):
            kept.append((place, source, kind))
    return kept


def reached(binaries: list[Collected], imports_of: Callable[[str], Iterable[str]]) -> list[Collected]:
    """Return the binaries without the libraries that only what was left out is linked against.

    Args:
        imports_of: File -> the names of the libraries that it is linked against.
    """
    linked = {
        PurePosixPath(entry[0]).name: entry for entry in binaries if entry[2] == "BINARY" and _LINKED.match(entry[0])
    }
    todo = [source for place, source, kind in binaries if kind != "SYMLINK" and not _LINKED.match(place)]
    kept: set[str] = set()
    while todo:
        for name in imports_of(todo.pop()):
            if name in linked and name not in kept:
                kept.add(name)
                todo.append(linked[name][1])
    return [
        (place, source, kind)
        for place, source, kind in binaries
        if not _LINKED.match(place) or PurePosixPath(source if kind == "SYMLINK" else place).name in kept
    ]


def linked_against(library: str) -> list[str]:
    """Return the names of the libraries that a file of Linux is linked against itself."""
    told = subprocess.run(["objdump", "-p", library], capture_output=True, text=True, check=False).stdout
    return [line.split()[1] for line in told.splitlines() if line.strip().startswith("NEEDED")]


def version() -> str:
    """Return the program's version, without importing it."""
    text = (ROOT / "fetalclip_app" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'__version__ = "([^"]+)"', text)
    assert found is not None
    return found[1]
