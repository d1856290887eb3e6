"""Dates the pregnancy by what a person enters."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from fetalclip_app.domain.dating import Dating
from fetalclip_app.ui.growth.dating_dialog import DatingDialog
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class Growth(QObject):
    """Ties dating and notebook."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts, self._book = parts, parts.notebook
        parts.actions["date"].triggered.connect(self._ask_dating)

    def _ask_dating(self) -> None:
        shown, study = self._parts.session.shown, self._book.study
        if shown is None or study is None:
            return
        dialog = DatingDialog(
            self._parts.window, study, exam_day=shown.group.origin.exam_day, who=self._parts.choices.now.operator
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.entered.connect(self._date)
        dialog.removed.connect(self._remove_dating)
        dialog.open()

    def _date(self, dating: Dating, exam_day: date | None) -> None:
        study = self._book.study
        if study is not None:
            stated = study.exam_day if exam_day is None else exam_day
            self._book.change_study(translate("Date the pregnancy"), replace(study, dating=dating, exam_day=stated))

    def _remove_dating(self) -> None:
        study = self._book.study
        if study is not None:
            self._book.change_study(translate("Remove the dating"), replace(study, dating=None))
