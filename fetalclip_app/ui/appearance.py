"""How the program looks and speaks, by the user's choice: theme, size, language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QLibraryInfo, QObject, QTranslator, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QApplication

from fetalclip_app.settings import ThemeChoice
from fetalclip_app.ui import icons, theme
from fetalclip_app.ui.choices import Choices
from fetalclip_app.ui.commands import SIZES
from fetalclip_app.ui.tokens import THEMES
from fetalclip_app.wording.translate import LANGUAGES, SOURCE, speaking, spoken, translate

THEME_COMMANDS: dict[ThemeChoice, str] = {choice: f"theme_{choice}" for choice in THEMES}


class Appearance(QObject):
    """Changes the theme at once, size and language with the next start, and keeps the choices.

    Signals:
        told: A sentence about what was chosen.
    """

    told = Signal(str)

    def __init__(self, choices: Choices, actions: Mapping[str, QAction], parent: QObject) -> None:
        super().__init__(parent)
        self._choices = choices
        themes = {name: partial(self._wear, choice) for choice, name in THEME_COMMANDS.items()}
        sizes = {name: partial(self._resize, percent) for percent, name in SIZES.items()}
        languages = {f"language_{language}": partial(self._speak, language) for language in LANGUAGES}
        now = choices.now
        self._offer(actions, themes, THEME_COMMANDS[now.theme])
        self._offer(actions, sizes, SIZES.get(now.size_percent, ""))
        self._offer(actions, languages, f"language_{now.language or spoken()}")

    def _offer(self, actions: Mapping[str, QAction], choices: Mapping[str, Callable[[], None]], chosen: str) -> None:
        group = QActionGroup(self)
        for name, choose in choices.items():
            group.addAction(actions[name])
            actions[name].setChecked(name == chosen)
            actions[name].triggered.connect(lambda checked, choose=choose: choose())

    def _wear(self, choice: ThemeChoice) -> None:
        self._choices.keep(theme=choice)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app, THEMES[choice])
        icons.renew()

    def _resize(self, percent: int) -> None:
        self._choices.keep(size_percent=percent)
        self.told.emit(translate("The size changes with the next start of the program."))

    def _speak(self, language: str) -> None:
        self._choices.keep(language=language)
        with speaking(language):
            self.told.emit(translate("The language changes with the next start of the program."))


def let_qt_speak(app: QApplication) -> None:
    """Let Qt's own dialogs and key names speak what the program speaks."""
    if spoken() != SOURCE:
        translator = QTranslator(app)
        if translator.load(f"qtbase_{spoken()}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
            app.installTranslator(translator)
