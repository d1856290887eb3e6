"""An engine that keeps nothing of the frames that it read: what is timed is the reading and not the memory of it."""

from __future__ import annotations

from dataclasses import replace

from fetalclip_app.inference.engine import Engine
from fetalclip_app.inference.frame_bank import FrameBank
from fetalclip_app.inference.load import load_engine
from fetalclip_app.inference.request import EngineRequest


def forgetful(engine: Engine) -> Engine:
    """Return the same engine without a memory of frames."""
    return replace(engine, frames=FrameBank(bytes_in_memory=0))


def load_forgetful(request: EngineRequest) -> Engine:
    """Return the engine that the request describes, without a memory of frames; for the model's process."""
    return forgetful(load_engine(request))
