"""A branch is its parent up to a step, and then the run that had been begun with that change."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from torch import nn

import gandash
from gandash.headless.timeline import Untimely
from gandash.links import read
from gandash.runs.linked import at_the_beginning, play
from gandash.store.format import KEYFRAMES, STEPS
from gandash.store.reading import StoredRun

Train = Callable[..., gandash.Run]


def test_a_branch_without_a_change_is_its_parent(train: Train) -> None:
    run = train(steps=12, at={4: {"objective": "minimax"}})
    for step in (4, 7, 12):
        branch = run.branch(step, steps=15 - step)
        assert branch.steps == 15 and branch.parent == (run.id, step) and branch.id != run.id
        assert branch.history[:12].equals(run.history)
        assert branch.state == train(steps=15, at={4: {"objective": "minimax"}}).state
    assert run.branch(0).state == train(steps=12).state  # what was changed later is no part of it
    assert run.branch(7).state == run.state and run.stored.steps == StoredRun(run.directory).steps == 12


def test_a_branch_with_a_change_is_the_run_that_had_it_from_the_beginning(train: Train, tmp_path: Path) -> None:
    run = train(out=tmp_path / "parent", title="Parent")
    branch = run.branch(5, run__batch=16, at={9: {"objective": "minimax"}}, alone={7: "D"}, out=tmp_path / "branch")
    whole = train(at={5: {"run__batch": 16}, 9: {"objective": "minimax"}}, alone={7: "D"})
    assert branch.state == whole.state and branch.history.equals(whole.history) and branch.changes == whole.changes
    shutil.rmtree(run.directory)  # it stands on its own
    opened = gandash.open(tmp_path / "branch")
    assert opened.title == "Parent" and opened.state == whole.state
    np.testing.assert_array_equal(opened.samples(20, 3), whole.samples(20, 3))


def test_files_that_are_never_written_again_are_shared_with_the_parent(train: Train, tmp_path: Path) -> None:
    run = train(out=tmp_path / "parent")
    branch = run.branch(12, steps=3, out=tmp_path / "branch")
    shared = [file for folder in (STEPS, KEYFRAMES) for file in (run.directory / folder).iterdir()]
    assert shared and all(file.samefile(branch.directory / file.relative_to(run.directory)) for file in shared)
    assert branch.steps == 15 and len(branch.history) == 15 and run.stored.steps == StoredRun(run.directory).steps == 12


def test_the_link_of_a_branch_plays_it_from_the_beginning(train: Train) -> None:
    branch = train(at={3: {"objective": "minimax"}}).branch(5, steps=6, run__batch=16, alone={7: "D"})
    link = read(branch.link)
    played = play(link, at_the_beginning(link), link.step)
    assert played.agrees and played.state == branch.state and (link.step, link.notice, link.missing) == (11, "", ())


def test_what_was_given_from_python_cannot_travel_as_a_link(train: Train) -> None:
    run = train(generator=nn.Linear(1, 1), steps=2)
    with pytest.raises(ValueError, match="cannot travel as a link: it was played with generator from Python"):
        _ = run.link


def test_what_needs_another_game_is_no_branch(train: Train) -> None:
    run = train()
    with pytest.raises(Untimely, match="restarts the game"):
        run.branch(5, generator__width=8)
    with pytest.raises(ValueError, match="step: given 13; this run has states from 0 to 12"):
        run.branch(13)
