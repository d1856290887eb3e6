"""A video inside DICOM: MPEG-2, H.264 or HEVC as one stream over all fragments (PS3.5 8.2.5 to 8.2.12).

The stream decides where the header lies: in a container (MP4, transport or program stream) or bare; how many frames;
which matrix and range its colours have. Fragments are no frames here, and may be cut anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from fetalclip_app.domain.clip import FrameSource
from fetalclip_app.errors import ErrorCode, UnreadableFile
from fetalclip_app.imaging.files.joined import JoinedContent
from fetalclip_app.imaging.video import stream as video_stream
from fetalclip_app.imaging.video.reader import read_video


@dataclass(frozen=True, eq=False, slots=True)
class DicomVideo:
    """The frames of a stream.

    Attributes:
        rate_hz: As the stream states it; None where it does not.
    """

    source: FrameSource
    height: int
    width: int
    rate_hz: float | None


def video_of(joined: JoinedContent, codec: str, *, is_whole: bool) -> DicomVideo:
    """Return the video that fragments hold.

    Args:
        codec: FFmpeg's name of the decoder that the transfer syntax names.
        is_whole: The file does not break off within the pixel data.

    Raises:
        UnreadableFile: As `video.read_video` and `video_stream.index_of`.
        Exception: FFmpeg's own, on damaged input.
    """
    if joined.size == 0:
        raise UnreadableFile(ErrorCode.FILE_TRUNCATED, name=joined.path.name)
    if video_stream.is_bare(joined):
        index = video_stream.index_of(joined, codec, is_whole=is_whole)
        return DicomVideo(video_stream.StreamFrames(joined, index), index.height, index.width, index.rate_hz)
    clip = read_video(joined)
    return DicomVideo(clip.source, clip.height, clip.width, clip.rate.hz if clip.rate else None)
