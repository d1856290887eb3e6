"""Strips that float over the picture: the light, the heatmap's choices, the ruler's length."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from fetalclip_app.ui.asking.own_keys import OwnKeys
from fetalclip_app.ui.parts import close_button, label
from fetalclip_app.ui.qimage import Light
from fetalclip_app.ui.theme import text_font
from fetalclip_app.wording import method_title, where_not_why
from fetalclip_app.wording.translate import translate

_SLIDER_KEYS = (
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_Home, Qt.Key.Key_End),
)
"""While they move a slider they go to no other clip or frame."""


class Strip(QFrame):
    """A raised line over the picture. Pushes nothing aside.

    Signals:
        moved: It was shown, hidden or changed its size.
    """

    moved = Signal()

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self.setProperty("floating", True)
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.line = QHBoxLayout(self)
        self.line.setContentsMargins(12, 6, 8, 6)
        self.line.setSpacing(8)
        self.hide()

    def set_open(self, is_open: bool) -> None:
        """Show or hide it."""
        if is_open:
            self.open()
        else:
            self.hide()

    def dismiss(self) -> None:
        """Close it as Escape does."""
        self.hide()

    def open(self) -> None:
        """Show it."""
        self.show()
        self.adjustSize()
        self.moved.emit()
        self.raise_()


def _slider(name: str, low: int, high: int, value: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(low, high)
    slider.setValue(value)
    slider.setFixedWidth(96)
    slider.setAccessibleName(name)
    OwnKeys(slider, dict.fromkeys(_SLIDER_KEYS))
    return slider


class LightStrip(Strip):
    """Brightness and contrast, for the eye only.

    Signals:
        changed: A `Light`.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, translate("Brightness and contrast"))
        self.setToolTip(translate("For the eye only: the model sees the file's own picture."))
        self.brightness = _slider(translate("Brightness"), -100, 100, 0)
        self.contrast = _slider(translate("Contrast"), -100, 100, 0)
        reset = QPushButton(translate("Reset"))
        reset.setProperty("quiet", True)
        reset.clicked.connect(self.reset)
        for name, slider in ((translate("Brightness"), self.brightness), (translate("Contrast"), self.contrast)):
            self.line.addWidget(label(name, tone="muted"))
            self.line.addWidget(slider)
            slider.valueChanged.connect(self._tell)
        self.line.addWidget(reset)

    def reset(self) -> None:
        """Leave the picture as it is."""
        self.brightness.setValue(0)
        self.contrast.setValue(0)

    def _tell(self) -> None:
        self.changed.emit(Light(self.brightness.value() / 100, self.contrast.value() / 100))


class HeatStrip(Strip):
    """What the heatmap explains, by which method, how much it covers; and that it shows where, not why.

    Signals:
        method_changed: Key of the method.
        opacity_changed: 0 to 1.
    """

    method_changed = Signal(str)
    opacity_changed = Signal(float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, translate("Heatmap"))
        self.title = label()
        self.title.setFont(text_font(weight=text_font().Weight.DemiBold))
        self.methods = QComboBox()
        self.methods.setAccessibleName(translate("Method"))
        self.methods.currentIndexChanged.connect(self._method_chosen)
        self.opacity = _slider(translate("Opacity"), 10, 100, 50)
        self.opacity.valueChanged.connect(lambda value: self.opacity_changed.emit(value / 100))
        self.remark = label(where_not_why(), tone="muted", caption=True)
        first = QHBoxLayout()
        first.setSpacing(8)
        for widget in (self.title, self.methods, label(translate("Opacity"), tone="muted"), self.opacity):
            first.addWidget(widget)
        first.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addLayout(first)
        column.addWidget(self.remark)
        self.line.addLayout(column)

    @property
    def method(self) -> str:
        """Key of the chosen method; empty where the model offers none."""
        return str(self.methods.currentData() or "")

    def show_methods(self, keys: Sequence[str], chosen: str) -> None:
        """Offer these methods."""
        self.methods.blockSignals(True)
        self.methods.clear()
        for key in keys:
            self.methods.addItem(method_title(key), key)
        self.methods.setCurrentIndex(max(self.methods.findData(chosen), 0))
        self.methods.blockSignals(False)

    def show_title(self, text: str) -> None:
        """Say what is explained, or that it is being found."""
        if text != self.title.text():
            self.title.setText(text)
            self.adjustSize()
            self.moved.emit()

    def _method_chosen(self, index: int) -> None:
        if index >= 0:
            self.method_changed.emit(self.method)


class ScaleStrip(Strip):
    """States how long the ruler's line is.

    Signals:
        stated: Millimetres.
        given_up: No scale after all.
    """

    stated = Signal(float)
    given_up = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, translate("Length of the line"))
        self.told = label()
        self.length = QLineEdit()
        self.length.setFixedWidth(76)
        self.length.setAccessibleName(translate("Length in millimetres"))
        self.length.setPlaceholderText("mm")
        self.length.setValidator(QDoubleValidator(0.01, 10_000, 3, self.length))
        self.length.textChanged.connect(self._changed)
        self.length.returnPressed.connect(self._state)
        self.length.installEventFilter(self)
        self.button = QPushButton(translate("Set scale"))
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self._state)
        close = close_button(translate("Put the ruler away"))
        close.clicked.connect(self.given_up)
        for widget in (self.told, self.length, label("mm", tone="muted"), self.button, close):
            self.line.addWidget(widget)
        self._changed()

    def show_line(self, text: str, *, overrides: bool) -> None:
        """Say what the line is now; ``overrides`` where the file has a scale of its own."""
        self.told.setText(text)
        self.button.setText(translate("Override scale") if overrides else translate("Set scale"))
        self.button.setToolTip(translate("The file's own scale stays on record.") if overrides else "")
        self.adjustSize()
        self.moved.emit()

    def value_mm(self) -> float | None:
        """Return the stated length, or None while it is no positive number."""
        try:
            value = float(self.length.text().replace(",", "."))
        except ValueError:
            return None
        return value if 0 < value < 10_000 else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Escape put the ruler away from inside the field."""
        if event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined]
            self.given_up.emit()
            return True
        return super().eventFilter(watched, event)

    def _changed(self) -> None:
        self.button.setEnabled(self.value_mm() is not None)

    def _state(self) -> None:
        value = self.value_mm()
        if value is not None:
            self.stated.emit(value)
