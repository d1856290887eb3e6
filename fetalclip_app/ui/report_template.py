"""Opens the report's template in the system's editor: the user's own, begun as a copy of the bundled one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from fetalclip_app import resources, settings
from fetalclip_app.atomic import write_bytes
from fetalclip_app.errors import ErrorCode, ExportFailed
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts

BUNDLED = "report/template.json"


class ReportTemplate(QObject):
    """Makes the file where there is none, and shows it."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._telling = parts.telling
        self.open_url: Callable[[QUrl], bool] = QDesktopServices.openUrl
        parts.actions["report_template"].triggered.connect(lambda checked=False: self.open())

    def open(self) -> None:
        """Open the user's template."""
        path = settings.template_file()
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                write_bytes(path, resources.path(BUNDLED).read_bytes())
        except ExportFailed as error:
            self._telling.trouble(error)
            return
        except OSError as error:
            problem = error.strerror or type(error).__name__
            self._telling.trouble(ExportFailed(ErrorCode.EXPORT_FAILED, name=str(path), problem=problem))
            return
        self.open_url(QUrl.fromLocalFile(str(path)))
        told = translate("The next report is made after {path}. Without it, after the bundled one.", path=path)
        self._telling.good(told)
