"""Names that scripts outside the house were written against: they outlive our moves, and do what they did."""

from __future__ import annotations

import math

import numpy as np
import pytest


def test_the_verdict_on_points_by_its_old_name() -> None:
    from gandash.diagnostics.verdict import Observation, judge

    seen = [Observation(jsd=math.log(2), wasserstein=4.0, gap_half=0.4, mean_d_real=0.8, mean_d_fake=0.0) for _ in range(60)]
    assert judge(seen, 0.0005, 0, "0.4").title == "Discriminator won"


def test_a_table_is_read_to_its_rows_alone() -> None:
    from gandash.ui import upload

    np.testing.assert_array_equal(upload.read("x.csv", b"wert\n1,5\n2,5\n-0,25\n"), [[1.5], [2.5], [-0.25]])
    with pytest.raises(upload.UploadError, match=r"x\.csv"):
        upload.read("x.csv", b"nothing here")


def test_the_supervisor_by_its_old_place() -> None:
    from gandash.server.health import Limits as moved
    from gandash.trainer.supervisor import Limits, Supervisor

    assert Limits is moved and callable(Supervisor)


def test_pictures_are_read_by_the_guard() -> None:
    from gandash.packed import unpack_pictures
    from gandash.uploads import guard

    assert callable(unpack_pictures) and callable(guard.read_pictures)
