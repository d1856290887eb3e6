"""What the user chose survives; a damaged file costs nothing but the choices."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from fetalclip_app import settings
from fetalclip_app.domain.timing import PlayMode
from fetalclip_app.settings import RECENT_LIMIT, Settings


def test_what_is_saved_is_loaded() -> None:
    chosen = Settings(
        model="fetalclip", weights=Path("w.pt"), device="cpu", licence_accepted="ab", play_mode=PlayMode.SWEEP
    )
    settings.save(chosen)

    assert settings.load() == chosen
    assert [path.name for path in settings.folder().iterdir()] == ["settings.json"]


def test_without_a_file_the_defaults_hold() -> None:
    assert settings.load() == Settings()


@pytest.mark.parametrize("content", [b"", b"{", b'{"device": "abacus"}', b"\xff\x00"])
def test_a_damaged_file_is_set_aside(content: bytes) -> None:
    settings.folder().mkdir(parents=True)
    settings.file().write_bytes(content)

    assert settings.load() == Settings()
    assert (settings.folder() / "settings.damaged.json").read_bytes() == content
    assert not settings.file().exists()


def test_an_unknown_field_of_a_later_version_is_no_damage() -> None:
    settings.folder().mkdir(parents=True)
    settings.file().write_text('{"device": "cpu", "from_the_future": 1}', encoding="utf-8")

    assert settings.load() == Settings(device="cpu")


def test_recent_files_are_few_and_each_stands_once() -> None:
    chosen = Settings()
    for number in [*range(RECENT_LIMIT + 5), 3]:
        chosen = chosen.with_recent(Path(f"{number}.dcm"))

    assert len(chosen.recent) == RECENT_LIMIT
    assert chosen.recent[0] == Path("3.dcm")
    assert len(set(chosen.recent)) == RECENT_LIMIT


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        Settings().device = "cpu"  # type: ignore[misc]


def test_who_had_switched_the_loop_off_still_plays_once() -> None:
    assert Settings.model_validate_json('{"loop": false}').play_mode is PlayMode.ONCE
    assert Settings.model_validate_json('{"loop": true}').play_mode is PlayMode.LOOP
    assert Settings.model_validate_json('{"loop": false, "play_mode": "sweep"}').play_mode is PlayMode.SWEEP
