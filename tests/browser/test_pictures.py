"""The grid of pictures, as a person uses it: choosing one, the walk to another, the map of two latents, layers, critics."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from driving import App, Lab, running_app
from playwright.sync_api import Browser, Locator, WebSocketRoute
from waiting import wait_until

from gandash.config.data import DigitsConfig
from gandash.wire.frame import pack, unpack

IMAGE_GRID = ".gd-image-grid[role=grid]"
COLOURS = """canvas => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const c = copy.getContext('2d', { willReadFrequently: true });
    c.drawImage(canvas, 0, 0);
    return new Set(new Uint32Array(c.getImageData(0, 0, copy.width, copy.height).data.buffer)).size; }"""
BARS = """(canvas, count) => {
    const { width, height } = canvas;
    const copy = new OffscreenCanvas(width, height);
    const c = copy.getContext('2d', { willReadFrequently: true });
    c.drawImage(canvas, 0, 0);
    const rows = Array.from({ length: count }, (_, k) => {
        const { data } = c.getImageData(Math.floor((k + 0.5) * width / count), 0, 1, height);
        const all = Array.from({ length: height }, (_, y) => y);
        const isOf = (ink, y) => ink.every((part, i) => data[4 * y + i] === part);
        return [[0xD5, 0x5E, 0x00], [0x00, 0x72, 0xB2]].map(ink => all.filter(y => isOf(ink, y))); });
    const floor = Math.max(...rows.flatMap(([orange]) => orange)) + 1;
    return rows.map(inks => inks.map(ys => ys.length ? floor - ys[0] : 0)); }"""
BEYOND = """() => { const stage = document.querySelector('.gd-stage').getBoundingClientRect();
    return [...document.querySelectorAll('.gd-stage :is(canvas, button, p, h3, input)')]
        .filter(node => !node.closest('.gd-unseen, [hidden]')).filter(node => {
            const { width, right, bottom } = node.getBoundingClientRect();
            return width > 0 && (right > stage.right + 1 || bottom > stage.bottom + 1); })
        .map(node => node.className || node.tagName); }"""


@pytest.fixture(scope="module")
def pictures() -> Iterator[App]:
    with running_app("tests/browser/pictures_app.py", PYTHONPATH=".") as app:
        yield app


@pytest.fixture
def lab(pictures: App, browser: Browser) -> Iterator[Lab]:
    """Digits from two latents, paused, on a page whose console must stay silent."""
    lab = Lab(browser, pictures.url)
    lab.page.locator(f"{IMAGE_GRID} [role=gridcell]").first.wait_for(state="attached")  # it is drawn once there is room for it
    lab.await_rest()
    yield lab
    assert not lab.complaints, lab.complaints
    lab.close()


def play(lab: Lab, name: str) -> None:
    lab.begin(lab.page.get_by_role("button", name=name, exact=True).click, name)


def press(lab: Lab, *keys: str) -> None:
    for key in keys:
        lab.page.locator(IMAGE_GRID).press(key)


def click(lab: Lab, i: int, *modifiers: str) -> None:
    """Click picture i of the grid; its columns are those of the grid that is spoken."""
    grid = lab.page.locator(f"{IMAGE_GRID} canvas")
    box = grid.bounding_box()
    cells = lab.page.locator(f"{IMAGE_GRID} [role=row]").first.locator("[role=gridcell]")
    wait_until(cells.count, "the grid is spoken, a moment after it is drawn")
    columns = cells.count()
    assert box
    pitch = box["width"] / columns
    place = {"x": (i % columns + 0.5) * pitch, "y": (i // columns + 0.5) * pitch}
    grid.click(position=place, modifiers=list(modifiers))  # type: ignore[arg-type]


def picture(canvas: Locator) -> str:
    return canvas.evaluate("canvas => canvas.toDataURL()")


def await_chosen(lab: Lab, number: int) -> None:
    wait_until(lambda: lab.page.locator(".gd-closeup h3").inner_text() == f"Picture {number}", f"picture {number} is chosen")


def pause(lab: Lab) -> None:
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it pauses")


def test_pictures_morph_while_the_game_plays_and_each_says_what_d_makes_of_it(lab: Lab) -> None:
    page = lab.page
    grid = page.locator(f"{IMAGE_GRID} canvas")
    before = picture(grid)
    lab.press("Space")
    wait_until(lambda: lab.step > 20, "it plays")
    pause(lab)
    assert picture(grid) != before
    cells = page.locator(f"{IMAGE_GRID} [role=gridcell]")
    assert cells.count() == 64
    grid.hover(position={"x": 20, "y": 20})
    tip = page.get_by_role("tooltip")
    tip.wait_for()
    assert re.match(r"generated 1\s+D 0\.\d{3}", tip.inner_text())
    page.get_by_role("img", name=re.compile(r"\d+ real pictures; D 0\.\d{3} on average")).wait_for()
    page.get_by_role("img", name=re.compile("Histogram of D")).wait_for()


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_everything_fits_without_scrolling(lab: Lab, size: tuple[int, int]) -> None:
    page = lab.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    click(lab, 11)
    click(lab, 4, "Shift")
    page.locator(".gd-walk").wait_for()
    wait_until(lambda: page.evaluate(BEYOND) == [], "everything stands within the stage")


def test_a_chosen_picture_is_compared_with_the_nearest_real_one(lab: Lab) -> None:
    page = lab.page
    click(lab, 11)
    await_chosen(lab, 12)
    page.get_by_role("img", name=re.compile(r"The nearest real picture, number \d+, labelled \d")).wait_for()
    wait_until(lambda: "real neighbours usually are" in page.locator(".gd-closeup-words").inner_text(), "its distance is said")
    gradient = page.get_by_role("img", name=re.compile("Where D’s gradient points"))
    wait_until(lambda: gradient.evaluate(COLOURS) > 20, "the gradient is drawn")
    click(lab, 11)
    page.locator(".gd-closeup").wait_for(state="hidden")


def test_arrow_keys_choose_and_escape_lets_go(lab: Lab) -> None:
    page = lab.page
    press(lab, "Home", "ArrowRight", "ArrowDown")
    await_chosen(lab, 10)
    active = page.locator(IMAGE_GRID).get_attribute("aria-activedescendant")
    assert re.match(r"generated 10\s+D 0\.\d{3}", page.locator(f"#{active}").get_attribute("aria-label") or "")
    press(lab, "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft")
    await_chosen(lab, 1)  # it does not leave the grid
    press(lab, "Escape")
    page.locator(".gd-closeup").wait_for(state="hidden")


def test_a_walk_leads_from_one_picture_to_another(lab: Lab) -> None:
    page = lab.page
    click(lab, 11)
    page.get_by_role("button", name="Walk to another").click()
    click(lab, 30)
    walk = page.locator(".gd-walk")
    walk.get_by_text("From picture 12 to picture 31").wait_for()
    between, slider = walk.locator(".gd-pane canvas"), walk.get_by_role("slider")
    wait_until(
        lambda: re.match(r"50 % of the way, D 0\.\d{3}", slider.get_attribute("aria-valuetext") or ""), "D there is said"
    )
    half = picture(between)
    slider.press("Home")
    wait_until(lambda: picture(between) != half, "another picture is between")
    wait_until(lambda: (slider.get_attribute("aria-valuetext") or "").startswith("0 %"), "which is the first one")
    page.get_by_role("button", name="End the walk").click()
    walk.wait_for(state="hidden")
    await_chosen(lab, 12)
    click(lab, 4, "Shift")
    walk.get_by_text("From picture 12 to picture 5").wait_for()


def test_the_plane_of_two_latents_is_a_map(lab: Lab) -> None:
    page = lab.page
    page.get_by_role("button", name="map of z").click()
    shown = page.get_by_role("img", name=re.compile("The plane of both latents"))
    shown.wait_for()
    assert shown.locator("canvas").evaluate(COLOURS) > 20
    assert not page.locator(IMAGE_GRID).is_visible()
    page.get_by_role("button", name="grid", exact=True).click()
    page.locator(IMAGE_GRID).wait_for()


def test_a_closer_look_ends_with_the_game(lab: Lab) -> None:
    click(lab, 11)
    wait_until(lambda: "real neighbours" in lab.page.locator(".gd-closeup-words").inner_text(), "the trainer has looked")
    play(lab, "Bars")
    lab.page.locator(".gd-closeup").wait_for(state="hidden")


def test_generated_pictures_are_counted_by_digit_and_a_lost_one_is_an_empty_slot(lab: Lab) -> None:
    page = lab.page
    shares = np.linspace(0.02, 0.18, 10, dtype=np.float32)
    shares[3] = 0
    true = np.bincount(DigitsConfig().chosen()[1]) / 1797

    def relay(ours: WebSocketRoute) -> None:
        """Says of every frame that its pictures were counted so."""

        def hear(body: bytes | str) -> None:
            if isinstance(body, bytes):
                label, arrays = unpack(body)
                if "shares" in arrays:
                    label["members"][0]["numbers"] |= {"modes": 9, "reverse_kl": 0.1234}
                    body = pack(label, arrays | {"shares": shares})
            ours.send(body)

        ours.connect_to_server().on_message(hear)

    page.route_web_socket(re.compile("/gandash/live"), relay)
    page.reload()
    lab.await_picture()
    chart = page.locator(".gd-pictures-classes")
    canvas = chart.locator("canvas")
    caption = chart.locator("figcaption")
    wait_until(lambda: caption.text_content() == "Read as: 9 of 10 digits, reverse\u00a0KL\u00a00.123", "they are counted")
    drawn = np.array(canvas.evaluate(BARS, 10))  # in pixels
    assert drawn[9, 0] > 40
    assert np.abs(drawn - np.stack([shares, true], axis=1) * drawn[9, 0] / shares[9]).max() <= 2
    assert drawn[3, 0] == 0
    assert canvas.get_attribute("aria-label") == "Shares of the 10 digits among generated pictures. None of 3."
    canvas.hover(position={"x": 0.95 * canvas.evaluate("canvas => canvas.clientWidth"), "y": 30})
    tip = page.get_by_role("tooltip")
    both = r"read as 9\s+generated 18\.0 %\s+true share 10\.0 % ± \d\.\d"
    wait_until(lambda: re.fullmatch(both, tip.inner_text()), "both are read")
    click(lab, 11)
    await_chosen(lab, 12)
    assert chart.is_visible()
    page.set_viewport_size({"width": 1280, "height": 620})
    chart.wait_for(state="hidden")  # the close-up needs its room


def test_layers_leave_and_come_back(lab: Lab) -> None:
    page = lab.page
    grid = page.locator(f"{IMAGE_GRID} canvas")
    before = picture(grid)
    page.locator("button[data-layer=frames]").click()
    wait_until(lambda: picture(grid) != before, "the frames lose their colour")
    page.locator("button[data-layer=frames]").click()
    wait_until(lambda: picture(grid) == before, "and get it back")
    for key, part in (
        ("real_row", ".gd-image-grid-beneath .gd-image-grid"),
        ("histogram", ".gd-pictures-histogram"),
        ("shares", ".gd-pictures-classes"),
    ):
        page.locator(f"button[data-layer={key}]").click()
        page.locator(part).first.wait_for(state="hidden")
        page.locator(f"button[data-layer={key}]").click()
        page.locator(part).first.wait_for()


def test_pictures_drawn_anew_every_time_have_no_nearest(lab: Lab) -> None:
    play(lab, "Bars")
    click(lab, 3)
    page = lab.page
    page.get_by_role("img", name=re.compile("Where D’s gradient points")).wait_for()
    page.locator(".gd-closeup-words").wait_for(state="hidden")
    assert not page.get_by_role("button", name="map of z").is_visible()


def test_a_critic_has_a_scale_of_its_own(lab: Lab) -> None:
    play(lab, "Critic")
    page = lab.page
    assert page.locator(".gd-scale [data-at=middle]").inner_text() == "mean"
    assert page.locator("button[data-layer=frames]").inner_text() == "frame: a(x)"
    assert page.locator(".gd-pictures-histogram figcaption").inner_text() == "a of real and generated"
    click(lab, 3)
    said = page.locator(".gd-closeup .gd-closeup-says")
    wait_until(lambda: re.fullmatch(r"a −?[\d.]+", said.text_content() or "") is not None, "its score is said")


def test_games_of_pictures_stand_side_by_side(lab: Lab) -> None:
    page = lab.page
    page.get_by_role("button", name="Two", exact=True).click()
    grids = page.locator(".gd-cell").get_by_role("img", name=re.compile(r"\d+ generated pictures; D"))
    wait_until(lambda: page.locator(".gd-cell").count() == 2, "two cells")
    wait_until(lambda: grids.count() == 2, "each with its pictures")
    assert min(grids.nth(i).locator("canvas").evaluate(COLOURS) for i in range(2)) > 20
    assert not page.locator(".gd-closeup").first.is_visible()
