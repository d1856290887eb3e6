"""Every pair of transfer syntax and photometric interpretation that an encoder here can write, and what must come out.

One formula picture, of which the truth is known, is written as each; `test_every_pixel.py` opens them all, and the
table in `docs/pixels.md` is printed from this list (`python tests/golden/print_pixels.py`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import dicom_files as files
import dicom_videos as videos
import htj2k_streams
import jpeg_ls
import numpy as np
from numpy.typing import NDArray
from pixel_truths import (
    FILM,
    GENTLE,
    GREY,
    GREY_RGB,
    LOSSY,
    NEAR,
    PALETTE,
    PALETTE_RGB,
    RGB,
    ROUNDED,
    SMOOTH,
    Case,
    Truth,
    grey,
    half_chroma,
    wide_truth,
    ycc,
)
from pydicom import uid
from pydicom.dataset import Dataset

from fetalclip_app.imaging.dicom.transfer_syntaxes import CODECS, Family

ENCAPSULATED_NATIVE = "1.2.840.10008.1.2.1.98"
VARIANTS = {"open": "bare, open groups", "mp4": "MP4", "ts": "transport stream", "ps": "program stream"}


def _native(path: Path, *, syntax: str, data: Dataset) -> Path:
    if syntax == uid.ExplicitVRBigEndian:
        return files.write_big_endian(path, data)
    if syntax == ENCAPSULATED_NATIVE:
        return files.encapsulated(path, data, [data.PixelData], syntax)
    return files.write(path, data, syntax)


def native_cases() -> Iterator[Case]:
    """Yield what is not compressed: each syntax with each interpretation."""
    kinds: tuple[tuple[str, str, Callable[[], Dataset], Truth, dict[str, Any]], ...] = (
        ("MONOCHROME2", "", grey, GREY_RGB, {}),
        ("MONOCHROME1", "", lambda: grey("MONOCHROME1"), 255 - GREY_RGB, {}),
        ("MONOCHROME2", "12 bits", lambda: grey(bits=12), wide_truth(12), {}),
        ("MONOCHROME2", "16 bits", lambda: grey(bits=16), wide_truth(16), {}),
        ("PALETTE COLOR", "", lambda: grey("PALETTE COLOR", **PALETTE), PALETTE_RGB, {}),
        ("RGB", "", lambda: files.dataset_of(RGB), RGB, {}),
        ("RGB", "in planes", lambda: files.dataset_of(RGB, PlanarConfiguration=1), RGB, {}),
        ("YBR_FULL", "", ycc, RGB, ROUNDED),
        ("YBR_FULL", "in planes", lambda: ycc(PlanarConfiguration=1), RGB, ROUNDED),
        ("YBR_FULL_422", "", lambda: half_chroma(SMOOTH, "YBR_FULL_422"), SMOOTH, ROUNDED),
        ("YBR_FULL_422", "never halved", lambda: ycc(photometric="YBR_FULL_422"), RGB, ROUNDED),
        ("YBR_PARTIAL_422", "", lambda: half_chroma(SMOOTH, "YBR_PARTIAL_422"), SMOOTH, {"largest": 5, "mean": 2.0}),
    )
    syntaxes = (
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRLittleEndian,
        uid.DeflatedExplicitVRLittleEndian,
        uid.ExplicitVRBigEndian,
        ENCAPSULATED_NATIVE,
    )
    for syntax in syntaxes:
        for photometric, variant, make, truth, bounds in kinds:
            if variant == "never halved" and syntax == ENCAPSULATED_NATIVE:
                continue  # it is told by the pixel data's length, which there is undefined
            yield Case(syntax, photometric, variant, partial(_late, _native, make, syntax=syntax), truth, **bounds)


def _late(writer: Callable[..., Path], make: Callable[[], Dataset], path: Path, **options: Any) -> Path:
    """Make the data set when the file is written, since writers change it."""
    return writer(path, data=make(), **options)


def _rle(path: Path, *, data: Dataset) -> Path:
    return files.compressed(path, data, uid.RLELossless)


def _rle_labelled(path: Path, *, data: Dataset, **tags: Any) -> Path:
    """Write, then change what the header says of it."""
    files.compressed(path, data, uid.RLELossless)
    for keyword, value in tags.items():
        setattr(data, keyword, value)
    return files.write(path, data, uid.RLELossless)


def rle_cases() -> Iterator[Case]:
    """Yield run lengths: planes always, whatever the header says of them."""
    case = partial(Case, uid.RLELossless)
    half = {"PhotometricInterpretation": "YBR_FULL_422"}
    yield case("MONOCHROME2", "", partial(_late, _rle, grey), GREY_RGB)
    yield case("MONOCHROME1", "", partial(_late, _rle, lambda: grey("MONOCHROME1")), 255 - GREY_RGB)
    yield case("MONOCHROME2", "16 bits", partial(_late, _rle, lambda: grey(bits=16)), wide_truth(16))
    yield case("PALETTE COLOR", "", partial(_late, _rle, lambda: grey("PALETTE COLOR", **PALETTE)), PALETTE_RGB)
    for planar in (0, 1):
        write = partial(_late, _rle_labelled, lambda: files.dataset_of(RGB), PlanarConfiguration=planar)
        yield case("RGB", f"planar configuration {planar}", write, RGB)
    yield case("YBR_FULL", "", partial(_late, _rle, ycc), RGB, **ROUNDED)
    yield case("YBR_FULL_422", "never halved", partial(_late, _rle_labelled, ycc, **half), RGB, **ROUNDED)


def jpeg_cases() -> Iterator[Case]:
    """Yield what libjpeg writes, and the lossless process."""
    for syntax, process in ((uid.JPEGBaseline8Bit, 0xC0), (uid.JPEGExtended12Bit, 0xC1)):
        case = partial(Case, syntax)
        stream = partial(_jpeg, syntax=syntax, process=process)
        yield case("MONOCHROME2", "", partial(stream, data=grey, picture=GREY), GREY_RGB, **LOSSY)
        one = partial(grey, "MONOCHROME1")
        yield case("MONOCHROME1", "", partial(stream, data=one, picture=GREY), 255 - GREY_RGB, **LOSSY)
        full = partial(files.dataset_of, RGB, "YBR_FULL")
        yield case("YBR_FULL", "", partial(stream, data=full, picture=RGB), RGB, **LOSSY)
        half = partial(files.dataset_of, RGB, "YBR_FULL_422")
        yield case("YBR_FULL_422", "", partial(stream, data=half, picture=GENTLE, subsampling=1), GENTLE, **LOSSY)
        old = partial(files.dataset_of, RGB, "YBR_PARTIAL_420")
        yield case("YBR_PARTIAL_420", "", partial(stream, data=old, picture=GENTLE, subsampling=2), GENTLE, **LOSSY)
        rgb = partial(files.dataset_of, RGB, "RGB")
        yield case("RGB", "lettered", partial(stream, data=rgb, picture=RGB, keep_rgb=True), RGB, **LOSSY)
        yield case("RGB", "but YCbCr", partial(stream, data=rgb, picture=RGB), RGB, **LOSSY)
    for syntax in (uid.JPEGLossless, uid.JPEGLosslessSV1):
        case, lossless = partial(Case, syntax), partial(_late, partial(files.jpeg_lossless, syntax=syntax))
        yield case("MONOCHROME2", "", partial(lossless, grey), GREY_RGB)
        yield case("MONOCHROME1", "", partial(lossless, partial(grey, "MONOCHROME1")), 255 - GREY_RGB)
        yield case("PALETTE COLOR", "", partial(lossless, partial(grey, "PALETTE COLOR", **PALETTE)), PALETTE_RGB)
        yield case("RGB", "", partial(lossless, partial(files.dataset_of, RGB)), RGB)
        yield case("YBR_FULL", "", partial(lossless, ycc), RGB, **ROUNDED)


def _jpeg(  # one keyword for each thing that a JPEG depends on
    path: Path, *, syntax: str, process: int, data: Callable[[], Dataset], picture: NDArray[Any], **options: Any
) -> Path:
    stream = files.jpeg_stream(picture, **options)
    return files.encapsulated(path, data(), [stream.replace(b"\xff\xc0\x00", bytes((0xFF, process, 0)), 1)], syntax)


def _jls(path: Path, *, data: Dataset, syntax: str, interleave: int | None = None) -> Path:
    shape = (data.Rows, data.Columns, 3) if data.SamplesPerPixel == 3 else (data.Rows, data.Columns)
    values = np.frombuffer(data.PixelData, f"<u{data.BitsAllocated // 8}").reshape(shape)
    near = NEAR if syntax == uid.JPEGLSNearLossless else 0
    stream = jpeg_ls.encode_array(values, lossy_error=near, interleave_mode=interleave)
    return files.encapsulated(path, data, [bytes(stream)], syntax)


def _grey_cases(case: Callable[..., Case], write: Callable[..., Path], bounds: dict[str, Any]) -> Iterator[Case]:
    """Yield what has one sample a pixel; a palette only where its entries come back exactly."""
    yield case("MONOCHROME2", "", partial(write, grey), GREY_RGB, **bounds)
    yield case("MONOCHROME1", "", partial(write, partial(grey, "MONOCHROME1")), 255 - GREY_RGB, **bounds)
    yield case("MONOCHROME2", "12 bits", partial(write, partial(grey, bits=12)), wide_truth(12), **bounds)
    yield case("MONOCHROME2", "16 bits", partial(write, partial(grey, bits=16)), wide_truth(16), **bounds)
    if not bounds:
        yield case("PALETTE COLOR", "", partial(write, partial(grey, "PALETTE COLOR", **PALETTE)), PALETTE_RGB)


def jpeg_ls_cases() -> Iterator[Case]:
    """Yield CharLS' streams: its three ways of laying colours."""
    for syntax in (uid.JPEGLSLossless, uid.JPEGLSNearLossless):
        exact = syntax == uid.JPEGLSLossless
        write = partial(_late, partial(_jls, syntax=syntax))
        bounds: dict[str, Any] = {} if exact else {"largest": NEAR, "mean": NEAR}
        case = partial(Case, syntax)
        yield from _grey_cases(case, write, bounds)
        for interleave, order in enumerate(("by line", "by pixel"), 1):
            rgb = partial(files.dataset_of, RGB)
            yield case("RGB", order, partial(write, rgb, interleave=interleave), RGB, **bounds)
        loss = ROUNDED if exact else {"largest": 8, "mean": 3.0}
        yield case("YBR_FULL", "", partial(write, ycc, interleave=2), RGB, **loss)


