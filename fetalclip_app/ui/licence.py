"""The licence of the released FetalCLIP weights: read and accepted before their first use."""

from __future__ import annotations

import hashlib

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from fetalclip_app.ui.parts import label
from fetalclip_app.ui.theme import text_font
from fetalclip_app.wording.translate import mark, translate

LICENCE_HTML = mark("""
<p><b>Creative Commons Attribution-NonCommercial 4.0 International (CC BY-NC 4.0)</b></p>
<p>The released FetalCLIP weights are not part of this program. Their authors publish them under CC BY-NC 4.0.
In short, and not in place of the licence itself:</p>
<ul>
<li>You may use, copy and adapt them, <b>but not for commercial purposes</b>.</li>
<li>Whoever uses or passes them on <b>names the authors</b>, links to the licence, and says what was changed.</li>
<li>You may not add terms or technical measures that keep others from what the licence allows.</li>
<li>They come as they are, without any warranty.</li>
</ul>
<p>The full text stands at https://creativecommons.org/licenses/by-nc/4.0/legalcode</p>
<p>To be cited: Maani et al. FetalCLIP: a visual-language foundation model for fetal ultrasound image analysis.
arXiv:2502.14807</p>
<p>For research only. Not for diagnosis.</p>
""")

LICENCE_SHA256 = hashlib.sha256(LICENCE_HTML.encode()).hexdigest()
"""What the settings keep once it was accepted: another text asks again."""


class LicenceDialog(QDialog):
    """Shows the licence; accepting needs a tick first."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Licence of the FetalCLIP weights"))
        self.setMinimumSize(600, 560)
        title = label(translate("Before the FetalCLIP weights are used"))
        title.setFont(text_font(16, text_font().Weight.DemiBold))
        text = QTextBrowser()
        text.setHtml(translate(LICENCE_HTML))
        text.setAccessibleName(translate("Licence"))
        self.tick = QCheckBox(translate("I have read this, and use the weights for non-commercial research only"))
        buttons = QDialogButtonBox(Qt.Orientation.Horizontal)
        self.accept_button = QPushButton(translate("Accept"))
        self.accept_button.setProperty("primary", True)
        self.accept_button.setEnabled(False)
        buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.AcceptRole)
        refuse = buttons.addButton(translate("Not now"), QDialogButtonBox.ButtonRole.RejectRole)
        refuse.setProperty("quiet", True)
        self.tick.toggled.connect(self.accept_button.setEnabled)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        for widget in (title, text, self.tick, buttons):
            column.addWidget(widget)
