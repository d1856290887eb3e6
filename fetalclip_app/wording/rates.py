"""How fast a cine plays, who says so, and what else its file says."""

from __future__ import annotations

from fetalclip_app.domain.timing import FrameRate, PlayMode, RateDoubt, RateRemark, RateSource
from fetalclip_app.wording.numbers import with_unit
from fetalclip_app.wording.translate import mark, translate

_RATE: dict[RateSource, str] = {
    RateSource.FRAME_TIME: mark("from the file's frame time"),
    RateSource.FRAME_TIME_VECTOR: mark("from the file's times of each frame"),
    RateSource.CINE_RATE: mark("from the file's cine rate"),
    RateSource.RECOMMENDED_RATE: mark("from the file's recommended display rate"),
    RateSource.CONTAINER: mark("from the video file"),
    RateSource.ASSUMED: mark("assumed: the file states none"),
}

_STATES: dict[RateSource, str] = {
    RateSource.FRAME_TIME: mark("The file's frame time"),
    RateSource.FRAME_TIME_VECTOR: mark("The file's list of frame times"),
    RateSource.CINE_RATE: mark("The file's cine rate"),
    RateSource.RECOMMENDED_RATE: mark("The file's recommended display rate"),
    RateSource.CONTAINER: mark("The rate in the video's header"),
    RateSource.ASSUMED: mark("The assumed rate"),
}

_MODES: dict[PlayMode, str] = {
    PlayMode.LOOP: mark("Loop"),
    PlayMode.SWEEP: mark("Forward and back"),
    PlayMode.ONCE: mark("Once"),
}


def rate_source(rate: FrameRate | None) -> str:
    """Return the frame rate and who says so: ``28.6 frames/s, from the file's frame time``."""
    if rate is None:
        return translate("Single picture")
    number = with_unit(f"{rate.hz:.1f}", translate("frames/s"))
    if rate.is_uneven:
        number = translate("{rate} on average, each frame at its own time").format(rate=number)
    return f"{number}, {translate(_RATE[rate.source])}"


def rate_told(rate: FrameRate | None) -> str:
    """Return `rate_source`, and a line for each thing in the file that says otherwise."""
    return "\n".join([rate_source(rate), *(rate_remark(each) for each in (rate.remarks if rate is not None else ()))])


def rate_remark(remark: RateRemark) -> str:
    """Return why something that the file states does not count: ``The file's cine rate says 30.0 frames/s.``"""
    what = translate(_STATES[remark.source])
    if remark.doubt is RateDoubt.WRONG_COUNT:
        return translate("{what} is not used: it holds another number of times than there are frames.").format(
            what=what
        )
    if remark.doubt is RateDoubt.NONSENSE or remark.hz is None:
        return translate("{what} is not used: no scanner takes pictures so.").format(what=what)
    says = with_unit(f"{remark.hz:.1f}", translate("frames/s"))
    return translate("{what} says something else: {rate}.").format(what=what, rate=says)


def play_mode(mode: PlayMode) -> str:
    """Return what follows the last frame: ``Forward and back``."""
    return translate(_MODES[mode])


def play_mode_of_file(mode: PlayMode) -> str:
    """Return that the file asks for this way of playing."""
    return translate("{mode}: the file asks for it.").format(mode=translate(_MODES[mode]))


def part_played(first: int, last: int, count: int) -> str:
    """Return which frames play, counted from 1: ``frames 12 to 40 of 87``; arguments are from 0."""
    return translate("frames {first} to {last} of {count}").format(first=first + 1, last=last + 1, count=count)


def trim_offered(first: int, last: int) -> str:
    """Return that the file names a part of the cine to be shown; arguments are from 0."""
    return translate("The file asks for frames {first} to {last} only; “Play the whole cine” plays them all.").format(
        first=first + 1, last=last + 1
    )
