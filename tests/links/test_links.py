"""Links: what is written is read again, and whatever is read gives a valid game."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from configs import valid
from hypothesis import given
from hypothesis import strategies as st

from gandash.config import GameConfig, parse_config
from gandash.config.changes import with_followers
from gandash.config.data import DrawnConfig, GaussianConfig, Mixture2DConfig, SamplesConfig, UploadedPicturesConfig
from gandash.config.data.pictures import made_up
from gandash.config.data.uploaded import played_with
from gandash.config.setting import Setting, SettingError, variants
from gandash.config.setting import settings as settings_of
from gandash.links import Link, Writer, fingerprint, of_address, read
from gandash.links.format import LONGEST, MAX_BY_HAND, value_text
from gandash.links.reading import Missing
from gandash.presets import DEFAULT, PRESETS
from gandash.wire.facts import Engine
from gandash.wire.messages import Change

# ----------------------------------------------------------------------------------------------------------- any run


def live(config: GameConfig) -> list[Setting]:
    return [s for s in settings_of(config) if s.live]


def value_of(s: Setting, rng: random.Random) -> Any:
    """A value that this setting may have."""
    if s.is_variant:
        return {"kind": rng.choice([m.model_fields["kind"].default for m in variants(s.type)])}
    if s.choices:
        return rng.choice(list(s.choices))
    if isinstance(s.value, tuple):
        entries = [rng.uniform(0.01, 8) if s.path != "data.classes" else rng.randint(0, 9) for _ in range(rng.randint(1, 9))]
        pairs = tuple((x, rng.uniform(-8, 8)) for x in entries)
        return rng.choice([tuple(entries), pairs, pairs[0], ()])
    assert s.low is not None and s.high is not None
    if isinstance(s.value, int):
        return rng.randint(int(s.low), int(min(s.high, 4096)))
    return rng.uniform(max(s.low, 1e-9), s.high)


def played(configs: Sequence[GameConfig], count: int, seed: int) -> tuple[list[list[Change]], int]:
    """So many changes of a run of these games, as its event log has them, and the step where it stands afterwards."""
    rng, now, step = random.Random(seed), list(configs), 0
    found: list[list[Change]] = [[] for _ in configs]
    while count:
        step += rng.choice([0, 0, 1, rng.randint(1, 100_000)])
        count -= 1
        if rng.random() < 0.2:
            players = rng.choice("DG")
            for _ in range(rng.randint(1, 3)):
                for own in found:
                    own.append(Change.model_validate({"kind": "step", "step": step, "players": players}))
                step += 1
            continue
        chosen = rng.choice(live(rng.choice(now)))
        value = value_of(chosen, rng)
        concerned = range(len(now)) if rng.random() < 0.5 else [rng.randrange(len(now))]
        for i in concerned:
            try:
                later = now[i].with_live(chosen.path, value)
            except SettingError:  # it does not fit the others, or this game has none
                continue
            if later != now[i]:
                now[i] = later
                new = later.update_rule.model_dump(mode="json") if chosen.is_variant else value
                found[i].append(Change(kind="set", step=step, path=chosen.path, new=new))
    return found, step


def told(changes: Sequence[Sequence[Change]]) -> list[list[tuple[int, str, object, str]]]:
    """What of changes shapes a run."""
    return [[(c.step, c.path, c.new, c.players) for c in own] for own in changes]


def full(changes: Sequence[Sequence[Change]], configs: Sequence[GameConfig]) -> list[list[tuple[int, str, object, str]]]:
    """The same, of a variant all fields: a link leaves out those that are the defaults. Also: every change is valid."""
    whole = []
    for own, config in zip(changes, configs, strict=True):
        now, found = config, []
        for c in own:
            new = c.new
            if c.kind == "set":
                now = now.with_live(c.path, c.new)
                new = now.update_rule.model_dump(mode="json") if c.path == "update_rule" else c.new
            found.append((c.step, c.path, new, c.players))
        whole.append(found)
    return whole


def check_round_trip(configs: Sequence[GameConfig], count: int, seed: int) -> None:
    engines: list[Engine] = [random.Random(seed + i).choice(["torch", "compiled"]) for i in range(len(configs))]
    changes, step = played(configs, count, seed)
    written = Writer(configs, engines).link(changes)
    found = read(written.at(step, "sha256:" + "0123456789ab" * 5, "abcdef"))
    if written.missing:
        assert len(found.missing) == len(written.missing)
        return
    assert not found.dropped
    assert found.configs == tuple(configs)
    assert found.engines == tuple(engines)
    if written.until is None:
        assert full(found.changes, found.configs) == told(changes)
        mark = ("0123456789ab", "abcdef") if step else ("", "")  # nothing has happened at step 0
        assert (found.step, found.state, found.versions) == (step, *mark)
    else:
        assert found.step == written.until
        before = [[c for c in own if c[0] <= found.step] for own in told(changes)]
        assert all(own == whole[: len(own)] for own, whole in zip(full(found.changes, found.configs), before, strict=True))


runs = st.tuples(st.lists(valid(), min_size=1, max_size=2), st.integers(0, 6), st.integers(0, 2**32))


@given(runs)
def test_a_link_tells_of_any_run(run: tuple[list[GameConfig], int, int]) -> None:
    check_round_trip(*run)


def any_config(rng: random.Random) -> GameConfig:
    """Settings drawn one after the other, as far as they fit together."""
    config = rng.choice(list(PRESETS.values())).config
    kinds = [s for s in settings_of(config) if s.is_variant]
    drawn = [*rng.sample(kinds, rng.randint(0, len(kinds)))]
    for s in drawn:
        with suppress(SettingError):
            config = config.replace_all(with_followers(config, [(s.path, value_of(s, rng))]))
    inner = [s for s in settings_of(config) if not s.is_variant and s.type is not str]
    for s in rng.sample(inner, rng.randint(0, min(9, len(inner)))):
        with suppress(SettingError):
            config = config.replace(s.path, value_of(s, rng))
    return config


@pytest.mark.slow
def test_a_link_tells_of_ten_thousand_runs() -> None:
    rng, seen = random.Random(3), set[str]()
    for i in range(10_000):
        configs = [any_config(rng) for _ in range(rng.choice([1, 1, 1, 1, 1, 1, 1, 2, 3]))]
        seen |= {type(value).__name__ for config in configs for _, value in config}
        check_round_trip(configs, rng.randint(0, 4), i)
    models = [m for name in GameConfig.model_fields for m in variants(GameConfig.model_fields[name].annotation)]
    assert {m.__name__ for m in models} <= seen  # every kind that there is


@pytest.mark.parametrize("name", PRESETS)
def test_a_ready_game_with_twenty_changes_takes_less_than_2000_characters(name: str) -> None:
    place = "https://gandash.informatics.university.example:8501/courses/generative-models/?game="
    for seed in range(20):
        config = PRESETS[name].config.replace("run.seed", 2**32 - 1 - seed)
        changes, step = played([config], 20, seed)
        link = Writer([config], ["compiled"], name).link(changes).at(step, "sha256:" + "f" * 64, "abcdef")
        assert len(place + link) < 2000
        assert read(link).presets == (PRESETS[name],)
        assert told(read(link).changes) == told(changes) or full(read(link).changes, [config]) == told(changes)


def test_a_ready_game_as_it_is_takes_a_few_characters() -> None:
    for name, preset in PRESETS.items():
        link = Writer([preset.config], ["compiled"]).link([[]]).at(0)
        assert len(link) <= len(name) + 12  # of two ready games with the same settings either will do
        assert read(link).configs == (preset.config,)


def test_presets_that_are_compared_are_told_by_their_names() -> None:
    presets = [PRESETS["ring"], PRESETS["two-modes"]]
    link = Writer([p.config for p in presets], ["compiled", "torch"]).link([[], []]).at(0)
    assert link == "1~ring~vs-two-modes~by-ct"
    assert read(link).labels == tuple(p.title for p in presets)


def test_games_that_differ_in_one_setting_are_told_by_that() -> None:
    games = [DEFAULT.config.replace("run.batch", batch) for batch in (64, 128)]
    link = Writer(games, ["compiled", "compiled"], DEFAULT.name).link([[], []]).at(7)
    assert link == "1~two-modes~run.batch-64~vs-first~run.batch-128~by-c~at-7"
    assert read(link).configs == tuple(games) and read(link).labels == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((3e-4, "3e-4"), (0.0, "0"), (-0.0, "-0"), (1e16, "1e16"), (1e-300, "1e-300"), (0.1 + 0.2, "0.30000000000000004")),
        *((-1.5, "-1.5"), ((), ""), ((1.0,), "1"), (((1.0, -2.0), (0.5, 3.0)), "1_-2__0.5_3"), (7, "7")),
    ],
)
def test_how_values_are_written(value: object, text: str) -> None:
    assert value_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_written_exactly(value: float) -> None:
    assert float(value_text(value)) == value
    assert len(value_text(value)) <= len(repr(value))


def test_links_are_made_of_signs_that_stand_in_an_address_as_they_are() -> None:
    config = DEFAULT.config.replace_all(
        [("data", Mixture2DConfig(means=((-1.0, 2.5), (3e-7, -4.0))).model_dump()), ("latent.dimension", 2)]
    )
    link = Writer([config], ["torch"]).link(
        [[Change(kind="set", step=3, path="update_rule", new={"kind": "lookahead", "rounds": 9})]]
    )
    text = link.at(5, "sha256:" + "a" * 64, fingerprint({"torch": "2.13.0+cpu"}))
    assert quote(text, safe="") == text and urlencode({"game": text}) == f"game={text}"
    assert read(quote(text, safe="").replace("~", "%7E")) == read(text)


# ------------------------------------------------------------------------------------------------------ what is too large


def test_small_paintings_and_samples_travel_in_a_link() -> None:
    samples = played_with(SamplesConfig().points()[:40])
    for data in (DrawnConfig().model_dump(), UploadedPicturesConfig(pixels=made_up(8, 1, 2)).model_dump(), samples):
        config = DEFAULT.config.replace_all([("data", data)])
        written = Writer([config], ["torch"]).link([[]])
        assert not written.missing
        assert read(written.at(0)).configs == (config,)


def test_a_link_says_where_data_are_that_are_too_large_for_it() -> None:
    rng = random.Random(0)
    rows = SamplesConfig().points().repeat(40, axis=1).reshape(-1, 1)[:9000] + [[rng.random()] for _ in range(9000)]
    config = DEFAULT.config.replace_all([("data", played_with(rows))])
    written = Writer([config], ["torch"], record="20260102-030405-abcdef").link([[]])
    assert written.missing == ("data.rows",)
    found = read(written.at(9))
    assert len(written.text) < 200 and found.record == "20260102-030405-abcdef"
    assert [(m.member, m.path) for m in found.missing] == [(0, "data.rows")]
    assert found.configs[0].data == SamplesConfig()  # what stands for them


def test_a_link_without_room_for_all_changes_goes_as_far_as_it_can() -> None:
    changes = [[Change(kind="set", step=i, path="objective", new=["minimax", "non_saturating"][i % 2]) for i in range(3000)]]
    written = Writer([DEFAULT.config], ["torch"]).link(changes)
    assert written.until is not None and 200 < written.until < 3000
    found = read(written.at(3000, "sha256:" + "a" * 64))
    assert len(written.at(3000)) <= LONGEST and not found.dropped
    assert found.step == written.until == len(found.changes[0]) and found.state == ""


def test_rounds_by_hand_that_are_too_many_end_a_link() -> None:
    alone = [Change(kind="step", step=i, players="D") for i in range(MAX_BY_HAND)]
    assert Writer([DEFAULT.config], ["torch"]).link([alone]).until is None
    apart = [*alone, Change(kind="step", step=MAX_BY_HAND + 5, players="G")]
    assert Writer([DEFAULT.config], ["torch"]).link([apart]).until == MAX_BY_HAND + 5


# --------------------------------------------------------------------------------------------------------- mangled links

GOOD = "1~ring~run.seed-7~data.weights-1_2_1_1_1_1_1_1~od.learning_rate-1e-3~1500.objective-minimax~1600.D-3~by-c~at-2000"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2~ring", "newer"),
        ("0~ring", "older"),
        ("1~rng~run.seed-3", "“rng”"),
        ("1~ring~od.learning_rate-99", "discriminator_optimiser.learning_rate: given 99"),
        ("1~ring~od.learnin_rate-0.1", "learning_rate"),
        ("1~ring~run.seed-many", "run.seed"),
        ("1~ring~data-sphere", "there is no such kind"),
        ("1~ring~nonsense", "“nonsense”"),
        ("1~ring~5.run.seed-3", "at step 5 run.seed"),  # it cannot change in mid-run
        ("1~ring~5.9.objective-minimax", "“5.objective-minimax”"),
        ("1~ring~99999999999.D", "99999999999"),
        ("1~ring~5.D-3~6.G", "“6.G”"),
        ("1~ring~by-x", "“by-x”"),
        ("1~ring~at-soon", "“at-soon”"),
        ("1~ring~is-me", "“is-me”"),
        ("1~ring~file-../../etc/passwd", "“file-../../etc/passwd”"),
        ("1~ring" + "~vs-ring" * 8, "at most 8"),
        ("1~ring" + "~at-1" * 3000, "2,000"),
    ],
)
def test_what_does_not_fit_is_left_out_and_said(text: str, said: str) -> None:
    found = read(text)
    assert said in found.notice
    assert found.presets[0] is PRESETS["ring"]


def test_a_link_that_can_be_read_whole_says_nothing() -> None:
    assert read(GOOD).notice == "" == read("ring").notice == read("1~ring").notice


def test_what_fits_stays_where_something_else_is_left_out() -> None:
    found = read(GOOD.replace("1e-3", "1e3"))
    assert found.configs[0] == read(GOOD).configs[0].replace("discriminator_optimiser.learning_rate", 2e-3) or found.dropped
    assert found.configs[0].run.seed == 7 and len(found.changes[0]) == 4 and found.step == 2000


def test_settings_that_fit_only_together_are_judged_together() -> None:
    """Both bounds are moved past the other's default; and beside them something that does not fit at all."""
    for more, dropped in (("", 0), ("~run.batch-0", 1)):
        found = read("1~two-modes~data-uniform~data.low-3~data.high-5" + more)
        assert (found.configs[0].data.low, found.configs[0].data.high) == (3, 5)  # type: ignore[union-attr]
        assert len(found.dropped) == dropped


