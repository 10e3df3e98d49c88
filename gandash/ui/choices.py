"""What each choice at the page makes of the run: plain functions of a tab and what was chosen, "" or why not in words.

Nothing here touches Streamlit: see `tab`, which calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gandash.config import GameConfig
from gandash.config.changes import with_followers
from gandash.config.data import DrawnConfig, Samples2DConfig, SamplesConfig, UploadedPicturesConfig
from gandash.config.data.pictures import made_up
from gandash.config.networks import LinearConfig, PointConfig
from gandash.config.setting import JsonValue, SettingError, setting_at
from gandash.packed import unpack_pictures
from gandash.presets import PRESETS
from gandash.presets.base import Move
from gandash.server.run import Run
from gandash.server.supervisor import Unavailable
from gandash.store.format import BrokenRun
from gandash.ui import comparing, controls, drawing, live, own_runs, upload
from gandash.ui.own_runs import RunRefused
from gandash.ui.service import branch_off, supervisor
from gandash.ui.tab import Asked, PictureUpload, Tab, keep_upload, kept
from gandash.uploads import guard
from gandash.words import say, t, tn

PRESETS_COMPARED = "presets"
ALL = -1  # of several compared games, instead of one's number
USUAL_COUNT = 5000  # pictures kept of an upload, unless one asks for others
CHANNELS = {"grey": 1, "colour": 3}


Change = Callable[[tuple[GameConfig, ...]], list[GameConfig]]
"""The games' settings as they are to be, from those that they are by then."""


def reconfigured(tab: Tab, change: Change) -> str:
    """The run under other settings; the widgets are made anew."""
    assert tab.run is not None
    refusal = tab.run.change(change)
    tab.is_stale = True
    if not refusal and not any(isinstance(config.data, UploadedPicturesConfig) for config in tab.run.configs):
        keep_upload(tab.run, None)
    return refusal


# ----------------------------------------------------------------------------------------------------------- one game


def preset(tab: Tab, name: str) -> str:
    """Another ready game, from step 0; in another run where this one has ended."""
    assert tab.run is not None
    if name not in PRESETS:
        return ""  # no widget of ours: a forged message
    tab.preset, tab.over, tab.is_stale = name, tab.edition, True
    chosen = PRESETS[name]
    if tab.run.has_ended:
        tab.run = None
        return ""
    keep_upload(tab.run, None)
    return tab.run.begin_anew(chosen.config, chosen.title, chosen.speed)


def is_preset(run: Run, name: str) -> bool:
    """Whether one game is played, and it is this ready game."""
    return run.origin == PRESETS[name].title and not run.is_changed


def move(tab: Tab, invited: Move) -> str:
    """The change that the preset invites to, as one press; a mark on the curves says when."""
    assert tab.run is not None
    return reconfigured(tab, lambda configs: [config.replace_all(invited.changes) for config in configs])


def late(what: str) -> str:
    """What is said of a choice that came too late for the game that it was for."""
    return t("**{what}** was changed just as another game began, which goes on as it is. Choose it again.", what=what)


def setting(tab: Tab, path: str, edition: int, raw: Any) -> str:
    """A widget of a setting was moved: the run goes on under the new value, or the widget goes back and the page says why.

    In a widget of an earlier edition it is a choice too, unless another game has begun since.
    """
    assert tab.run is not None
    known = tab.drawn.get(edition)
    if known is None:  # so much was drawn since that it is not known what the widget showed
        return late(t("A setting"))
    if not has(known, path):
        return ""  # no widget of ours: a forged message
    was = setting_at(known, path)
    value = controls.read(was, raw)
    if edition <= tab.over or not has(tab.shown, path):
        return late(controls.name(was))
    refusal = reconfigured(tab, with_change(tab, path, value))
    if not refusal and edition == tab.edition and not was.is_variant and len(tab.run.configs) == 1:
        tab.drawn[edition] = tab.shown  # the widgets already show it; a variant brings other settings and new widgets
        tab.is_stale = False
    return refusal


def replaced(config: GameConfig, path: str, value: JsonValue) -> GameConfig:
    """`config` with one setting changed; with other data also what would not go with them."""
    return config.replace_all(with_followers(config, [(path, value)]))


