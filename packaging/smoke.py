"""Runs the packaged program as somebody who has nothing else: no Python on the path, no network, a difficult folder.

``python packaging/smoke.py dist/FetalCLIP-Studio`` moves the program into a folder with a space and an accent in its
name, cuts the network where the system lets it, and has the program open, analyse and export the sample in its window,
read pictures in every packing, de-identify, train, and quit. It ends with what did not hold, or with what it measured.
What the program is given is made here, with the checkout's libraries; the program itself sees none of them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import smoke_files  # noqa: E402 - lies here; needs the checkout, as above
import smoke_page  # noqa: E402

FOLDER = "Ein Bündel für Zoë"
"""Where the program lies while it is tried: a space and accents in its name."""

PATIENCE_S = 900


class Failed(Exception):
    """The packaged program does not do what it should."""


@dataclass
class Trial:
    """The program in its folder.

    Attributes:
        offline: Command that runs another without a network; empty where the system has none that may be used.
    """

    program: Path
    home: Path
    offline: tuple[str, ...]
    measured: dict[str, Any] = field(default_factory=dict)

    def run(self, *arguments: str, data: Path | None = None, screen: str = "") -> subprocess.CompletedProcess[str]:
        """Run the program and return what it said.

        Args:
            screen: The X server's screen on which its window opens; empty where nobody sees it.

        Raises:
            Failed: It ended otherwise than well.
        """
        environment = {
            "HOME": str(self.home),
            "PATH": "/nonexistent",
            "LANG": "C.UTF-8",
            **({"QT_QPA_PLATFORM": "xcb", "DISPLAY": screen} if screen else {"QT_QPA_PLATFORM": "offscreen"}),
            "FETALCLIP_STUDIO_HOME": str(self.home / "studio"),
        }
        if sys.platform == "win32":
            environment |= {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "USERPROFILE")}
        if data is not None:
            environment["FETALCLIP_DATA"] = str(data)
        ran = subprocess.run(
            [*self.offline, str(self.program), *arguments],
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
        if ran.returncode:
            raise Failed(
                f"{' '.join(arguments)} ended with {ran.returncode}:\n{ran.stdout[-2000:]}{ran.stderr[-4000:]}"
            )
        return ran


def starts(trial: Trial) -> None:
    """The program says its version; the second time its files are in memory."""
    for name in ("first", "second"):
        began = time.monotonic()
        told = trial.run("--version").stdout
        trial.measured[f"version_{name}_s"] = round(time.monotonic() - began, 2)
    trial.measured["version"] = told.strip()


def sits_at_the_window(trial: Trial) -> None:
    """The window opens the sample, the model reads it, the menu exports it, the window closes; nothing on stderr."""
    for name in ("first", "second"):
        trial.measured[f"window_{name}"] = _sitting(trial, f"window {name}", "")


def sits_at_a_screen(trial: Trial) -> None:
    """The same on a screen of an X server, where there is one to be had."""
    with _screen() as screen:
        if screen:
            _sitting(trial, "screen", screen)
    trial.measured["screen"] = "X server (Xvfb)" if screen else "not tried: Xvfb is missing"


def _sitting(trial: Trial, name: str, screen: str) -> dict[str, Any]:
    out = trial.home / name
    ran = trial.run("self-check", "--out", str(out), "--started", str(time.time()), screen=screen)
    if ran.stderr.strip():
        raise Failed(f"the window wrote on stderr:\n{ran.stderr}")
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    smoke_files.check_exports(out, told["exported"])
    if not told["device_on_screen"]:
        raise Failed("the window does not say where the model runs")
    return told


@contextmanager
def _screen() -> Iterator[str]:
    """Run an X server of our own and name its screen; an empty name where there is no server."""
    tool = shutil.which("Xvfb")
    if tool is None:
        yield ""
        return
    reading, writing = os.pipe()
    command = [tool, "-displayfd", str(writing), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        try:
            yield f":{number}"
        finally:
            server.terminate()


def reads_every_packing(trial: Trial) -> None:
    """The sample's head has its 176 mm in every packing that is not a video; a video plays, without a scale."""
    files = smoke_files.write_packings(trial.home / "packings")
    out = trial.home / "packings.json"
    trial.run("analyze", *map(str, files), "--json", str(out))
    smoke_files.check_readings(json.loads(out.read_text(encoding="utf-8")), files)
    trial.measured["packings"] = [file.stem for file in files]


