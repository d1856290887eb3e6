"""The left part of the editor: the classes with their sentences, what changes them, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QStyle, QVBoxLayout, QWidget

from fetalclip_app.ui.parts import label, scrolled, set_tone, text_button
from fetalclip_app.ui.view_sets.draft_tree import DraftTree
from fetalclip_app.wording.translate import translate

Tool = tuple[str, Callable[[], object]]
"""What stands on a button, and what it does."""

_TREE_PX = 160
"""The tree is never lower: where many classes are but guesses, the part scrolls as a whole."""

_TOOLS_IN_A_ROW = 3


class DraftPane(QWidget):
    """Scrolls up and down where it is taller than the editor has room for."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self.version = label(version, tone="muted", caption=True)
        self.tree = DraftTree()
        self.tree.setMinimumHeight(_TREE_PX)
        self.notes = label(tone="muted", wrap=True, caption=True)
        self.notes.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.tools: list[QPushButton] = []
        self._tools = QGridLayout()
        self._tools.setSpacing(4)
        self._tools.setColumnStretch(_TOOLS_IN_A_ROW, 1)
        self._inside = QWidget()
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.version)
        column.addWidget(self.tree, 1)
        column.addLayout(self._tools)
        column.addWidget(self.notes)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(self._inside))

    def add_tools(self, tools: Iterable[Tool]) -> None:
        """Offer these; what they say is never cut."""
        for text, do in tools:
            button = text_button(text)
            button.clicked.connect(lambda checked=False, do=do: do())
            self._tools.addWidget(button, *divmod(len(self.tools), _TOOLS_IN_A_ROW))
            self.tools.append(button)
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        self.setMinimumWidth(self._inside.minimumSizeHint().width() + bar)

    def show_notes(self, said: Sequence[str], *, is_guarded: bool) -> None:
        """Say what is wrong; where nothing is, that every word is known, if it is known which words are."""
        set_tone(self.notes, "doubt" if said else "muted")
        self.notes.setText("\n".join(said) if said else translate("Every sentence is in words that the model knows."))
        self.notes.setVisible(bool(said) or is_guarded)
