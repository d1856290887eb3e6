"""Everything that can be done, with its key: one table for menus, buttons and the cheat sheet."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from fetalclip_app.ui.icons import wear
from fetalclip_app.wording.translate import mark, translate


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that can be done.

    Attributes:
        name: How code calls it.
        title: How the user reads it, in English; `said` is what is shown.
        keys: In Qt's portable form; the first is shown.
        group: Heading on the cheat sheet; empty for what stands there otherwise.
        is_switch: It is on or off.
        number: Which of several of one kind; the title names it.
    """

    name: str
    title: str
    keys: tuple[str, ...] = ()
    group: str = ""
    icon_name: str = ""
    is_switch: bool = False
    number: int = 0

    @property
    def said(self) -> str:
        """The title in the user's language."""
        return translate(self.title).format(number=self.number)

    @property
    def plain(self) -> str:
        """The same without the dots that say that a dialog follows."""
        return self.said.removesuffix(" …")


_CINE, _PICTURE, _READING, _FILES = mark("Cine and clips"), mark("Picture"), mark("Reading"), mark("Files and window")

BEST_FRAMES = tuple(f"best_{number}" for number in range(1, 10))
"""Commands that go to the best frame of the first view of the set, of the second, and so on."""

SIZES = {percent: f"size_{percent}" for percent in (100, 110, 125, 150, 175, 200, 250, 300)}
"""Commands that choose how large text and controls are, by per cent."""

FETUSES_IN_STUDY = tuple(f"fetuses_{number}" for number in range(1, 5))
"""Commands that say how many fetuses a study shows."""

CLIP_OF_FETUS = ("fetus_a", "fetus_b", "fetus_c", "fetus_d")
"""Commands that give the clip that is looked at to a fetus, or take it back from it."""

GRIDS = {1: "grid_1", 2: "grid_2", 3: "grid_3"}
"""Commands that hang so many panes in a row, and as many rows."""