def writes_dicom(trial: Trial) -> None:
    """The structured report and the other DICOM objects are written, by the libraries that only they need."""
    out = trial.home / "objects"
    trial.run("analyze", str(smoke_files.SAMPLE), "--json", str(trial.home / "objects.json"), "--dicom", str(out))
    trial.measured["dicom"] = smoke_files.check_objects(out)


def deidentifies(trial: Trial) -> None:
    """The text reader and its models are there."""
    out = trial.home / "copies"
    trial.run("deidentify", str(smoke_files.SAMPLE), "--out", str(out))
    log = json.loads((out / "deidentified.json").read_text(encoding="utf-8"))
    trial.measured["deidentified"] = len(list(out.rglob("*.dcm")))
    if not trial.measured["deidentified"]:
        raise Failed(f"nothing was de-identified: {log}")


def trains(trial: Trial) -> None:
    """A training of seconds, on made-up scans; help names the trainings as they are called here."""
    said = trial.run("train", "--help").stdout
    if not said.startswith(f"usage: {trial.program.name} train "):
        raise Failed(f"help names another program: {said.splitlines()[0]}")
    data = smoke_files.write_scans(trial.home / "made up scans")
    ran = trial.run("train", "run", "probe_planes", "--smoke", "--out", str(trial.home / "runs"), data=data)
    if ran.stderr.strip():
        raise Failed(f"the training wrote on stderr:\n{ran.stderr}")
    if not (trial.home / "runs" / "probe_planes_smoke" / "results.json").is_file():
        raise Failed("the training left no results")
    real = os.environ.get("FETALCLIP_DATA")
    if real:
        trial.run("train", "run", "compact", "--smoke", "--out", str(trial.home / "runs"), data=Path(real))
    trial.measured["trained"] = ["probe_planes", "compact"] if real else ["probe_planes"]


def leaves_nobody_behind(trial: Trial) -> None:
    """No process of the program is left."""
    if sys.platform != "linux":
        return
    mine = [path.parent.name for path in Path("/proc").glob("[0-9]*/exe") if _points_at(path, trial.program)]
    if mine:
        raise Failed(f"processes of the program are left: {', '.join(mine)}")


def _points_at(link: Path, program: Path) -> bool:
    try:
        return link.readlink() == program
    except OSError:
        return False


STEPS = (
    *(starts, sits_at_the_window, sits_at_a_screen, reads_every_packing, writes_dicom, deidentifies, trains),
    leaves_nobody_behind,
)


def offline() -> tuple[str, ...]:
    """Return the command that takes the network away, where one works here."""
    tool = shutil.which("unshare")
    for options in (("-n",), ("-r", "-n")) if tool else ():
        command = (str(tool), *options)
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    return ()


@contextmanager
def moved(folder: Path) -> Iterator[Path]:
    """Lay the program into a difficult folder for a while."""
    place = folder.parent / FOLDER
    folder.rename(place)
    try:
        yield place
    finally:
        place.rename(folder)


def measure(folder: Path) -> dict[str, Any]:
    """Return how large the program is."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return {"size_gb": round(sum(path.stat().st_size for path in files) / 1e9, 2), "files": len(files)}


def main() -> int:
    """Try the program and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the packaged program")
    parser.add_argument("--json", type=Path, help="where what was measured goes")
    parser.add_argument("--page", type=Path, help="Markdown into which it is written, between its marks")
    parser.add_argument("--only", choices=[step.__name__ for step in STEPS], help="one step alone")
    given = parser.parse_args()
    cut = offline()
    with moved(given.folder.resolve()) as place, tempfile.TemporaryDirectory(prefix="smoke ö ") as home:
        name = f"{given.folder.name}.exe" if sys.platform == "win32" else given.folder.name
        trial = Trial(place / name, Path(home), cut, measure(place))
        trial.measured["network"] = f"cut by `{Path(cut[0]).name} {' '.join(cut[1:])}`" if cut else "could not be cut"
        trial.measured["system"] = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
        for step in STEPS:
            if given.only in {None, step.__name__}:
                began = time.monotonic()
                try:
                    step(trial)
                except Failed as error:
                    sys.stderr.write(f"{step.__name__}: {error}\n")
                    return 1
                sys.stdout.write(f"{step.__name__}: {time.monotonic() - began:.0f} s\n")
    told = json.dumps(trial.measured, indent=1, ensure_ascii=False)
    sys.stdout.write(told + "\n")
    if given.json is not None:
        given.json.write_text(told + "\n", encoding="utf-8")
    if given.page is not None:
        smoke_page.write_page(given.page, trial.measured)
    return 0


if __name__ == "__main__":
    sys.exit(main())
