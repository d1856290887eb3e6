"""Measuring by hand in the window: what the hand draws becomes a note, and what is noted lies over its frame."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from fetalclip_app.biometry.values import length_of
from fetalclip_app.domain.biometry import BpdDefinition, Measure
from fetalclip_app.domain.notes import HandMeasurement, Line
from fetalclip_app.domain.overlay import Ellipse
from fetalclip_app.ui.calipers.hand import Drawn, Stage
from fetalclip_app.ui.calipers.proposals import LINES, OVALS, likely_measure, model_shape, view_of_frame
from fetalclip_app.ui.calipers.shapes import Oval
from fetalclip_app.ui.calipers.strip import CaliperStrip
from fetalclip_app.ui.calipers.whose import WhoseEnters
from fetalclip_app.ui.open_clip import OpenClip
from fetalclip_app.wording import by_hand as words
from fetalclip_app.wording.translate import translate

if TYPE_CHECKING:
    from fetalclip_app.ui.features import Parts


class Calipers(QObject):
    """Ties hand, strip and notebook."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts, self._book = parts, parts.notebook
        self._hand = parts.area.frame.hand
        self._entry: OpenClip | None = None
        self._frame = -1
        self._measure: Measure | None = None
        self._waits = False
        self._noted: Line | Ellipse | None = None
        self.strip = CaliperStrip(parts.area)
        parts.area.add_strip(self.strip)
        self._tie()
        WhoseEnters(parts, lambda: self._measure if self._hand.shape is not None else None)

    def _tie(self) -> None:
        parts, hand, strip = self._parts, self._hand, self.strip
        parts.actions["caliper"].triggered.connect(lambda: self._begin(Line))
        parts.actions["ellipse"].triggered.connect(lambda: self._begin(Oval))
        parts.actions["remove"].triggered.connect(self._remove)
        hand.changed.connect(self._tell)
        hand.settled.connect(self._stands)
        parts.session.clip_leaving.connect(hand.rest)
        hand.picked.connect(self._pick)
        hand.left.connect(strip.hide)
        strip.measure_chosen.connect(self._choose_measure)
        strip.edges_chosen.connect(self._choose_edges)
        strip.model_wanted.connect(self._begin_from_model)
        strip.keep_wanted.connect(self._stands)
        strip.remove_wanted.connect(self._remove)
        strip.given_up.connect(self.put_away)
        parts.notebook.changed.connect(self._show)
        parts.actions["outline"].triggered.connect(lambda is_on: None if is_on else self.put_away())
        parts.viewer.overlays_due.connect(self._show)
        parts.area.frame.line_changed.connect(lambda line: self.put_away() if line is not None else None)

    def put_away(self) -> None:
        """Let go of what is in hand."""
        had_focus = self.strip.isAncestorOf(self._parts.window.focusWidget() or self._parts.window)
        self._hand.put_away()
        self.strip.hide()
        if had_focus:
            self._parts.area.frame.setFocus()

    def _begin(self, kind: type[Line] | type[Oval]) -> None:
        """Take a new line or ellipse in hand; the same key again puts it away."""
        self._hand.rest()
        entry, at = self._parts.session.shown, self._parts.viewer.on_screen
        is_line = isinstance(self._hand.shape, Line)
        if self._hand.is_drawing and is_line is (kind is Line):
            self.put_away()
            return
        if entry is None or at is None or self._book.clip is None:
            said = translate("There is no picture to measure yet.")
            self._parts.telling.refused(said, translate("Wait until the frame is shown."))
            return
        self._parts.viewer.player.pause()
        if self._parts.actions["ruler"].isChecked():
            self._parts.actions["ruler"].trigger()
        self._entry, self._frame, self._waits = entry, at, False
        self._measure = likely_measure(view_of_frame(entry.known, at), kind)
        self._offer(kind)
        self._hand.begin(kind, entry.clip.width, entry.clip.height)
        self._show_choice()
        self.strip.open()
        self._parts.area.frame.setFocus()

    def _begin_from_model(self) -> None:
        entry = self._parts.session.shown
        shape = model_shape(entry.known, self._measure, self._frame) if entry is not None else None
        if entry is not None and shape is not None:
            self._hand.begin_from(shape, entry.clip.width, entry.clip.height)
            self._parts.area.frame.setFocus()

    def _offer(self, kind: type[Line] | type[Oval]) -> None:
        no_measure = translate("Length only") if kind is Line else translate("Circumference only")
        self.strip.offer(LINES if kind is Line else OVALS, no_measure=no_measure)

    def _show_choice(self) -> None:
        hand, entry = self._hand, self._parts.session.shown
        is_kept = hand.stage is Stage.KEPT
        proposed = model_shape(entry.known, self._measure, self._frame) if entry is not None else None
        can_begin = not is_kept and proposed is not None
        self.strip.show_choice(self._measure, self._edges(), is_kept=is_kept, can_begin=can_begin)
        self._tell()

    def _edges(self) -> BpdDefinition | None:
        """Return between which edges a BPD is: the kept one, else as last chosen; None where nobody was asked yet."""
        if self._measure is not Measure.BPD:
            return None
        kept = self._kept()
        return kept.bpd_definition if kept is not None else self._parts.choices.now.bpd_definition

    def _kept(self) -> HandMeasurement | None:
        return self._measured(self._hand.uid)

    def _measured(self, uid: str) -> HandMeasurement | None:
        notes = self._book.clip
        return next((one for one in notes.measured if one.uid == uid), None) if notes is not None else None

    def _tell(self) -> None:
        """Say beside the shape and in the strip how long it is now; the strip makes way for what is dragged."""
        frame, at = self._parts.area.frame, self._hand.held_at
        self.strip.give_way(
            frame.mapTo(self._parts.area, frame.viewport.to_screen(*at).toPoint()) if at is not None else None
        )
        result, entry = self._hand.result, self._parts.session.shown
        if result is None or entry is None:
            return
        measured = length_of(result, entry.clip.calibration)
        edges = self._edges()
        self._hand.say(
            words.drawn_text(self._measure, edges, measured, fetus=self._fetus()), is_doubt=measured.length_mm is None
        )
        hint, is_doubt = self._hint(), self._asks
        if measured.refusal is not None and not is_doubt:
            hint, is_doubt = words.why_pixels(measured.refusal), True
        self.strip.tell(words.drawn_text(self._measure, edges, measured), hint, is_doubt=is_doubt)

    @property
    def _asks(self) -> bool:
        """Whether something is missing that only a person knows."""
        return self._measure is Measure.BPD and self._edges() is None

    def _hint(self) -> str:
        if self._asks:
            return words.asks_edges()
        if self._measure is None:
            return words.not_kept()
        kept = self._kept()
        if (kept is not None and kept.begun_by_model) or (kept is None and self._hand.is_given):
            return words.begun_by_model()
        return words.how_to_draw(self._step())

    def _step(self) -> str:
        if self._hand.stage is Stage.NEW:
            return "line" if isinstance(self._hand.shape, Line) else "axis"
        return "width" if self._hand.stage is Stage.WIDTH else "kept"

    def _fetus(self) -> str:
        entry = self._parts.session.shown
        return (self._book.fetus_of(entry) or "") if entry is not None else ""

    def _stands(self) -> None:
        """Keep what the hand drew, or where it moved a kept measurement to."""
        shape, notes, kept = self._hand.result, self._book.clip, self._kept()
        if shape is None or notes is None:
            return
        if kept is not None:
            self._note(replace(kept, shape=shape), "move")
        elif self._hand.stage is Stage.KEPT or not self._is_here():
            return
        elif self._measure is not None and not self._asks:
            made = HandMeasurement(
                uuid.uuid4().hex,
                self._measure,
                self._frame,
                shape,
                self._book.act(),
                self._edges(),
                notes.fetus,
                begun_by_model=self._hand.is_given,
            )
            self._hand.uid, self._waits = made.uid, False
            self._note(made, "measure")
        else:
            self._waits = True  # for what it is, or for its edges

    def _note(self, one: HandMeasurement, what: str) -> None:
        """Note a measurement as the person's who drew or last changed it."""
        notes = self._book.clip
        if notes is not None and one not in notes.measured:
            by_now = replace(one, act=self._book.act())
            self._book.change_clip(words.act_text(one.measure, what), notes.with_measured(by_now))

    def _is_here(self) -> bool:
        """Whether the frame that is drawn is still the one that the hand began on."""
        return self._entry is self._parts.session.shown and self._frame == self._parts.viewer.on_screen

    def _choose_measure(self, measure: Measure | None) -> None:
        self._measure, kept = measure, self._kept()
        if kept is not None and measure is not None and measure is not kept.measure:
            edges = self._parts.choices.now.bpd_definition if measure is Measure.BPD else None
            if measure is not Measure.BPD or edges is not None:
                self._note(replace(kept, measure=measure, bpd_definition=edges), "change")
        self._answered()

    def _choose_edges(self, edges: BpdDefinition) -> None:
        """Take the answer between which edges; a line that waited for it is kept now."""
        self._parts.choices.keep(bpd_definition=edges)
        kept = self._kept()
        if kept is not None:
            self._note(replace(kept, measure=Measure.BPD, bpd_definition=edges), "change")
        self._answered()

    def _answered(self) -> None:
        self._show_choice()
        if self._waits:
            self._stands()

    def _remove(self) -> None:
        kept, notes = self._kept(), self._book.clip
        if kept is not None and notes is not None:
            self._book.change_clip(words.act_text(kept.measure, "remove"), notes.without_measured(kept.uid))
        elif self._hand.shape is not None:
            self.put_away()

    def _pick(self, uid: str) -> None:
        """Take a kept measurement in hand."""
        one, entry, at = self._measured(uid), self._parts.session.shown, self._parts.viewer.on_screen
        if one is None or entry is None or at is None:
            return
        self._entry, self._frame, self._measure = entry, at, one.measure
        self._hold(one)
        self._offer(Line if isinstance(one.shape, Line) else Oval)
        self._show_choice()
        self.strip.open()

    def _hold(self, one: HandMeasurement) -> None:
        clip = self._entry.clip if self._entry is not None else None
        if clip is not None:
            self._noted = one.shape
            self._hand.hold(one.uid, one.shape, clip.width, clip.height)

    def _show(self) -> None:
        """Lay over the frame what was measured on it, and let the hand follow what was undone."""
        viewer, notes = self._parts.viewer, self._book.clip
        found: Iterable[HandMeasurement] = notes.measured if notes is not None else ()
        here = [one for one in found if one.frame_index == viewer.on_screen]
        self._hand.show(tuple(self._drawn(one) for one in here) if viewer.shows_outline else ())
        if self._hand.shape is None:
            return
        if not self._is_here() or (self._hand.uid and self._hand.uid not in {one.uid for one in here}):
            self.put_away()
            return
        kept = self._kept()
        if kept is not None and (self._hand.stage is not Stage.KEPT or not self._hand.is_held):
            self._measure = kept.measure
            is_ahead = self._hand.is_waiting and kept.shape == self._noted
            if self._hand.stage is not Stage.KEPT or (self._hand.result != kept.shape and not is_ahead):
                self._hold(kept)
            self._noted = kept.shape
            self._show_choice()

    def _drawn(self, one: HandMeasurement) -> Drawn:
        entry = self._parts.session.shown
        measured = length_of(one.shape, entry.clip.calibration if entry is not None else None)
        text = words.drawn_text(one.measure, one.bpd_definition, measured, fetus=self._fetus())
        return Drawn(one.uid, one.shape, text, measured.length_mm is None)
