"""Every age of a fetus on one axis, which of them differ, and what depends on what."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.study_table import FetusTable, ModelAge, StudyTable
from fetalclip_app.ui.growth.axis import CurveStrip, RowStrip, WeeksStrip
from fetalclip_app.ui.parts import Caption, indented, label
from fetalclip_app.ui.theme import CARD_INSIDE
from fetalclip_app.wording import ages as words
from fetalclip_app.wording import fetus_title
from fetalclip_app.wording.age_axis import AxisRow, axis_legend, axis_rows, axis_span, curve_name
from fetalclip_app.wording.dating import no_centile
from fetalclip_app.wording.translate import translate

_WIDTH, _BAR = 780, 10


class AgesWindow(QDialog):
    """Shows one fetus at a time.

    Signals:
        asked: (FetusTable, place among `axis_rows`, widget): where does this age come from?
    """

    asked = Signal(object, int, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._table: StudyTable | None = None
        self._shown_clip: int | None = None
        self._looked_at: tuple[int | None, str | None] = (None, None)
        self.setWindowTitle(translate("Ages on one axis"))
        self.whose = QComboBox()
        self.whose.setAccessibleName(translate("Fetus"))
        self.whose.currentIndexChanged.connect(self._show)
        self.values: list[Caption] = []
        self._drawn: tuple[object, ...] | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 16, 16, 16)
        self._column.setSpacing(10)
        self._column.addWidget(self.whose, 0, Qt.AlignmentFlag.AlignLeft)
        self._body = QScrollArea()
        self._body.setWidgetResizable(True)
        self._body.setAccessibleName(translate("Ages on one axis"))
        self._body.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._column.addWidget(self._body)
        self.resize(_WIDTH, 480)

    def show_table(self, table: StudyTable | None, clip: int | None) -> None:
        """Show a study; the curve is that of a clip, by its number, where it has an age.

        Where another clip is looked at than before, or it is another fetus's now, that fetus is chosen.
        """
        self._table, self._shown_clip = table, clip
        fetuses = table.fetuses if table is not None else ()
        names = [fetus.fetus for fetus in fetuses]
        self.whose.blockSignals(True)
        if names != [self.whose.itemData(place) for place in range(self.whose.count())]:
            self._looked_at = None, None
            self.whose.clear()
            for name in names:
                self.whose.addItem(fetus_title(name), name)
        mine = next((fetus.fetus for fetus in fetuses if clip in fetus.clips), None)
        if (clip, mine) != self._looked_at and mine is not None:
            self.whose.setCurrentIndex(names.index(mine))
        self._looked_at = clip, mine
        self.whose.blockSignals(False)
        self.whose.setVisible(table is not None and table.names_fetuses)
        self._show()

    @property
    def told(self) -> str:
        """All sentences below the axis."""
        return " ".join(one.text() for one in self._body.findChildren(QLabel) if one.wordWrap())

    def _fetus(self) -> FetusTable | None:
        fetuses = self._table.fetuses if self._table is not None else ()
        place = max(self.whose.currentIndex(), 0)
        return fetuses[place] if place < len(fetuses) else None

    def _show(self) -> None:
        """Make the body anew where it would be another: its rows are as many as there are ages."""
        table, fetus = self._table, self._fetus()
        content = self._content()
        if content == self._drawn:
            return
        self._drawn = content
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, _BAR, 0)
        column.setSpacing(6)
        self.values = []
        rows = axis_rows(table, fetus) if table is not None and fetus is not None else ()
        if table is None or fetus is None or not rows:
            column.addWidget(label(translate("Nothing says yet how old this fetus is."), tone="muted", wrap=True))
        else:
            column.addWidget(self._axis(table, fetus, rows))
            for text, tone in _sentences(table, fetus):
                column.addWidget(label(text, tone=tone, caption=tone == "muted", wrap=True))
        column.addStretch(1)
        self._body.setWidget(body)
        self._fit(column.totalHeightForWidth(self._body.viewport().width()))

    def _content(self) -> tuple[object, ...]:
        """Return what the body is made of; an estimate is another where its reading is."""
        table, fetus = self._table, self._fetus()
        if table is None or fetus is None:
            return ()
        curve = self._curve(fetus)
        drawn = None if curve is None else (curve.clip.number, curve.estimate)
        return fetus.fetus, axis_rows(table, fetus), drawn, _sentences(table, fetus)

    def _fit(self, wanted: int) -> None:
        """Be as high as what is shown, as far as the screen is."""
        margins = self._column.contentsMargins()
        around = margins.top() + margins.bottom() + 2
        around += self.whose.sizeHint().height() + self._column.spacing() if not self.whose.isHidden() else 0
        self.resize(self.width(), min(wanted + around, int(0.9 * self.screen().availableGeometry().height())))

    def _axis(self, table: StudyTable, fetus: FetusTable, rows: Sequence[AxisRow]) -> QWidget:
        surface = QFrame()
        surface.setProperty("card", True)
        grid = QGridLayout(surface)
        grid.setContentsMargins(CARD_INSIDE, CARD_INSIDE, CARD_INSIDE, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        curve = self._curve(fetus)
        estimate = curve.estimate if curve is not None else None
        span = axis_span(rows, estimate)
        dated = float(table.age.days) if isinstance(table.age, GestationalAge) else None
        place = 0
        if curve is not None and estimate is not None:
            grid.addWidget(indented(label(curve_name(curve, fetus), tone="muted", caption=True)), 0, 0)
            grid.addWidget(CurveStrip(span, dated, estimate), 0, 1)
            place = 1
        for number, row in enumerate(rows):
            grid.addWidget(indented(label(row.label)), place + number, 0)
            strip = RowStrip(span, dated, row)
            strip.setAccessibleName(f"{row.label}: {row.text}")
            grid.addWidget(strip, place + number, 1)
            grid.addWidget(self._value(number, row), place + number, 2)
        grid.addWidget(WeeksStrip(span), place + len(rows), 1)
        return surface

    def _value(self, number: int, row: AxisRow) -> Caption:
        value = Caption(row.label)
        value.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        value.setFixedWidth(max(value.fontMetrics().horizontalAdvance(row.text) + 16, 84))
        value.show_text(row.text, tip=row.remark, doubt=row.days is None)
        value.clicked.connect(lambda: self.asked.emit(self._fetus(), number, value))
        self.values.append(value)
        return value

    def _curve(self, fetus: FetusTable) -> ModelAge | None:
        ages = fetus.model_ages
        return next((one for one in ages if one.clip.number == self._shown_clip), ages[0] if ages else None)


def _sentences(table: StudyTable, fetus: FetusTable) -> list[tuple[str, str]]:
    """Return what is said below the axis, each with its tone: differences first."""
    told = [(axis_legend(axis_rows(table, fetus)), "muted")]
    told += [(text, "doubt") for text in words.differences(fetus)]
    source = words.difference_source(table, fetus)
    told += [(source, "muted")] if source else []
    if not isinstance(table.age, GestationalAge):
        told.append((no_centile(table.age), "doubt"))
    told += [(text, "muted") for text in (*words.scale_sources(fetus), *words.dependences(table, fetus))]
    return told