COMMANDS: tuple[Command, ...] = (
    Command("play", "Play or pause", ("Space",), _CINE, "play"),
    Command("previous_clip", "Previous clip", ("Left",), _CINE),
    Command("next_clip", "Next clip", ("Right",), _CINE),
    Command("back", "Previous frame", ("Up",), _CINE, "back"),
    Command("forward", "Next frame", ("Down",), _CINE, "forward"),
    Command("back_ten", "Ten frames back", ("Shift+Up",), _CINE),
    Command("forward_ten", "Ten frames on", ("Shift+Down",), _CINE),
    Command("first", "First frame", ("Home",), _CINE),
    Command("last", "Last frame", ("End",), _CINE),
    Command("slower", "Slower", (",",), _CINE),
    Command("faster", "Faster", (".",), _CINE),
    Command("loop", "Loop, forward and back, or once", ("L",), _CINE, "loop"),
    Command("mark_a", "Play from here (A)", ("[",), _CINE),
    Command("mark_b", "Play up to here (B)", ("]",), _CINE),
    Command("unmark", "Play the whole cine", ("\\",), _CINE),
    *(
        Command(name, "Best frame of view {number}", (str(number),), number=number)
        for number, name in enumerate(BEST_FRAMES, start=1)
    ),
    Command("best_frames", "Best frames of this view", ("V",), _CINE),
    Command("keep_part", "Keep this part", ("K",), _CINE),
    Command("parts", "Parts that were kept", ("Shift+K",), _CINE),
    Command("mark_next", "A–B: play a part", (), "", "part", is_switch=True),
    Command("fit", "Fit", ("F",), _PICTURE, "fit"),
    Command("zoom_in", "Zoom in", ("+", "="), _PICTURE),
    Command("zoom_out", "Zoom out", ("-",), _PICTURE),
    Command("grid_1", "One clip", ("F6",), _PICTURE, "grid_1", is_switch=True),
    Command("grid_2", "Four clips", ("F7",), _PICTURE, "grid_2", is_switch=True),
    Command("grid_3", "Nine clips", ("F8",), _PICTURE, "grid_3", is_switch=True),
    Command("light", "Light", ("B",), _PICTURE, "light", is_switch=True),
    Command("planes", "Graphics of the file", ("D",), _PICTURE, is_switch=True),
    Command("picture_only", "Picture only", ("F11",), _PICTURE, is_switch=True),
    Command("measured", "Go to the measured frame", ("G",), _READING),
    Command("outline", "Outline and calipers", ("M",), _READING, "outline", is_switch=True),
    Command("caliper", "Measure a line", ("C",), _READING, "caliper"),
    Command("ellipse", "Measure an ellipse", ("E",), _READING, "ellipse"),
    Command("take_model", "Take the model's value", ("A",), _READING),
    Command("take_own", "Take your own value", ("Shift+A",), _READING),
    Command("measure_first", "Measure first: hide the model's values", ("Shift+M",), _READING, is_switch=True),
    Command("remove", "Remove what is selected", ("Del", "Backspace"), _READING),
    Command("date", "Date the pregnancy …", ("T",), _READING),
    Command("growth", "Growth charts", ("W",), _READING),
    Command("ages", "Ages on one axis", ("Shift+W",), _READING),
    *(
        Command(name, "Fetuses in this study: {number}", is_switch=True, number=number)
        for number, name in enumerate(FETUSES_IN_STUDY, start=1)
    ),
    Command("fetus_a", "The clip is of fetus A", ("Alt+A",), _READING, is_switch=True),
    Command("fetus_b", "The clip is of fetus B", ("Alt+B",), _READING, is_switch=True),
    Command("fetus_c", "The clip is of fetus C", ("Alt+C",), _READING, is_switch=True),
    Command("fetus_d", "The clip is of fetus D", ("Alt+D",), _READING, is_switch=True),
    Command("heatmap", "Where it looked", ("H",), _READING, "heatmap", is_switch=True),
    Command("earlier", "Earlier exam beside", ("X",), _READING, "earlier", is_switch=True),
    Command("map", "Map of the frames", ("U",), _READING, "map", is_switch=True),
    Command("ruler", "Ruler", ("R",), _READING, "ruler", is_switch=True),
    Command("regions", "Regions", ("S",), _READING, is_switch=True),
    Command("checklist", "Checklist", ("Q",), _READING),
    Command("item_next", "Next item of the checklist", ("Alt+Down",), _READING),
    Command("item_previous", "Previous item of the checklist", ("Alt+Up",), _READING),
    Command("item_go", "Go to the item's best frame", ("Alt+Return",), _READING),
    Command("item_seen", "Item: seen", ("Alt+1",), _READING),
    Command("item_doubtful", "Item: doubtful", ("Alt+2",), _READING),
    Command("item_missing", "Item: missing", ("Alt+3",), _READING),
    Command("item_unmarked", "Item: leave it to the clips", ("Alt+0",), _READING),
    Command("read_again", "Read again", ("Ctrl+R",), _READING),
    Command("cancel", "Stop reading", ("Ctrl+.",), _READING),
    Command("undo", "Undo", ("Ctrl+Z",), _READING),
    Command("redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), _READING),
    Command("open", "Open files …", ("O", "Ctrl+O"), _FILES, "file"),
    Command("open_folder", "Open a folder …", ("Ctrl+Shift+O",), _FILES, "open"),
    Command("find_study", "Find a study …", ("Ctrl+F",), _FILES, "search"),
    Command("sample", "Open the sample", (), "", "sample"),
    Command("close_clip", "Close the clip", ("Ctrl+W",), _FILES),
    Command("export_pdf", "PDF report …", ("P",), _FILES, "pdf"),
    Command("sign_report", "Sign the report …", ("Shift+P",), _FILES),
    Command("export_json", "Findings as JSON …", ("Ctrl+J",), _FILES, "json"),
    Command("export_dicom", "DICOM objects …", ("Ctrl+Shift+P",), _FILES, "layers"),
    Command("export_png", "Annotated picture (PNG) …", ("Ctrl+S",), _FILES, "picture"),
    Command("export_csv", "Numbers as a table (CSV) …"),
    Command("export_mp4", "Annotated clip (MP4) …"),
    Command("deidentify", "De-identify …", ("Ctrl+D",), _FILES),
    Command("ask", "Ask this scan …", ("/",), _READING, "search"),
    Command("edit_views", "Edit the view set of standard planes …"),
    Command("edit_brain_views", "Edit the view set of brain planes …"),
    Command("palette", "Ask or find a command", ("Ctrl+K",), _FILES, "search"),
    Command("operator", "Your name …"),
    Command("report_template", "Edit the report's template …"),
    Command("check_archive", "Check the archive"),
    Command("licences", "Licences and sources …"),
    Command("edit_keys", "Change the keys …", (), "", "keys"),
    Command("keys", "All keys", ("?", "F1"), _FILES, "keys"),
    Command("theme_dark", "Dark theme", (), "", is_switch=True),
    Command("theme_light", "Light theme", (), "", is_switch=True),
    Command("theme_contrast", "High contrast", (), "", is_switch=True),
    *(Command(name, "Size {number} %", is_switch=True, number=percent) for percent, name in SIZES.items()),
    Command("language_en", "Language: English", (), "", is_switch=True),
    Command("language_de", "Language: German", (), "", is_switch=True),
    Command("panel_clips", "List of clips", ("Ctrl+1",), _FILES, "clips", is_switch=True),
    Command("panel_findings", "Findings", ("Ctrl+2",), _FILES, "findings", is_switch=True),
    Command("copy_frame", "Copy the frame", ("Ctrl+C",), _PICTURE, "copy"),
    Command("print_frame", "Print the frame …", ("Ctrl+P",), _PICTURE, "print"),
    Command("dismiss", "Close what lies over the picture", ("Esc",), _FILES),
    Command("quit", "Quit", ("Ctrl+Q",), _FILES),
)

BY_NAME: dict[str, Command] = {command.name: command for command in COMMANDS}

NEEDS_CLIP = (
    *("copy_frame", "print_frame"),
    *("close_clip", "export_png", "deidentify", "ruler", "heatmap", "light", "fit", "read_again"),
    *("ask", "caliper", "ellipse", "take_model", "take_own", "remove"),
    *("date", "growth", "ages", *FETUSES_IN_STUDY),
)
"""Commands that can do nothing while no clip is open."""

NEEDS_READING = ("export_pdf", "export_dicom", "sign_report", "export_json", "export_csv", "export_mp4", "measured")
"""Commands that can do nothing before something was read."""

GROUPS = (_CINE, _PICTURE, _READING, _FILES)
"""Headings of the cheat sheet and of the editor, in this order."""


def actions(parent: QObject) -> dict[str, QAction]:
    """Return an action for each command, by name; `Keys` gives them their keys."""
    made: dict[str, QAction] = {}
    for command in COMMANDS:
        action = QAction(command.said, parent)
        action.setCheckable(command.is_switch)
        if command.icon_name:
            wear(action, command.icon_name)
        made[command.name] = action
    return made


def shown(key: str) -> str:
    """Return a key as it stands on this system's keyboard."""
    arrows = {
        "Left": "←",
        "Right": "→",
        "Up": "↑",
        "Down": "↓",
        "Shift+Up": translate("Shift ↑"),
        "Shift+Down": translate("Shift ↓"),
    }
    return arrows.get(key) or QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