def with_change(tab: Tab, path: str, value: JsonValue) -> Change:
    """One setting changed: in the game chosen, or in all that have it."""

    def change(configs: tuple[GameConfig, ...]) -> list[GameConfig]:
        concerned = [tab.member in (None, i) and has(config, path) for i, config in enumerate(configs)]
        return [replaced(c, path, value) if is_concerned else c for c, is_concerned in zip(configs, concerned, strict=True)]

    return change


def has(config: GameConfig, path: str) -> bool:
    try:
        setting_at(config, path)
    except SettingError:
        return False
    return True


def painting(tab: Tab, sent: Any) -> str:
    """A hand was lifted from the canvas: the run begins anew with what is painted now."""
    if sent is None:
        return ""
    if not isinstance(tab.shown.data, DrawnConfig):
        return late(t("The painting"))
    return reconfigured(tab, with_change(tab, "data.painting", drawing.read(sent)))


def start_from(tab: Tab, sent: Any) -> str:
    """A point of the phase plane was clicked: the run begins anew from there, and plays on if it was playing."""
    assert tab.run is not None
    if sent is None:
        return ""
    if not any(map(is_scalar, tab.run.configs)):
        return late(t("The start on the phase plane"))
    theta, psi = live.read_start(sent)
    begin: list[tuple[str, JsonValue]] = [("generator.start", theta), ("discriminator.start", psi)]
    return reconfigured(tab, lambda configs: [c.replace_all(begin) if is_scalar(c) else c for c in configs])


def is_scalar(config: GameConfig) -> bool:
    return isinstance(config.generator, PointConfig) and isinstance(config.discriminator, LinearConfig)


# -------------------------------------------------------------------------------------------------------------- files


def table(tab: Tab, file: Any, read_as: Sequence[str] = ()) -> str:
    """A file was chosen: the run begins anew with its rows, or goes on and the page says what is wrong with it.

    Where it can be read in more than one way, the page asks.
    """
    data, tab.readings, tab.table = tab.shown.data, {}, None
    if file is None:
        return ""  # it was taken away: its rows are played on
    if not isinstance(data, SamplesConfig | Samples2DConfig):
        return late(t("The table"))
    try:
        rows, words = upload.interpret(file.name, file.getvalue(), read_as)
    except upload.AmbiguousTable as error:
        tab.readings, tab.table = {reading.words: reading.key for reading in error.readings}, file
        raise
    refusal = reconfigured(tab, with_change(tab, "data", upload.settings(rows, data.scaling)))
    if not refusal and isinstance(tab.shown.data, SamplesConfig | Samples2DConfig):
        tab.table_note = tab.shown.data.rows, words
    return refusal


def table_read_as(tab: Tab, read_as: Sequence[str]) -> str:
    """The page's question about a table was answered."""
    return table(tab, tab.table, read_as) if tab.table is not None else late(t("How the table is read"))


def pictures(tab: Tab, uploaded: Any, offered: str | None, side: int, colour: str, count: int) -> str:
    """Picture files were chosen, or how to read them: the run begins anew with them, or the page says what is wrong."""
    data = tab.shown.data
    if not isinstance(data, UploadedPicturesConfig):
        return late(t("What pictures are read, or how,"))
    assert tab.run is not None
    played = kept(tab.run).upload
    if played and played.packed != data.pixels:
        played = None  # of pictures that are no longer played
    given = tuple(uploaded or ())
    if not given and not offered and played:  # nothing is chosen, after a reload perhaps: what is played is read anew
        given, offered = played.files, played.offered
    asked = Asked(side, colour, count)
    from_where = (played.files, played.offered) if played else ((), None)
    if asked == played_pictures(tab) and (given, offered) == from_where:
        return ""  # so it is played; taking files away changes nothing
    if given or offered:
        held = {"files": given, "offered": offered, "side": side, "colour": colour, "count": count}
        data_setting = upload.chosen_pictures({f"pictures/{name}": value for name, value in held.items()}, "pictures")
    elif _is_made_up(data) or played:
        data_setting = {"kind": "uploaded_pictures", "pixels": made_up(side, CHANNELS[colour], count)}
    else:
        raise upload.UploadError(
            t("uploaded pictures"),
            say("another way to read them, but no files"),
            say("choose the files again: this page no longer keeps those that were read"),
            guard.ALLOWED,
        )
    refusal = reconfigured(tab, with_change(tab, "data", data_setting))
    if not refusal and isinstance(tab.shown.data, UploadedPicturesConfig):
        keep_upload(tab.run, PictureUpload(tab.shown.data.pixels, asked, given, None if given else offered))
    return refusal


