"""Names of views, tasks and methods."""

from __future__ import annotations

from fetalclip_app.domain.overlay import OF_NO_VIEW
from fetalclip_app.wording.translate import mark, translate

_VIEWS: dict[str, str] = {
    "abdomen": mark("Abdomen"),
    "brain": mark("Brain"),
    "femur": mark("Femur"),
    "heart": mark("Heart"),
    "kidney": mark("Kidney"),
    "lips_nose": mark("Lips and nose"),
    "profile": mark("Profile"),
    "spine": mark("Spine"),
    "cervix": mark("Cervix"),
    "trans-thalamic": mark("Trans-thalamic"),
    "trans-cerebellum": mark("Trans-cerebellar"),
    "trans-ventricular": mark("Trans-ventricular"),
}

_TASKS: dict[str, str] = {
    "views": mark("View"),
    "brain_views": mark("Brain plane"),
    "gestational_age": mark("Gestational age"),
    "head": mark("Head"),
    "measurements": mark("Lines"),
    "structures": mark("Structures"),
    "clip_labels": mark("Labels"),
    "whole_clip": mark("Whole clip"),
    "saliency": mark("Where it looked"),
}

_METHODS: dict[str, str] = {
    "gradcam": "Grad-CAM",
    "fasterscorecam": "Faster-Score-CAM",
    "scorecam": "Score-CAM",
    "eigencam": "EigenCAM",
}


def view_title(key: str) -> str:
    """Return a view's name; a user's own class keeps its key, made readable."""
    return translate(_VIEWS[key]) if key in _VIEWS else _readable(key)


def task_title(key: str) -> str:
    """Return what a task answers, as a heading."""
    return translate(_TASKS[key]) if key in _TASKS else _readable(key)


def method_title(key: str) -> str:
    """Return a heatmap method's name as its authors write it."""
    return _METHODS.get(key, _readable(key))


def heat_title(view_key: str, method: str, *, is_blank: bool = False) -> str:
    """Return what a heatmap shows; ``is_blank`` where it covers nothing."""
    if method in OF_NO_VIEW:
        return translate("Where it looked, whatever the view")
    said = mark("Nothing here speaks for {view}") if is_blank else mark("Where it looked for {view}")
    return translate(said, view=view_title(view_key))


def heat_explains(view_key: str, method: str) -> str:
    """Return ``Brain, Grad-CAM``: the view that a heatmap explains, and its method."""
    explained = translate("whatever the view") if method in OF_NO_VIEW else view_title(view_key)
    return f"{explained}, {method_title(method)}"


def _readable(key: str) -> str:
    words = key.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