def test_markup_in_a_link_is_only_ever_text() -> None:
    evil = "<img src=x onerror=alert(1)>here"
    assert evil in read(f"1~ring~{evil}").notice  # as text: the view writes it as textContent
    assert len(read("1~ring~" + "<b>" * 5000).notice) < 400
    assert read("1~ring~\x07\u202e\ud800x").notice.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:8501/?game=1~ring",
        "https://gan.uni.example/teach/gan/?run=ab12&game=1~ring&embed=true",
        "https://gan.uni.example/?run=ab12&amp;game=1%7Ering",
        "  1~ring ",
    ],
)
def test_the_link_in_an_address(text: str) -> None:
    assert of_address(text) == "1~ring"


def test_what_is_no_link() -> None:
    for text in ("", "20260102-030405-abcdef", "runs/first", "http://[", "http://localhost:8501/?run=ab12"):
        assert of_address(text) is None


def test_what_a_sentence_leaves_at_the_end_of_a_link_does_no_harm() -> None:
    for end in (".", "),", "”"[:0] + "!", ">", "\n"):
        assert read(GOOD + end) == read(GOOD)


def mangled(rng: random.Random) -> str:
    text = rng.choice([GOOD, GOOD + "~vs-first~g.width-32~700.2.rule-lookahead..rounds-3", "1~digits~data.classes-1_2~9.G"])
    signs = "~.-_0123456789abcdezD%&=<>'\"\\/+ \n\x00é\U0001f600"
    for _ in range(rng.randint(1, 12)):
        at, to = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        some = "".join(rng.choice(signs) for _ in range(rng.randint(0, 5)))
        text = rng.choice(
            [text[:at] + some + text[at:], text[:at] + text[to:], text[:at], text[:at] + some + text[at + 1 :], text * 2]
        )
        text = text[:3000] or "1"
    return text