def played_pictures(tab: Tab) -> Asked:
    """How the uploaded pictures that are played were read."""
    assert tab.run is not None
    data = tab.shown.data
    assert isinstance(data, UploadedPicturesConfig)
    played = kept(tab.run).upload
    if played and played.packed == data.pixels:
        return played.asked
    channels, side, _ = data.shape
    count = USUAL_COUNT if _is_made_up(data) else len(unpack_pictures(data.pixels).pixels)
    return Asked(side, "colour" if channels == 3 else "grey", count)


def _is_made_up(data: UploadedPicturesConfig) -> bool:
    channels, side, _ = data.shape
    return data.pixels == made_up(side, channels)


# ------------------------------------------------------------------------------------------------------ several games


def member(tab: Tab, number: Any) -> str:
    """Which of the games the controls are for was chosen, in the list or by a click on a title in the picture."""
    assert tab.run is not None
    if number is None:
        return ""
    if not (isinstance(number, int) and ALL <= number < len(tab.run.configs)):
        return late(t("The game that the settings are for"))
    tab.choose_member(None if number == ALL else number)
    return ""


def alone(tab: Tab, number: int) -> str:
    """One of the compared games alone, from step 0."""
    assert tab.run is not None
    if number >= len(tab.run.configs):
        return late(t("The game to be played alone"))
    label, config = tab.run.labels[number], tab.run.configs[number]
    ready = next((p for p in PRESETS.values() if p.title == label), None)
    refusal = tab.run.play_alone(number, (ready.title, ready.config) if ready else None)
    if not refusal:
        tab.preset = ready.name if ready else tab.preset
        tab.choose_member(None)
        if not isinstance(config.data, UploadedPicturesConfig):
            keep_upload(tab.run, None)
    return refusal


def end_comparison(tab: Tab) -> str:
    """The game that was there before the comparison, as it was then."""
    assert tab.run is not None
    tab.choose_member(None)
    return tab.run.end_comparison()


# ----------------------------------------------------------------------------------------------------------- branches


def branch(tab: Tab, sent: Any) -> str:
    """Another run from a step of a recorded one; this tab shows it, and the one before goes on by itself."""
    if sent is None:
        return ""
    record, step = live.read_branch(sent)
    try:
        made = branch_off(supervisor(), own_runs.folder_of(tab.who, record), step, tab.who.name)
    except (BrokenRun, RunRefused, Unavailable) as error:
        return f"**{t('Branch here')}**: {t(own_runs.in_words(error))}"
    _show(tab, made)
    return ""


def parent(tab: Tab) -> str:
    """Back to the run that was left for a branch, as long as it lives."""
    assert tab.run is not None
    point = tab.run.branched
    found = supervisor().recorded_as(point.run, tab.who.name) if point else None
    if found is None:
        return t("The run that was left for this branch has ended; what was recorded of it is kept.")
    _show(tab, found)
    return ""


def _show(tab: Tab, run: Run) -> None:
    run.expect_viewer()
    tab.attach(run)


def compare_with_parent(tab: Tab) -> str:
    """The branch beside what it left, from the step on where it did."""
    assert tab.run is not None
    tab.is_stale = True
    try:
        return tab.run.compare_with_parent()
    except BrokenRun as error:
        return f"**{t('Compare')}**: {t(own_runs.in_words(error))}"


def compare(tab: Tab, path: str, given: Any) -> str:
    """Begin the comparison; where it cannot be, the game goes on and the page says why."""
    assert tab.run is not None
    tab.is_stale = True
    if path != PRESETS_COMPARED:
        return tab.run.compare(comparing.games(tab.run.config, setting_at(tab.run.config, path), given))
    presets = [PRESETS[name] for name in given or ()]
    if len(presets) < 2:
        raise SettingError(
            "preset",
            tn("{count} game", "{count} games", len(presets)),
            say("a comparison needs at least 2"),
            say("choose them above"),
        )
    return tab.run.compare([p.config for p in presets], [p.title for p in presets])
