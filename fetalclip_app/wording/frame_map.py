"""What is said of the map of a study's frames."""

from __future__ import annotations

from fetalclip_app.wording.numbers import frame_number, percent
from fetalclip_app.wording.sources import unfamiliar_frame
from fetalclip_app.wording.translate import plural, translate
from fetalclip_app.wording.views import view_title


def map_counts(frames: int, clips: int) -> str:
    """Return how much the map shows."""
    of_clips = plural("of {count} clip", "of {count} clips", clips)
    return plural("{count} frame", "{count} frames", frames) + " " + of_clips


def map_left_out(waiting: int, others: int) -> str:
    """Return which clips of the study are not on the map; empty where all are.

    Args:
        waiting: Those that are not read.
        others: Those that another model or preprocessing read: their rows lie in another space.
    """
    said = []
    if waiting:
        said.append(plural("{count} clip is not read yet.", "{count} clips are not read yet.", waiting))
    if others:
        said.append(
            plural("{count} clip was read by another model.", "{count} clips were read by another model.", others)
        )
    return " ".join(said)


def map_meaning() -> str:
    """Return what must be known before a distance on the map is believed."""
    return translate("Distance in this picture is not distance in the model's space.")


def map_shares(shares: tuple[float, float]) -> str:
    """Return how much of what tells the frames apart the two axes show."""
    across, up = (percent(share) for share in shares)
    return translate("Principal components: {across} of the variance lies across, {up} upwards.", across=across, up=up)


def nothing_to_map() -> str:
    """Return why frames that were read have no map."""
    return translate("Too few frames, or all of them alike to the model: there is no map.")


def map_waits() -> str:
    """Return the sentence before any clip of the study was read."""
    return translate("The map comes after the reading.")


def point_told(clip: str, frame_index: int, frame_count: int, view_key: str, *, is_familiar: bool) -> str:
    """Return which frame a point is, and what is seen in it; ``view_key`` is empty where that is not known."""
    frame = frame_number(frame_index, frame_count)
    seen = (view_title(view_key) if view_key else "") if is_familiar else unfamiliar_frame()
    return " · ".join(filter(None, [clip, frame, seen]))