def _j2k(path: Path, *, data: Dataset, syntax: str, label: str = "", **options: Any) -> Path:
    """Write with OpenJPEG; ``label`` is what the header calls it afterwards."""
    files.compressed(path, data, syntax, **options)
    data.PhotometricInterpretation = label or data.PhotometricInterpretation
    return files.write(path, data, syntax)


def jpeg_2000_cases() -> Iterator[Case]:
    """Yield OpenJPEG's streams, with and without the component transform."""
    for syntax, transformed in ((uid.JPEG2000Lossless, "YBR_RCT"), (uid.JPEG2000, "YBR_ICT")):
        exact = syntax == uid.JPEG2000Lossless
        options: dict[str, Any] = {} if exact else {"j2k_cr": [4]}
        bounds: dict[str, Any] = {} if exact else LOSSY
        write = partial(_late, partial(_j2k, syntax=syntax, **options))
        case = partial(Case, syntax)
        yield from _grey_cases(case, write, bounds)
        yield case(transformed, "", partial(write, partial(files.dataset_of, RGB, transformed)), RGB, **bounds)
        yield case("RGB", "", partial(write, partial(files.dataset_of, RGB)), RGB, **bounds)
        lie = partial(write, partial(files.dataset_of, RGB, transformed), label="YBR_FULL")
        yield case("YBR_FULL", "but transformed", lie, RGB, **bounds)
        loss = ROUNDED if exact else LOSSY
        yield case("YBR_FULL", "", partial(write, ycc), RGB, **loss)


