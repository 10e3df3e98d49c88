"""The game as a graph: its numbers are those of the step that is then taken, and it can be walked through by keys alone."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from driving import Lab
from waiting import wait_until

from gandash.game.round import METRICS
from gandash.presets import PRESETS
from gandash.wire.facts import Engine
from gandash.worker.trajectory import Trajectory

WORDS = ".gd-graph-words"
TWO_MODES = ["D step 1 of 2", "D step 2 of 2", "G step"]
SUB_STEPS = ["draw", "generate", "judge", "loss", "gradient and move"]


def show(lab: Lab) -> None:
    lab.page.locator("[data-layer=graph]").click()
    lab.page.wait_for_selector("[data-testid=graph]:not([hidden]) .gd-graph-way button")


def words(lab: Lab) -> str:
    return str(lab.page.text_content(WORDS))


def go_on(lab: Lab) -> str:
    """Press n, and wait for the words of the next sub-step."""
    before = words(lab)
    lab.press("n")
    wait_until(lambda: words(lab) != before, "the next sub-step is on show")
    return words(lab)


def value(lab: Lab, node: str) -> float:
    text = lab.page.text_content(f"[data-node={node}] .gd-graph-value") or ""
    return float(text.removeprefix("moved ").replace("−", "-"))


def numbers(text: str, pattern: str) -> list[float]:
    found = re.search(pattern, text.replace("−", "-"))
    assert found, text
    return [float(one) for one in found.groups()]


def test_a_walk_shows_the_numbers_of_the_step_that_its_end_takes(lab: Lab) -> None:
    show(lab)
    wait_until(lambda: "round to come" in words(lab), "the round to come is told")
    said = [go_on(lab) for _ in range(15)]
    assert [one.split(":")[0] for one in said] == [f"{look}, {sub}" for look in TWO_MODES for sub in SUB_STEPS]
    on_real, on_fake, loss, penalty, total = numbers(
        said[3], r"= ([\d.]+) \+ ([\d.]+) = ([\d.]+); R1 adds .+ = ([\d.e-]+): ([\d.]+) in all"
    )
    assert on_real + on_fake == pytest.approx(loss, abs=1.1e-3) and loss + penalty == pytest.approx(total, abs=1.1e-3)
    wait_until(lambda: lab.step == 1, "the last sub-step takes the step")
    shown = {
        "loss_d": value(lab, "loss_d"),
        "loss_g": value(lab, "loss_g"),
        "gradient_norm_d": value(lab, "grad_d"),
        "gradient_norm_g": value(lab, "grad_g"),
        "update_norm_d": value(lab, "D"),
        "update_norm_g": value(lab, "G"),
    }
    # To the digits that are shown, by whichever engine plays here
    expected = [dict(zip(METRICS, Trajectory(PRESETS["two-modes"].config, engine).advance()[0].tolist(), strict=True))
                for engine in get_args(Engine)]  # fmt: skip
    near = [pytest.approx({name: one[name] for name in shown}, rel=2e-3, abs=6e-4) for one in expected]
    assert any(shown == one for one in near), (shown, expected)

    # Back shows the way again and takes nothing back; Next goes on to the next step
    lab.press("b")
    wait_until(lambda: "G step, loss" in words(lab), "one sub-step back")
    assert lab.step == 1
    go_on(lab)
    lab.press("n")
    wait_until(lambda: "D step 1 of 2, draw" in words(lab), "the next step begins")
    assert lab.step == 1 and "step 1 → 2" in (lab.page.text_content(".gd-graph-head") or "")
    assert not lab.complaints, lab.complaints


def test_a_step_by_hand_lights_up_its_way(lab: Lab) -> None:
    show(lab)
    lab.press("g")
    wait_until(lambda: lab.page.locator("[data-node=z][data-lit]").count(), "latents are drawn")
    assert lab.page.locator(".gd-graph-way button").all_text_contents() == ["G step"]
    wait_until(lambda: lab.page.locator("path[data-edge=grad_g-G][data-lit]").count(), "the gradient moves G")
    assert lab.step == 1 and "G step, gradient and move" in words(lab)
    assert lab.page.locator("[data-node=loss_d][data-lit]").count() == 0
    assert not lab.complaints, lab.complaints


def play_slowly(lab: Lab) -> None:
    """A round a second. `data-seen` of the body tells how many of a round's sub-steps have been told in words."""
    show(lab)
    lab.page.evaluate(
        """words => {
            const [node, seen] = [document.querySelector(words), new Set()];
            new MutationObserver(() => {
                const told = node.textContent.split(':')[0];
                if (/^(D step|G step).*, /.test(told)) seen.add(told);
                document.body.dataset.seen = seen.size;
            }).observe(node, { childList: true, subtree: true });
        }""",
        WORDS,
    )
    lab.page.get_by_label("Speed in steps per second").select_option("1")
    lab.press("Space")


def seen(lab: Lab) -> int:
    return int(lab.page.get_attribute("body", "data-seen") or 0)