def check_mangled(text: str) -> None:
    found = read(text)
    assert all(parse_config(config.model_dump(mode="json")) == config for config in found.configs)
    full(found.changes, found.configs)
    assert len(found.configs) == len(found.changes) == len(found.engines) == len(found.presets)
    assert len(found.notice) < 2000 and found.notice.isprintable()


def test_mangled_links_give_valid_games() -> None:
    rng = random.Random(1)
    for _ in range(300):
        check_mangled(mangled(rng))


@pytest.mark.slow
def test_ten_thousand_mangled_links_give_valid_games() -> None:
    rng = random.Random(2)
    for _ in range(10_000):
        check_mangled(mangled(rng))


@given(st.text())
def test_any_text_gives_a_valid_game(text: str) -> None:
    check_mangled(text)
    of_address(text)


def test_a_link_of_nothing_is_the_default_game() -> None:
    assert read("") == Link() == Link(presets=(DEFAULT,), configs=(DEFAULT.config,))
    assert Missing(0, "data.rows", "0" * 16) not in read("").missing


def test_the_query_of_an_address_survives_the_browsers_own_way_to_write_it() -> None:
    written = "http://localhost:8501/?" + urlencode({"run": "x", "game": GOOD}).replace("~", "%7E")
    assert of_address(written) == GOOD == parse_qs(urlsplit(written).query)["game"][0]


def test_a_narrow_data_law_keeps_its_kind() -> None:
    config = DEFAULT.config.replace_all([("data", GaussianConfig(mean=2.0).model_dump())])
    assert read(Writer([config], ["torch"]).link([[]]).at(0)).configs == (config,)
