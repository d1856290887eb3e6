"""The question and the frames that answer it, in the place of the list of clips until it is closed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from fetalclip_app.ui.asking.hit_rows import FoundFrame, HitDelegate, HitRows
from fetalclip_app.ui.asking.own_keys import OwnKeys
from fetalclip_app.ui.asking.question import Question, Reply
from fetalclip_app.ui.parts import close_button, label, set_tone
from fetalclip_app.ui.popover import Popover
from fetalclip_app.wording.asking import (
    background_source,
    captions_have,
    language_doubt,
    likeness_meaning,
    never_learned,
    not_read_yet,
)
from fetalclip_app.wording.translate import translate

_ARROWS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End)


class AskPanel(QFrame):
    """Lies over the list of clips, as large as it.

    Signals:
        asked: A `Question`: Return was pressed, or the other scope was chosen.
        chosen: A found frame (`FoundFrame`) to go to.
        closed: Escape or the cross.
    """

    asked = Signal(object)
    chosen = Signal(object)
    closed = Signal()

    def __init__(self, place: QWidget) -> None:
        super().__init__(place)
        self.setObjectName("clips")
        self.setAccessibleName(translate("Ask this scan"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._is_showing = False
        self.rows = HitRows()
        self.field = QLineEdit()
        self.field.setPlaceholderText(translate("Ask this scan …"))
        self.field.setAccessibleName(translate("What to look for, in English words"))
        self.field.returnPressed.connect(self._ask)
        self.scopes = QButtonGroup(self)
        self.close_cross = close_button(translate("Close the search"))
        self.close_cross.clicked.connect(self.closed)
        self.note = label(tone="muted", caption=True, wrap=True)
        self._words: tuple[str, ...] = ()
        self.words = QPushButton(translate("Words that it learned"))
        self.words.setProperty("quiet", True)
        self.words.clicked.connect(self._tell_words)
        self.words.hide()
        self.list = self._list()
        self.meaning = label(tone="muted", caption=True, wrap=True)
        for text in (self.note, self.meaning):
            text.setContentsMargins(8, 0, 8, 0)
            text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._lay_out()
        OwnKeys(self.field, {Qt.Key.Key_Escape: self.closed.emit, Qt.Key.Key_Down: self._to_list, Qt.Key.Key_Up: None})
        OwnKeys(
            self.list,
            {Qt.Key.Key_Escape: self.closed.emit, Qt.Key.Key_Return: self._go, Qt.Key.Key_Enter: self._go}
            | dict.fromkeys(_ARROWS),
        )
        place.installEventFilter(self)
        self.hide()

    def _list(self) -> QListView:
        made = QListView()
        made.setAccessibleName(translate("Frames, the most alike first"))
        made.setModel(self.rows)
        made.setItemDelegate(HitDelegate(made))
        made.setFrameShape(QFrame.Shape.NoFrame)
        made.setMouseTracking(True)
        made.setUniformItemSizes(True)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        made.setStyleSheet("QListView { background: transparent; outline: none; }")
        made.selectionModel().currentChanged.connect(self._current_changed)
        made.clicked.connect(self._choose)
        return made

    def _lay_out(self) -> None:
        heading = label(translate("Ask this scan"), tone="muted", caption=True)
        heading.setContentsMargins(8, 0, 0, 0)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(heading, 1)
        top.addWidget(self.close_cross)
        across = QHBoxLayout()
        across.setContentsMargins(8, 0, 8, 0)
        across.setSpacing(4)
        for number, text in enumerate((translate("This clip"), translate("Whole study"))):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setProperty("choice", True)
            self.scopes.addButton(button, number)
            across.addWidget(button)
        across.addStretch(1)
        self.scopes.button(0).setChecked(True)
        self.scopes.idClicked.connect(lambda _number: self._ask())
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 8)
        column.setSpacing(6)
        column.addLayout(top)
        line = QHBoxLayout()
        line.setContentsMargins(8, 0, 8, 0)
        line.addWidget(self.field)
        column.addLayout(line)
        column.addLayout(across)
        column.addWidget(self.note)
        column.addWidget(self.words, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.list, 1)
        column.addWidget(self.meaning)

    @property
    def question(self) -> Question:
        """What stands in the field."""
        return Question(self.field.text().strip(), whole_study=self.scopes.checkedId() == 1)

    def open(self, question: Question) -> None:
        """Show it with this question in the field; without words it waits for some."""
        self.field.setText(question.sentence)
        self.scopes.button(int(question.whole_study)).setChecked(True)
        if not question.sentence:
            self.show_nothing()
        self._fill_place()
        self.show()
        self.raise_()
        self.field.setFocus()
        self.field.selectAll()

    def show_nothing(self, text: str = "") -> None:
        """Show no frames, and perhaps why."""
        self._show_hits((), 0)
        set_tone(self.note, "muted")
        self.note.setText(text)
        self.note.setVisible(bool(text))
        self.meaning.setText("")
        self.words.hide()

    def show_trouble(self, text: str) -> None:
        """Show in amber why there is no answer."""
        self.show_nothing(text)
        set_tone(self.note, "doubt")

    def show_reply(self, reply: Reply, *, is_bundled: bool) -> None:
        """Show found frames, or why the sentence is not asked."""
        language = reply.language
        if reply.refused:
            vocabulary = language.vocabulary
            self._words = tuple(sorted(vocabulary.words)) if vocabulary is not None else ()
            self.show_trouble(never_learned(reply.refused, is_bundled=is_bundled))
            self.words.setVisible(bool(self._words))
            return
        self.words.hide()
        background = language.background
        self._show_hits(reply.hits, len(background) if background is not None else 0)
        doubts = [language_doubt(language, reply.question.sentence)]
        doubts += [not_read_yet(reply.unread)] if reply.unread else []
        text = " ".join(part for part in doubts if part)
        set_tone(self.note, "doubt" if text else "muted")
        self.note.setText(text)
        self.note.setVisible(bool(text))
        self.meaning.setText(likeness_meaning(language))
        self.meaning.setToolTip(background_source(background) if background is not None else "")

    def _show_hits(self, hits: tuple[FoundFrame, ...], background_size: int) -> None:
        current = self.list.currentIndex().data(Qt.ItemDataRole.UserRole)
        self._is_showing = True
        self.rows.show(hits, background_size)
        for row, hit in enumerate(hits):
            if current is not None and (hit.clip, hit.frame_index) == (current.clip, current.frame_index):
                self.list.setCurrentIndex(self.rows.index(row))
        self._is_showing = False

    def _ask(self) -> None:
        self.asked.emit(self.question)

    def _tell_words(self) -> None:
        rows = [(captions_have(len(self._words)), ", ".join(self._words))]
        Popover(self, self.words.text(), rows).open_beside(self.words)

    def _to_list(self) -> None:
        if self.rows.hits:
            self.list.setFocus()
            self.field.home(False)  # its beginning is what a person reads again
            if not self.list.currentIndex().isValid():
                self.list.setCurrentIndex(self.rows.index(0))

    def _current_changed(self, now: QModelIndex, before: QModelIndex) -> None:
        if not self._is_showing:
            self._choose(now)

    def _go(self) -> None:
        self._choose(self.list.currentIndex())

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self.rows.hits[index.row()])

    def _fill_place(self) -> None:
        place = self.parentWidget()
        assert place is not None
        self.setGeometry(place.rect())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the place."""
        if event.type() == QEvent.Type.Resize and watched is self.parentWidget():
            self._fill_place()
        return False