def test_in_slow_motion_each_round_is_seen_on_its_way(lab: Lab) -> None:
    play_slowly(lab)
    wait_until(lambda: seen(lab) == len(TWO_MODES) * len(SUB_STEPS), "a whole way")
    lab.press("n")
    wait_until(lambda: lab.status == "paused" and words(lab).startswith("D step 1 of 2, draw"), "Next pauses, and begins")
    assert not lab.complaints, lab.complaints


def test_a_way_is_seen_where_answers_come_late(lab: Lab) -> None:
    """Later than the round that they tell of takes: then not each round is seen, but a whole one is."""
    lab.page.add_init_script(
        """{
            const own = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
            const isLate = event => typeof event.data === 'string' && event.data.includes('"step_told"');
            Object.defineProperty(WebSocket.prototype, 'onmessage', { ...own, set(hear) {
                own.set.call(this, event => (isLate(event) ? setTimeout(() => hear(event), 1500) : hear(event)));
            } });
        }"""
    )
    lab.page.reload()
    lab.await_picture()
    play_slowly(lab)
    wait_until(lambda: seen(lab) == len(TWO_MODES) * len(SUB_STEPS), "a whole way")
    assert not lab.complaints, lab.complaints


def test_nothing_is_told_while_it_is_off_and_it_stays_as_it_was_chosen(lab: Lab) -> None:
    said: list[str] = []
    lab.page.on("websocket", lambda socket: socket.on("framesent", lambda frame: said.append(str(frame))))
    lab.page.reload()
    lab.await_picture()
    lab.press("Space")
    wait_until(lambda: lab.step > 50, "it plays")
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it pauses")
    assert said and not [one for one in said if "tell_step" in one]
    show(lab)
    wait_until(lambda: [one for one in said if "tell_step" in one], "a step is asked for")
    lab.page.reload()
    lab.await_picture()
    lab.page.wait_for_selector("[data-testid=graph]:not([hidden])")
    toggle = lab.page.locator("[data-layer=graph]")
    assert toggle.get_attribute("aria-pressed") == "true"
    toggle.click()
    lab.page.wait_for_selector("[data-testid=graph]", state="hidden")
    assert not lab.complaints, lab.complaints


@pytest.mark.parametrize(
    ("link", "looks"),
    [
        ("1~dirac-orbit~rule-extragradient", ["D ahead", "G ahead", "D", "G"]),
        ("1~ring~rule.discriminator_steps-5", ["D", "D", "D", "D", "D", "G"]),
        ("1~digits", ["D step", "G step"]),
    ],
    ids=["extragradient", "five D steps", "pictures"],
)
def test_looks_ahead_and_many_d_steps_are_seen(app, browser, link: str, looks: list[str]) -> None:
    lab = Lab(browser, f"{app.url}?game={link}")
    show(lab)
    wait_until(lambda: lab.page.locator(".gd-graph-way button").all_text_contents() == looks, "its looks")
    assert lab.page.locator(".gd-graph-way [data-ahead]").count() == sum("ahead" in look for look in looks)
    go_on(lab)
    go_on(lab)
    # Every node says in words what it holds
    names = lab.page.locator("[data-node]:not([hidden])").evaluate_all("nodes => nodes.map(n => n.getAttribute('aria-label'))")
    assert len(names) >= 10 and all(":" in name for name in names), names
    lab.page.locator("[data-node=D]").hover()
    lab.page.get_by_text("D(x; φ) = 1/(1 + exp(−a))").wait_for()
    assert not lab.complaints, lab.complaints
    lab.close()


def test_who_wants_no_motion_sees_the_end_of_a_step_at_once(app, browser) -> None:
    lab = Lab(browser, app.url, reduced_motion="reduce")
    show(lab)
    lab.press("d")
    wait_until(lambda: "D step 2 of 2, gradient and move" in words(lab), "the end of D's step")
    assert lab.page.evaluate("getComputedStyle(document.querySelector('path[data-lit]')).animationName") == "none"
    lab.close()


def test_where_there_is_no_room_it_stays_away_and_says_why(lab: Lab) -> None:
    show(lab)
    lab.page.get_by_role("button", name="Examine").click()
    lab.page.wait_for_selector("[data-testid=graph]", state="hidden")
    lab.page.locator("[data-layer=graph]").hover()
    lab.page.get_by_text("There is no room for it now").wait_for()
    lab.page.keyboard.press("Escape")
    lab.page.wait_for_selector("[data-testid=graph]", state="visible")


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720), (390, 844)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_it_leaves_room_for_the_stage_and_nothing_is_cut_off(app, browser, size: tuple[int, int]) -> None:
    lab = Lab(browser, app.url, viewport={"width": size[0], "height": size[1]})
    show(lab)
    for _ in range(4):
        go_on(lab)
    graph, stage = (lab.page.locator(s).bounding_box() for s in ("[data-testid=graph]", ".gd-stage"))
    assert graph and stage and stage["height"] >= 190 and stage["y"] >= graph["y"] + graph["height"] - 1
    assert lab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = """() => [...document.querySelectorAll('.gd-graph-node:not([hidden]) > *')]
      .filter(n => n.scrollWidth > n.clientWidth + 1).map(n => n.textContent)"""
    assert lab.page.evaluate(cut) == []
    lab.close()
