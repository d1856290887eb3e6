"""Dispatches a command line; the window is handed in, so that nothing here knows it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from fetalclip_app import settings
from fetalclip_app.cli.arguments import USAGE_ERROR, parse
from fetalclip_app.cli.speak import complain, say, tell
from fetalclip_app.errors import FetalClipError, InvalidInput
from fetalclip_app.wording.translate import speak, translate

OpenWindow = Callable[[Sequence[Path]], int]
"""Opens the window on these files and returns the exit status."""

WhyNoWindow = Callable[[], str]
"""Returns an empty text where a window really opens, else a sentence that says why none does."""

INTERRUPTED = 130


def main(arguments: Sequence[str], open_window: OpenWindow, *, why_no_window: WhyNoWindow) -> int:
    """Do what ``arguments`` say and return the exit status; no known error shows a traceback."""
    speak(settings.load().language)
    given = parse(arguments)
    try:
        return _dispatch(given, open_window, why_no_window)
    except InvalidInput as error:
        complain(given.prog, error)
        return USAGE_ERROR
    except FetalClipError as error:
        complain(given.prog, error)
        return 1
    except KeyboardInterrupt:
        say(translate("{program}: stopped; nothing was left half written.", program=given.prog))
        return INTERRUPTED


def _dispatch(given: argparse.Namespace, open_window: OpenWindow, why_no_window: WhyNoWindow) -> int:
    if given.command == "open":
        return open_window(given.paths)
    if given.command == "demo":
        return _demo(given, open_window, why_no_window)
    return _WITHOUT_WINDOW[given.command](given)


def _demo(given: argparse.Namespace, open_window: OpenWindow, why_no_window: WhyNoWindow) -> int:
    from fetalclip_app.cli import demo  # noqa: PLC0415

    reason = why_no_window()
    if not reason:
        return open_window([demo.sample()])
    say(f"{reason} " + translate("The bundled sample is analysed instead."))
    return demo.analyse_sample(given)


def _analyze(given: argparse.Namespace) -> int:
    from fetalclip_app.cli.analyze import analyze  # noqa: PLC0415

    return analyze(given)


def _verify(given: argparse.Namespace) -> int:
    from fetalclip_app.cli.verify import verify  # noqa: PLC0415

    return verify(given)


def _deidentify(given: argparse.Namespace) -> int:
    from fetalclip_app.cli.deidentify import deidentify  # noqa: PLC0415

    return deidentify(given)


def _archive(given: argparse.Namespace) -> int:
    from fetalclip_app.cli.archive import archive  # noqa: PLC0415

    return archive(given)


def _read_report(given: argparse.Namespace) -> int:
    from fetalclip_app.cli.read_report import read_report  # noqa: PLC0415

    return read_report(given)


def _fetch(given: argparse.Namespace) -> int:
    from fetalclip_app.inference.load import fetch_weights, released_terms  # noqa: PLC0415

    terms = released_terms()
    target = given.target / "FetalCLIP_weights.pt" if given.target.is_dir() else given.target
    use = translate("{title}, licence {licence}: not for commercial use.", title=terms.title, licence=terms.licence)
    say(f"{use} {terms.citation}")
    fetch_weights(target, report=_Percent(), accept_licence=given.accept_licence)
    tell(translate("Fetched and checked: {path}", path=target))
    return 0


class _Percent:
    """Says each further five per cent."""

    def __init__(self) -> None:
        self._said = -5

    def __call__(self, done: int, total: int) -> None:
        percent = 100 * done // max(total, 1)
        if percent >= self._said + 5:
            self._said = percent
            say(translate("{percent:3d}% of {size:.2f} GB", percent=percent, size=total / 1e9))


_WITHOUT_WINDOW: dict[str, Callable[[argparse.Namespace], int]] = {
    "analyze": _analyze,
    "verify": _verify,
    "deidentify": _deidentify,
    "archive": _archive,
    "read-report": _read_report,
    "fetch-weights": _fetch,
}
"""Commands by name. Their imports are late, so that ``--help`` and the window load nothing that they do not need."""
