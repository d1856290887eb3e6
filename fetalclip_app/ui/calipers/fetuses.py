"""Twins and more: how many fetuses a study shows, and whose scan each clip is."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from fetalclip_app.domain.notes import FETUSES
from fetalclip_app.ui.badges import Badge
from fetalclip_app.ui.commands import CLIP_OF_FETUS, FETUSES_IN_STUDY
from fetalclip_app.wording import by_hand as words
from fetalclip_app.wording import fetus_title
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class Fetuses(QObject):
    """Ties the study's menu, the badge, the list and the card to the notebook."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts, self._book = parts, parts.notebook
        for count, name in enumerate(FETUSES_IN_STUDY, start=1):
            parts.actions[name].triggered.connect(partial(self._count, count))
        for fetus, name in zip(FETUSES, CLIP_OF_FETUS, strict=True):
            parts.actions[name].triggered.connect(partial(self._give, fetus))
        parts.notebook.changed.connect(self._show)
        parts.clips.show_fetuses(parts.notebook.fetus_of)
        self._show()

    def _count(self, count: int, checked: bool = False) -> None:
        """Say how many fetuses the study shows; clips keep whose they were said to be."""
        study = self._book.study
        if study is not None:
            fetuses = FETUSES[:count] if count > 1 else ()
            self._book.change_study(translate("Number of fetuses"), replace(study, fetuses=fetuses))
        self._show()

    def _give(self, fetus: str, checked: bool = False) -> None:
        """Give the clip to a fetus; the same key again takes it back."""
        study, notes = self._book.study, self._book.clip
        if study is not None and notes is not None:
            if fetus in study.fetuses:
                given = "" if notes.fetus == fetus else fetus
                self._book.change_clip(translate("Fetus of the clip"), notes.with_fetus(given))
            elif study.fetuses:
                self._parts.telling.refused(*words.no_such_fetus(fetus, len(study.fetuses)))
            else:
                self._parts.telling.refused(*words.one_fetus())
        self._show()

    def _show(self) -> None:
        study, notes = self._book.study, self._book.clip
        count = max(len(study.fetuses), 1) if study is not None else 0
        for number, name in enumerate(FETUSES_IN_STUDY, start=1):
            self._parts.actions[name].setChecked(number == count)
        fetus = study.fetus_of(notes) if study is not None and notes is not None else ""
        for one, name in zip(FETUSES, CLIP_OF_FETUS, strict=True):
            self._parts.actions[name].setChecked(fetus == one)
        is_open = fetus is None
        text = words.whose_scan() if is_open else fetus_title(fetus) if fetus else ""
        badge = Badge(text, words.whose_meaning(fetus), is_doubt=is_open) if text else None
        self._parts.area.badges.show_whose(badge)
        self._parts.findings.head.show_whose(text, is_doubt=is_open)
        self._parts.clips.view.viewport().update()
