"""A duty takes its share of the time and no more, on a quiet machine and on one that is shared with many."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gandash.worker.share import Clocks, Share


@dataclass
class Machine:
    """One thread on it, which gets `given` of the time as CPU time."""

    given: float
    now: float = 0.0
    cpu: float = 0.0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.cpu += self.given * seconds

    @property
    def clocks(self) -> Clocks:
        return Clocks(lambda: self.now, lambda: self.cpu)


def cpu_share(machine: Machine, duty: Share, cost: float) -> float:
    """Of the thread's CPU time over many turns of a duty that costs so much CPU time, done whenever it is due."""
    spent, since = 0.0, machine.cpu
    for _ in range(100):
        while duty.seconds_left(machine.now) > 0:
            machine.pass_by(0.001)
        with duty.doing():
            machine.pass_by(cost / machine.given)
        spent += cost
    return spent / (machine.cpu - since)


@pytest.mark.parametrize("given", [1.0, 1 / 15])
def test_it_takes_its_share_of_what_the_thread_gets(given: float) -> None:
    machine = Machine(given)
    assert cpu_share(machine, Share(0.1, 0.0, machine.clocks), 0.01) == pytest.approx(0.1, rel=0.03)


def test_a_cheap_one_comes_no_more_often_than_wanted() -> None:
    machine = Machine(1.0)
    duty = Share(0.5, 0.25, machine.clocks)
    with duty.doing():
        machine.pass_by(0.001)
    assert duty.seconds_left(machine.now) == pytest.approx(0.249)


def test_a_thread_that_waits_lets_it_come_by_the_clock() -> None:
    machine = Machine(1.0)
    duty = Share(0.1, 0.0, machine.clocks)
    with duty.doing():
        machine.pass_by(0.01)
    machine.now += 0.1  # asleep
    assert duty.seconds_left(machine.now) == 0


def test_the_longest_wait_holds_whatever_it_takes() -> None:
    machine = Machine(1.0)
    duty = Share(0.05, 0.05, machine.clocks, longest=1.0)
    with duty.doing():
        machine.pass_by(0.4)
    assert duty.seconds_left(machine.now) == pytest.approx(0.6)
