"""Libraries that others are linked against, and whose code the program must not or need not hold.

Stand-ins of the same names and without any code take their places: whoever calls them is refused. What is linked by
none but them is left out altogether.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import stand_ins
from contents import Collected

PACKAGE_VARIABLE, FOR_PROCESSORS = "FETALCLIP_PACKAGE", "cpu"
"""``FETALCLIP_PACKAGE=cpu make package``: without NVIDIA's libraries, whichever PyTorch is installed."""


@dataclass(frozen=True, slots=True)
class Hollow:
    """Libraries without their code.

    Attributes:
        place: Where they lie in the program, with forward slashes.
        answers: (pattern of a function's name, what it returns in C): the first that fits; otherwise nothing, 0.
    """

    place: re.Pattern[str]
    answers: tuple[tuple[str, str], ...] = ()

    def answer(self, name: str) -> str:
        """Return the type and value in C that one of their functions returns."""
        return next((value for pattern, value in self.answers if re.match(pattern, name)), "void * 0")


ENCODERS = Hollow(re.compile(r"(^|/)(lib)?x26[45][\w.-]*\.(so|dylib|dll)", re.IGNORECASE))
"""x264 and x265 are free under the GPL alone. PyAV's wheels link FFmpeg (LGPL) against both; nothing here encodes with
them: no encoder is what they return."""

OLD_OPENSSL = Hollow(re.compile(r"^opencv_python_headless\.libs/lib(ssl|crypto)-"))
"""OpenCV's wheels bring OpenSSL 1.1, which nobody mends any more, for the network of an FFmpeg that is not used here:
no connection is what it returns."""

CUDA = Hollow(
    re.compile(
        r"^nvidia/.*\.so|^torchvision\.libs/lib(nvjpeg|cudart)\.|^torch/lib/lib(torch_cuda_linalg|caffe2_nvrtc)\.so"
    ),
    answers=(
        (r"cudaGetError(String|Name)$", 'const char * ""'),
        (r"(cu|nv|nccl)[a-z]*[A-Z]", "int 100"),  # of the runtime: cudaErrorNoDevice
    ),
)
"""NVIDIA's libraries, and what PyTorch loads only with them: there is no card, is what they return."""


def wanted() -> list[Hollow]:
    """Return what is packed without its code.

    Raises:
        ValueError: The environment asks for a package that there is not.
    """
    asked = os.environ.get(PACKAGE_VARIABLE, "")
    if asked not in {"", FOR_PROCESSORS}:
        raise ValueError(f"{PACKAGE_VARIABLE} is {asked!r}; it may be {FOR_PROCESSORS!r}, or not set.")
    return [ENCODERS, OLD_OPENSSL, *([CUDA] if asked else [])]


def hollowed(collected: list[Collected], kinds: Iterable[Hollow], folder: Path) -> list[Collected]:
    """Return the packager's (place, source, kind) with stand-ins where a library's code is to stay out.

    Raises:
        NoStandIn: One could not be made.
    """
    kinds = list(kinds)
    empty = {place: _hollow(place, kinds) for place, _source, kind in collected if kind != "SYMLINK"}
    if not any(empty.values()):
        return collected
    asking = [
        stand_ins.linked(Path(source))
        for place, source, kind in collected
        if kind in {"BINARY", "EXTENSION"} and empty[place] is None
    ]
    sources = {_name(place): Path(source) for place, source, _kind in collected if empty.get(place)}
    linked = {name for asked in asking for name in asked.libraries} & sources.keys()
    packed: dict[str, Collected] = {}
    for place, source, kind in collected:
        hollow, name = empty.get(place), _name(place)
        if hollow is None:
            packed[place] = (place, source, kind)
        elif name in linked:
            names = {one for asked in asking if name in asked.libraries for one in asked.names}
            behind = [sources[other] for other in _behind(Path(source), sources) - linked]
            made = stand_ins.stand_in(Path(source), names, folder / _own(place), answer=hollow.answer, behind=behind)
            packed[place] = (place, str(made), kind)
    return [entry for entry in packed.values() if entry[2] != "SYMLINK" or _target(entry) in packed]


def _behind(library: Path, sources: dict[str, Path]) -> set[str]:
    """Return which of some libraries come with one, because it or another of them is linked against them."""
    found: set[str] = set()
    todo = [library]
    while todo:
        new = (stand_ins.linked(todo.pop()).libraries & sources.keys()) - found
        found |= new
        todo += [sources[name] for name in new]
    return found


def _name(place: str) -> str:
    return _slashed(place).rpartition("/")[2]


def _target(link: Collected) -> str:
    """Return the place that a link points at."""
    place, source, _kind = link
    return os.path.normpath(str(PurePosixPath(_slashed(place)).parent / source))


def _hollow(place: str, kinds: list[Hollow]) -> Hollow | None:
    return next((kind for kind in kinds if kind.place.search(_slashed(place))), None)


def _own(place: str) -> str:
    """Return a folder's name for one stand-in: libraries of two packages may have one name."""
    return re.sub(r"\W+", "-", _slashed(place))


def _slashed(place: str) -> str:
    return place.replace("\\", "/")
