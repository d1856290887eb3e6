"""Growth charts, large enough to read: a measure and a chart are chosen, every fetus's size is on it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from fetalclip_app.biometry.centiles import BPD_OF_CHART
from fetalclip_app.biometry.curves import CITATIONS, growth_curves
from fetalclip_app.domain.age import GestationalAge
from fetalclip_app.domain.biometry import Centile, Chart, Measure, NoCentile
from fetalclip_app.domain.study_table import FetusTable, StudyRow, StudyTable
from fetalclip_app.ui.growth.chart import Dot, GrowthChart, chart_spoken
from fetalclip_app.ui.parts import label, set_tone
from fetalclip_app.wording import growth as words
from fetalclip_app.wording import millimetres
from fetalclip_app.wording.by_hand import edges_name, measure_name, measure_title
from fetalclip_app.wording.translate import translate

MEASURES = (Measure.HC, Measure.BPD, Measure.OFD, Measure.AC, Measure.FL, Measure.EFW)


class ChartWindow(QDialog):
    """Shows one chart at a time.

    Signals:
        chart_chosen: The `Chart` that is shown from now on.
        asked: (FetusTable, StudyRow or None for the weight, widget): where does this size come from?
    """

    chart_chosen = Signal(object)
    asked = Signal(object, object, object)

    def __init__(self, parent: QWidget, chart: Chart) -> None:
        super().__init__(parent)
        self._table: StudyTable | None = None
        self.setWindowTitle(translate("Growth charts"))
        self.measure, self.whose = QComboBox(), QComboBox()
        self.measure.setAccessibleName(translate("Measure"))
        self.whose.setAccessibleName(translate("Chart"))
        for one in MEASURES:
            self.measure.addItem(measure_name_long(one), one)
        for known in Chart:
            self.whose.addItem(words.chart_name(known), known)
        self.whose.setCurrentIndex(self.whose.findData(chart))
        self.chart = GrowthChart()
        self.said, self.source = label(wrap=True), label(tone="muted", caption=True, wrap=True)
        self.said.setMinimumHeight(2 * self.said.fontMetrics().lineSpacing())
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.measure)
        line.addWidget(self.whose)
        line.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 16)
        whole.setSpacing(10)
        whole.addLayout(line)
        whole.addWidget(self.chart, 1)
        whole.addWidget(self.said)
        self.sources: list[QPushButton] = []
        self._asking = QHBoxLayout()
        self._asking.setSpacing(8)
        self._asking.addStretch(1)
        whole.addLayout(self._asking)
        whole.addWidget(self.source)
        self.measure.currentIndexChanged.connect(self._show)
        self.whose.currentIndexChanged.connect(self._choose)

    def choose(self, measure: Measure) -> None:
        """Show this measure."""
        self.measure.setCurrentIndex(self.measure.findData(measure))

    def show_table(self, table: StudyTable | None) -> None:
        """Show a study."""
        self._table = table
        self._show()

    def _forget_sources(self) -> None:
        for button in self.sources:
            self._asking.removeWidget(button)
            button.deleteLater()
        self.sources.clear()

    def _offer_source(self, name: str, fetus: FetusTable, row: StudyRow | None) -> None:
        button = QPushButton(translate("{name}: where this comes from", name=name))
        button.setAutoDefault(False)
        button.setProperty("quiet", True)
        button.clicked.connect(lambda: self.asked.emit(fetus, row, button))
        self._asking.insertWidget(len(self.sources), button)
        self.sources.append(button)

    @property
    def _chart(self) -> Chart:
        return Chart(self.whose.currentData())

    def _choose(self) -> None:
        self.chart_chosen.emit(self._chart)
        self._show()

    def _show(self) -> None:
        measure, chart, table = Measure(self.measure.currentData()), self._chart, self._table
        curves = growth_curves(chart, measure)
        dots, told, is_doubt = [], [], False
        self._forget_sources()
        for fetus in table.fetuses if table is not None else ():
            for name, size, found, row in _entries(fetus, measure, chart):
                self._offer_source(name, fetus, row)
                if not isinstance(found, NoCentile) or found not in _NO_PLACE:
                    dots.append(Dot(fetus.fetus, size, _weeks(table, found)))
                is_doubt = is_doubt or isinstance(found, NoCentile)
                value = words.grams(size) if measure is Measure.EFW else millimetres(size)
                reason = words.centile_reason(found)
                text = words.centile(chart, found, table.dating if table is not None else None)
                told.append(f"{name} {value}: {text}" + (f". {reason}" if reason else ""))
        said = "\n".join(told) or translate("Nothing of this is measured in this study.")
        set_tone(self.said, "doubt" if is_doubt else "" if told else "muted")
        self.said.setText(said)
        edges = f" ({edges_name(BPD_OF_CHART[chart])})" if measure is Measure.BPD else ""
        self.source.setText(
            f"{words.chart_name(chart)}{edges}: {CITATIONS[chart]}" if curves else words.no_chart(chart, measure)
        )
        unit = "g" if measure is Measure.EFW else "mm"
        self.chart.show_chart(curves, tuple(dots), unit, chart_spoken(self.measure.currentText(), said))


_NO_PLACE = frozenset({NoCentile.OTHER_DEFINITION, NoCentile.OTHER_FORMULA, NoCentile.NOT_ON_CHART})
"""A size of another definition is not drawn: its place would be read as one."""


def measure_name_long(measure: Measure) -> str:
    """Return a measure as the list of charts calls it: ``HC · Head circumference``."""
    if measure is Measure.EFW:
        return translate("EFW · Estimated weight")
    return f"{measure_name(measure)} · {measure_title(measure)}"


_Entry = tuple[str, float, Centile | NoCentile, StudyRow | None]


def _entries(fetus: FetusTable, measure: Measure, chart: Chart) -> list[_Entry]:
    """Return name, size, centile and row of what a fetus has of a measure; a weight has no row."""
    if measure is Measure.EFW:
        weight = fetus.weight
        named = words.of_fetus(fetus.fetus, measure_name(measure))
        return [(named, weight.weight_g, dict(weight.centiles)[chart], None)] if weight is not None else []
    rows = [row for row in fetus.rows if row.measure is measure and row.value is not None]
    return [
        (words.of_fetus(fetus.fetus, words.row_name(row)), row.value.size_mm, dict(row.centiles)[chart], row)
        for row in rows
        if row.value is not None
    ]


def _weeks(table: StudyTable | None, found: Centile | NoCentile) -> float | None:
    if table is None or isinstance(found, NoCentile) or not isinstance(table.age, GestationalAge):
        return None
    return table.age.weeks
