"""Which theme the program wears, by the user's choice."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication

from fetalclip_app.settings import ThemeChoice
from fetalclip_app.ui import theme
from fetalclip_app.ui.choices import Choices
from fetalclip_app.ui.tokens import THEMES

THEME_COMMANDS: dict[ThemeChoice, str] = {choice: f"theme_{choice}" for choice in THEMES}


class Appearance(QObject):
    """Changes the theme while the program runs, and keeps the choice."""

    def __init__(self, choices: Choices, actions: Mapping[str, QAction], parent: QObject) -> None:
        super().__init__(parent)
        self._choices = choices
        group = QActionGroup(self)
        for choice, name in THEME_COMMANDS.items():
            group.addAction(actions[name])
            actions[name].setChecked(choice == choices.now.theme)
            actions[name].triggered.connect(lambda checked, choice=choice: self._wear(choice))

    def _wear(self, choice: ThemeChoice) -> None:
        self._choices.keep(theme=choice)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, THEMES[choice])
