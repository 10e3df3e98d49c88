"""What a person sees when things go wrong, and that nothing is left behind."""

from __future__ import annotations

import re
from contextlib import suppress

import psutil
from waiting import wait_until


def test_fifty_reloads_in_a_row_leave_no_worker_behind(app, lab) -> None:
    address = lab.page.url
    wait_until(lambda: len(app.workers()) >= 2, "the spare is there")
    before = {w.pid for w in app.workers()}
    lab.press("Space")
    wait_until(lambda: lab.step > 30, "it plays")
    for i in range(50):  # most of them before the page was there, some when it had begun to ask for its run
        lab.page.goto(address, wait_until="load" if i % 5 == 0 else "commit")
    lab.await_picture()
    of_run = re.compile(r"[?&]run=(\w+)")
    assert of_run.findall(lab.page.evaluate("location.href")) == of_run.findall(address) != []
    assert lab.step > 30
    assert {w.pid for w in app.workers()} <= before  # no other trainer, no other spare; one whom nobody saw may have ended
    if lab.status == "paused":  # while nobody looked for longer than a reload takes
        lab.press("Space")
    wait_until(lambda: lab.status == "running", "it goes on")


def test_a_trainer_that_dies_again_and_again_ends_in_words_and_another_game_can_begin(app, lab) -> None:
    lab.press("Space")
    wait_until(lambda: lab.step > 30, "it plays")

    def failed() -> bool:
        with suppress(psutil.Error):  # some have ended since the list was made
            for worker in app.workers():
                worker.kill()
        return lab.status == "failed"

    wait_until(failed, "the run is given up")
    card = lab.page.get_by_role("alertdialog")
    assert "The trainer was lost" in card.text_content() and "times in a row" in card.text_content()
    assert "Choose a preset or reload the page" in card.text_content()
    assert "Traceback" not in lab.page.text_content("body")
    told = re.search(r"~at-(\d+)", lab.page.evaluate("location.href"))
    lab.page.reload()
    lab.await_picture()
    there = int(told[1]) if told else 0  # so far the address tells of it
    wait_until(lambda: (lab.status, lab.step) == ("paused", there), "the link is played again, to where it stood")
    lab.press("Space")
    wait_until(lambda: lab.step > there + 10, "another trainer plays it on")


def test_a_socket_given_up_before_it_is_open_is_closed_without_a_complaint(lab) -> None:
    with lab.page.expect_websocket() as opened:
        lab.page.evaluate(
            """async () => {
              const loaded = performance.getEntriesByType('resource').map(entry => entry.name);
              const { LiveSocket, socketUrl } = await import(loaded.find(name => name.includes('/live/socket.js')));
              const listener = { onSilent() {}, onLost() {}, onEnd() {}, onMessage() {}, onBytes() {} };
              new LiveSocket(socketUrl('gandash/live'), { token: '' }, listener).close();
            }"""
        )
    wait_until(lambda: lab.status and opened.value.is_closed(), "it is closed")  # events come while the page is asked
    assert not lab.complaints, lab.complaints
