"""Asks for the name under what a report says of a study; what is signed, and what follows from it, stands above."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from fetalclip_app.domain.sign_off import SealState, SignOff
from fetalclip_app.ui.parts import label, set_tone
from fetalclip_app.wording import sign_off as words
from fetalclip_app.wording.translate import translate

MOST_LETTERS = 64
"""What a DICOM name component holds."""


class SignDialog(QDialog):
    """One signature, given by a person, or withdrawn.

    Signals:
        signed: The name.
        withdrawn: The signature that there is goes.
    """

    signed = Signal(str)
    withdrawn = Signal()

    def __init__(self, parent: QWidget, study: words.ToSign, signed: SignOff | None, who: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Sign the report"))
        self.said = label("\n".join(words.what_is_signed(study)), wrap=True)
        self.state = label(words.how_it_stands(study.state, signed), wrap=True)
        set_tone(self.state, "" if study.state is SealState.SIGNED else "doubt")
        self.follows = label(words.signing_follows(), tone="muted", wrap=True)
        self.name = QLineEdit(who)
        self.name.setMaxLength(MOST_LETTERS)
        self.name.setAccessibleName(translate("Name under the report"))
        self.sign, self.withdraw = QPushButton(translate("Sign")), QPushButton(translate("Withdraw the signature"))
        self.sign.setProperty("primary", True)
        self.sign.setDefault(True)
        self.close_button = QPushButton(translate("Close"))
        for quiet in (self.withdraw, self.close_button):
            quiet.setProperty("quiet", True)
            quiet.setAutoDefault(False)
        self.withdraw.setEnabled(signed is not None)
        self._is_signed = study.state is SealState.SIGNED
        self._lay_out()
        self.name.textChanged.connect(self._look)
        self.sign.clicked.connect(self._sign)
        self.withdraw.clicked.connect(self._withdraw)
        self.close_button.clicked.connect(self.reject)
        self._look()
        (self.close_button if self._is_signed else self.name).setFocus()  # Return must not withdraw

    def _lay_out(self) -> None:
        named = QHBoxLayout()
        named.setSpacing(12)
        named.addWidget(label(translate("Name"), tone="muted"))
        named.addWidget(self.name, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.withdraw)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.sign)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(20, 16, 20, 16)
        whole.setSpacing(12)
        for widget in (self.state, self.said, self.follows):
            whole.addWidget(widget)
        whole.addStretch(1)
        whole.addLayout(named)
        whole.addLayout(buttons)
        self.setMinimumWidth(520)

    def _look(self) -> None:
        self.name.setEnabled(not self._is_signed)
        self.sign.setEnabled(not self._is_signed and bool(self.name.text().strip()))

    def _sign(self) -> None:
        self.signed.emit(" ".join(self.name.text().split()))
        self.accept()

    def _withdraw(self) -> None:
        self.withdrawn.emit()
        self.accept()
