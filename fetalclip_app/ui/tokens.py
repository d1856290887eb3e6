"""The colours of each theme, by what they are for."""

from __future__ import annotations

from dataclasses import dataclass, field

from fetalclip_app.settings import ThemeChoice

_OKABE_ITO: dict[str, str] = {
    "brain": "#56B4E9",
    "abdomen": "#E69F00",
    "femur": "#009E73",
    "heart": "#D55E00",
    "kidney": "#CC79A7",
    "lips_nose": "#F0E442",
    "profile": "#1A7DBD",
    "spine": "#B3B3B3",
    "cervix": "#8C6BB1",
}
"""Colour-blind safe, after Okabe and Ito 2008, the blue a step lighter to be told from a card.

Never without the view's letter.
"""

_DEEPER: dict[str, str] = {
    "brain": "#0F7DB8",
    "abdomen": "#B06E00",
    "femur": "#007A59",
    "heart": "#BF5300",
    "kidney": "#A94F84",
    "lips_nose": "#857A00",
    "profile": "#00507F",
    "spine": "#6E6E6E",
    "cervix": "#73529B",
}
"""The same hues, each dark enough to be told from white."""

_BRIGHTER: dict[str, str] = {
    **_OKABE_ITO,
    "femur": "#1FC598",
    "heart": "#FF7A1F",
    "profile": "#3D9BE0",
    "cervix": "#B08FE0",
}
"""The same hues, each bright enough for black in high contrast."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """One theme.

    Text, muted, accent, doubt, error and good keep 4.5:1 on base, panel and raised. Faint and edge are for lines;
    faint is also what cannot be pressed now.

    Attributes:
        canvas: Behind a frame: black in every theme, so that a scan looks the same in all of them.
        groove: What a bar or a slider fills.
        edge: One-pixel lines between parts.
        rim: Around a card.
        on_accent, on_doubt: Words on a surface of that colour.
        views: Colour of each bundled view.
    """

    canvas: str = "#000000"
    base: str = "#0F1115"
    panel: str = "#171A21"
    raised: str = "#222733"
    hover: str = "#2B3140"
    groove: str = "#0F1115"
    edge: str = "#222733"
    rim: str = "#222733"
    text: str = "#E6E9EF"
    muted: str = "#9AA3B2"
    faint: str = "#5B6474"
    accent: str = "#4FB3BF"
    accent_hover: str = "#63C3CE"
    on_accent: str = "#0B1416"
    doubt: str = "#E6A23C"
    on_doubt: str = "#000000"
    error: str = "#EC6A60"
    good: str = "#6BBF7B"
    views: dict[str, str] = field(default_factory=lambda: _OKABE_ITO)


DARK = Tokens()

LIGHT = Tokens(
    base="#F3F5F8",
    panel="#E8EBF0",
    raised="#FFFFFF",
    hover="#DCE2EA",
    groove="#DCE2EA",
    edge="#CDD4DE",
    rim="#D9DFE7",
    text="#14181F",
    muted="#4B5565",
    faint="#8B95A4",
    accent="#0B6672",
    accent_hover="#0E7A88",
    on_accent="#FFFFFF",
    doubt="#8A4B00",
    on_doubt="#FFFFFF",
    error="#A8201A",
    good="#1B6630",
    views=_DEEPER,
)

CONTRAST = Tokens(
    base="#000000",
    panel="#000000",
    raised="#0A0A0A",
    hover="#2A2A2A",
    groove="#4A4A4A",
    edge="#FFFFFF",
    rim="#FFFFFF",
    text="#FFFFFF",
    muted="#E0E0E0",
    faint="#9A9A9A",
    accent="#5CE1F0",
    accent_hover="#9BF0FA",
    on_accent="#000000",
    doubt="#FFC24D",
    on_doubt="#000000",
    error="#FF9A91",
    good="#86F09B",
    views=_BRIGHTER,
)
"""Text and signs keep 7:1."""

THEMES: dict[ThemeChoice, Tokens] = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST}
