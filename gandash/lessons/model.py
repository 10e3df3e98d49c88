"""What a lesson is: steps of a few sentences each, and beside each the game, what is shown of it, a question, an invitation,
what has to be seen before it goes on, and what is claimed.

The structure of a lesson is the same in every language; what is said is in fields of its own, so that a translation replaces
these alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gandash.config import GameConfig
from gandash.config.changes import restarts
from gandash.config.setting import JsonValue, SettingError, nearest, setting_at
from gandash.headless.settings import configure
from gandash.lessons import formula
from gandash.presets import PRESETS
from gandash.presets.base import Preset
from gandash.wire.browser import VerdictKind
from gandash.words import Said, finished, marked, say, words_of

LAYERS = (
    *("p_r", "p_g_average", "d_star", "p_g", "d", "samples", "map"),
    *("flow", "path", "equilibrium", "spectrum"),
    *("field", "contour", "real", "generated", "sample_gradient", "shares"),
    *("frames", "real_row", "histogram", "classes"),
    "graph",
)
"""What a stage can draw, by the keys of its legend."""

CURVES = (
    *("losses", "mean_d", "frechet", "value", "coverage", "precision", "divergence", "gradients"),
    *("learning_rates", "update_cosine", "slope"),
)
"""The panels of curves."""

CONTROLS = {
    "presets": "the list of ready games, and their menu",
    "moves": "the changes that a ready game invites to",
    "settings": "all settings",
    "compare": "several games side by side",
    "play": "the button for play and pause",
    "steps": "D step, G step, Both",
    "speed": "the pace",
    "restart": "the buttons that begin again",
    "examine": "Examine",
    "share": "the buttons for the link and its code",
    "present": "the button that shows the run to a room",
    "layers": "the legend of the stage",
    "curves": "the column of curves",
    "rewind": "the slider under the stage",
    "take": "what can be taken away",
    "theory": "the line of theory",
    "pages": "the way to the other pages",
}
"""What can be hidden, beside settings and groups of settings by their paths."""

Sentence = Annotated[str, Field(min_length=1, max_length=300)]
Paragraph = Annotated[str, Field(min_length=1, max_length=1500)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _one_or_more(value: Any) -> Any:
    return as_tuple([value] if isinstance(value, str) else value)


class Unfit(ValueError):
    """What does not fit in a lesson: the `field`, from the part that is checked on and counting from 1, and what is wrong."""

    def __init__(self, field: str, problem: Said) -> None:
        self.field, self.problem = field, problem
        super().__init__(f"{field}: {problem}")


def unknown(what: Said, word: str, near: str, known: Iterable[str]) -> Said:
    advice = say("did you mean {near}?", near=near) if near else finished(", ".join(known))
    return say("there is no {what} {word}; {advice}", what=what, word=repr(word), advice=advice)


def _wanted(known: tuple[str, ...], what: Said) -> BeforeValidator:
    """Words that must be known ones, as a list or a single one."""

    def check(given: Any) -> Any:
        words = _one_or_more(given)
        for word in words if isinstance(words, tuple) else ():
            if isinstance(word, str) and word not in known:
                near = nearest(word, known)
                raise ValueError(unknown(what, word, near, known))
        return words

    return BeforeValidator(check)


def _hideable(given: Any) -> Any:
    words = _one_or_more(given)
    for word in words if isinstance(words, tuple) else ():
        if isinstance(word, str) and word not in CONTROLS and word.split(".")[0] not in GameConfig.model_fields:
            near = nearest(word, [*CONTROLS, *GameConfig.model_fields])
            raise ValueError(unknown(say("control"), word, near, CONTROLS))
    return words


Words = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]
Layers = Annotated[tuple[str, ...], _wanted(LAYERS, say("layer"))]
Curves = Annotated[tuple[str, ...], _wanted(CURVES, say("curve"))]
Verdicts = Annotated[tuple[str, ...], _wanted(tuple(VerdictKind), say("verdict"))]
Hidden = Annotated[tuple[str, ...], BeforeValidator(_hideable)]
Changes = dict[str, Any]


class Comparison(Part):
    """One that is watched on the live run: a number of its curves, `<` or `>`, and a limit."""

    column: str
    is_below: bool
    limit: float


def _watched(given: Any) -> Any:
    """`jsd < 0.05`, `loss_d > 1`."""
    words = _one_or_more(given)
    return tuple(map(_watch, words)) if isinstance(words, tuple) else words


_NO_COMPARISON = marked("given {text}; a curve, < or >, and a number are needed, as in `jsd < 0.05`")


def _watch(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    column, sign, limit = (*text.split(), "", "", "")[:3]
    try:
        formula.read(text)
        number = float(limit)
    except ValueError as error:
        raise ValueError(
            words_of(error) if isinstance(error, formula.NoFormula) else say(_NO_COMPARISON, text=repr(text))
        ) from None
    if sign not in ("<", ">") or column not in formula.CURVES:
        raise ValueError(say(_NO_COMPARISON, text=repr(text)))
    return Comparison(column=column, is_below=sign == "<", limit=number)


class Until(Part):
    """What has to be seen before "next" appears: all of it. `rounds` are played since the step began, `moved` are settings
    whose values are no longer what they were then."""

    rounds: Annotated[int, Field(ge=1, le=100_000)] = 1
    verdict: Verdicts = ()
    moved: Words = ()
    holds: Annotated[tuple[Comparison, ...], BeforeValidator(_watched)] = ()


class Show(Part):
    """What of stage and curves is shown; the rest can be switched on."""

    layers: Layers = ()
    curves: Curves = ()


class Game(Part):
    """A game that begins with this step: a ready one, with settings of its own. `speed`: rounds a second, 0 for full speed."""

    preset: str
    set: Changes = {}
    speed: Annotated[float, Field(ge=0, le=10_000, strict=False)] | None = None

    @property
    def ready(self) -> Preset:
        return PRESETS[self.preset]

    @property
    def config(self) -> GameConfig:
        """Raises SettingError."""
        return configure(self.ready.config, list(self.set.items()))

    @property
    def pace(self) -> float | None:
        return self.ready.speed if self.speed is None else (self.speed or None)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.preset not in PRESETS:
            near = nearest(self.preset, PRESETS)
            advice = say("did you mean {near}?", near=near) if near else say("see `python -m gandash presets`")
            said = say("there is no ready game {name}; {advice}", name=repr(self.preset), advice=advice)
            raise Unfit("preset", said)
        try:
            _ = self.config
        except SettingError as error:
            raise Unfit("set", words_of(error)) from None
        return self


class Invitation(Part):
    """A change that the step invites to, as one button."""

    label: Annotated[str, Field(min_length=1, max_length=60)]
    set: Changes


class Prediction(Part):
    """A question to be answered before playing; `right` is the number of the right option, from 1."""

    question: Sentence
    options: Annotated[tuple[Sentence, ...], BeforeValidator(as_tuple), Field(min_length=2, max_length=5)]
    right: int
    why: Paragraph

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if not 1 <= self.right <= len(self.options):
            raise Unfit(
                "right",
                say(
                    "given {value}; it is the number of an option, from 1 to {count}", value=self.right, count=len(self.options)
                ),
            )
        return self


class Turn(Part):
    """A change at a step of a claim: an invitation of its step by its label, or settings."""

    step: Annotated[int, Field(ge=0, le=100_000)]
    move: str | None = None
    set: Changes = {}


class Claim(Part):
    """What is said, and how it is tried: the step's game is played for `steps` rounds, with each of the `seeds` or, where
    nothing is random, from each of the `starts` (theta, psi); and then all of `holds` must hold (`formula`).

    `set` changes settings for the whole game. `played` says that nothing but the lesson's own game and invitations is in it.
    """

    says: Sentence
    steps: Annotated[int, Field(ge=1, le=20_000)]
    seeds: Annotated[tuple[int, ...], BeforeValidator(as_tuple), Field(max_length=20)] = ()
    starts: Annotated[
        tuple[tuple[float, float], ...],
        BeforeValidator(lambda v: as_tuple([as_tuple(p) for p in v])),
        Field(max_length=20, strict=False),
    ] = ()
    set: Changes = {}
    at: Annotated[tuple[Turn, ...], BeforeValidator(as_tuple)] = ()
    holds: Words
    slow: bool = False

    @model_validator(mode="after")
    def _can_be_tried(self) -> Self:
        if len(self.seeds) + len(self.starts) < 2:
            said = say("a claim is tried with two seeds or more, or from two `starts`, as in seeds = [0, 1, 2]")
            raise Unfit("seeds", said)
        if not self.holds:
            raise Unfit("holds", say('what is claimed? as in holds = ["jsd < 0.02"]'))
        for text in self.holds:
            try:
                formula.read(text)
            except formula.NoFormula as error:
                said = say("given {value}; {problem}", value=repr(text), problem=words_of(error))
                raise Unfit("holds", said) from None
        return self

    @property
    def comparisons(self) -> tuple[formula.Comparison, ...]:
        return tuple(map(formula.read, self.holds))


class Step(Part):
    """Sentences, and what stands beside them. Without a `game` the one before goes on, under the settings in `prepare`."""

    title: Annotated[str, Field(min_length=1, max_length=80)]
    text: Paragraph
    formula: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    game: Game | None = None
    prepare: Changes = {}
    show: Show | None = None
    controls: Hidden | None = None
    predict: Prediction | None = None
    trying: Annotated[Paragraph | None, Field(alias="try")] = None
    moves: Annotated[tuple[Invitation, ...], BeforeValidator(as_tuple), Field(max_length=4)] = ()
    until: Until | None = None
    after: Paragraph | None = None
    claims: Annotated[tuple[Claim, ...], BeforeValidator(as_tuple)] = ()


class Lesson(Part):
    """A file of lessons' folder; its `name` is the file's. `place` is where it stands on the path."""

    name: str
    title: Annotated[str, Field(min_length=1, max_length=80)]
    teaches: Sentence
    place: Annotated[int, Field(ge=0, le=10_000)] = 1000
    hide: Hidden = ()
    steps: Annotated[tuple[Step, ...], BeforeValidator(as_tuple), Field(min_length=1, max_length=12)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.steps[0].game is None:
            said = say('the first step needs a game to play, as in game = { preset = "two-modes" }')
            raise Unfit("steps.1.game", said)
        for number, step in enumerate(self.steps, 1):
            config = self.game(number - 1).config
            self._check_settings(number, step, config)
        return self

    def _check_settings(self, number: int, step: Step, config: GameConfig) -> None:
        live = {f"moves.{i}.set": move.set for i, move in enumerate(step.moves, 1)} | {"prepare": step.prepare}
        for field, changes in live.items():
            where = f"steps.{number}.{field}"
            try:
                changed = configure(config, list(changes.items()))
            except SettingError as error:
                raise Unfit(where, words_of(error)) from None
            if restarts(config, changed):
                raise Unfit(where, say("one of these settings restarts the game; give it in the step's game, under set"))
        for path in step.until.moved if step.until else ():
            try:
                setting_at(config, path)
            except SettingError as error:
                raise Unfit(f"steps.{number}.until.moved", words_of(error)) from None
        for i, claim in enumerate(step.claims, 1):
            try:
                begun = configure(config, list(claim.set.items()))
                for turn in claim.at:
                    begun = configure(begun, self.turn(number - 1, turn))
            except SettingError as error:
                raise Unfit(f"steps.{number}.claims.{i}", words_of(error)) from None

    def game(self, step: int) -> Game:
        """The game that is played at this step, counted from 0."""
        return next(found for one in self.steps[step::-1] if (found := one.game) is not None)

    def show(self, step: int) -> Show | None:
        """What is shown at this step: what was said last."""
        return next((found for one in self.steps[step::-1] if (found := one.show) is not None), None)

    def controls(self, step: int) -> tuple[str, ...] | None:
        """The settings whose controls stand beside this step; None: all of them."""
        return next((found for one in self.steps[step::-1] if (found := one.controls) is not None), None)

    def turn(self, step: int, turn: Turn) -> list[tuple[str, JsonValue]]:
        """The changes of a claim's turn. Raises SettingError for a move that the step has not got."""
        if turn.move is None:
            return list(turn.set.items())
        moves = {move.label: move for one in self.steps[: step + 1] for move in one.moves}
        if turn.move not in moves:
            raise SettingError("at.move", turn.move, say("the lesson invites to no such move up to here"), ", ".join(moves))
        return list(moves[turn.move].set.items())