def _htj2k(path: Path, *, data: Callable[[], Dataset], syntax: str, stream: str) -> Path:
    return files.encapsulated(path, data(), [base64.b64decode(stream)], syntax)


def htj2k_cases() -> Iterator[Case]:
    """Yield high-throughput streams, which nothing that the program depends on can write: they lie ready."""
    for syntax in (uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K):
        write = partial(partial, _htj2k, syntax=syntax)
        rgb = partial(files.dataset_of, htj2k_streams.RGB)
        yield Case(syntax, "RGB", "", write(data=rgb, stream=htj2k_streams.LOSSLESS_RGB), htj2k_streams.RGB)
        one = partial(files.dataset_of, htj2k_streams.GREY, "MONOCHROME2")
        truth = np.repeat(htj2k_streams.GREY[..., None], 3, axis=2)
        yield Case(syntax, "MONOCHROME2", "", write(data=one, stream=htj2k_streams.LOSSLESS_GREY), truth)
    rct = partial(files.dataset_of, htj2k_streams.RGB, "YBR_ICT")
    lossy = partial(_htj2k, data=rct, syntax=uid.HTJ2K, stream=htj2k_streams.LOSSY_RGB)
    yield Case(uid.HTJ2K, "YBR_ICT", "", lossy, htj2k_streams.RGB, **LOSSY)


def _video(path: Path, *, syntax: str, kind: str) -> Path:
    return videos.write(path, videos.FILMS[kind].encoded(), syntax)


def video_cases() -> Iterator[Case]:
    """Yield films, bare and in containers."""
    kinds = {
        "mpeg2video": ("mpeg2", "mpeg2 ts", "mpeg2 ps"),
        "h264": ("h264", "h264 open", "h264 mp4", "h264 ts"),
        "hevc": ("hevc", "hevc open", "hevc mp4"),
    }
    for syntax, codec in CODECS.items():
        if codec.family is Family.VIDEO:
            for kind in kinds[codec.plugin]:
                write = partial(_video, syntax=syntax, kind=kind)
                variant = VARIANTS.get(kind.partition(" ")[2], "bare")
                yield Case(syntax, "YBR_PARTIAL_420", variant, write, videos.picture(0), **FILM)


def cases() -> tuple[Case, ...]:
    """Return all of them, in the order of the page."""
    stills = (native_cases, jpeg_cases, jpeg_ls_cases, jpeg_2000_cases, htj2k_cases, rle_cases)
    makers = (*stills, video_cases)
    return tuple(case for maker in makers for case in maker())
