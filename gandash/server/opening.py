"""A link that was opened: what a run plays of it, and what is said of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gandash.config import GameConfig
from gandash.config.changes import with_live_settings
from gandash.config.setting import SettingError
from gandash.links import Link
from gandash.server.admission import Refusal, check_affordable
from gandash.wire.browser import LinkParts
from gandash.wire.facts import Engine
from gandash.wire.messages import Change, Plan
from gandash.words import Said, joined, say, words_of

LEFT = say("From here on this run is your own: what the link would have changed at later steps is not changed.")


class Opened:
    """A link whose run is played. It is at `link.step` once, and that is compared with where the link was made."""

    def __init__(self, link: Link) -> None:
        """Raises SettingError or Refusal where this server cannot afford its games."""
        check_affordable(link.configs)
        self.link = link = affordable(link)
        # Another game is played while data are missing: there is nothing to come to
        self._plan = Plan(changes=link.changes, until=link.step) if not link.missing else None
        self._has_arrived = self._is_stopped = False

    @property
    def plan(self) -> Plan | None:
        """What is to be done of it by whoever plays the run, from wherever it is."""
        return self._plan.model_copy(update={"until": 0}) if self._plan and self._is_stopped else self._plan

    @property
    def is_hasty(self) -> bool:
        return self.plan is not None and self.plan.until > 0

    def stop(self) -> None:
        """Somebody paused the run on its way, and it is in no haste any more."""
        self._is_stopped = True

    def comes_after(self, step: int) -> bool:
        """Whether it makes changes after this step."""
        return self._plan is not None and any(c.step > step for of in self.link.changes for c in of[-1:])

    # --------------------------------------------------------------------------------------------------- what is said

    @property
    def on_the_way(self) -> Said:
        """What is said as long as the run has not come to where it stood."""
        link, said = self.link, [self.link.notice]
        if link.missing:
            said.append(say("The data of this link are too large for it, and others stand for them."))
            said.append(
                say("Ask whoever sent it for the run's file (recorded as {record}).", record=link.record)
                if link.record
                else say("Ask whoever sent it for the run's file.")
            )
            said.append(say("With the same data uploaded below Data, a run begins as that one did."))
        elif self.is_hasty:
            said.append(
                say(
                    "On the way to step {step}, where the run of this link stood. Pause to stay where it is.",
                    step=f"{link.step:,}",
                )
            )
        elif self.comes_after(link.step):
            said.append(say("What this link changes, it changes at its steps as the run is played."))
        return joined(*(one for one in said if one))

    def arrival(self, here: LinkParts, engines: Sequence[Engine]) -> Said:
        """What is said once the run stands where the link was made; "" at any other time."""
        link = self.link
        if self._has_arrived or self._plan is None or not link.step or not here.here or here.step != link.step:
            return say("")
        self._has_arrived = True
        said = [link.notice, say("Here the run of this link stood: step {step}.", step=f"{link.step:,}")]
        if link.state:
            said.append(self._compared(here, engines))
        if self.comes_after(link.step):
            said.append(say("It goes on changing settings as it is played on."))
        return joined(*(one for one in said if one))

    def _compared(self, here: LinkParts, engines: Sequence[Engine]) -> Said:
        if f"is-{self.link.state}" in here.here:
            return say("Its state is the same, bit for bit.")
        if (asked := tuple(filter(None, self.link.engines))) and asked != tuple(engines):
            return say("Its state is another: other code played it there, which draws other random numbers.")
        if self.link.versions and self.link.versions not in here.here:
            return say(
                "Its state is another: other versions or another kind of machine played it there, and numbers round otherwise."
            )
        return say("Its state is another: on another machine numbers may round otherwise.")


def affordable(link: Link) -> Link:
    """The link without the changes that would make its games larger than this server plays."""
    kept: list[list[Change]] = [[] for _ in link.configs]
    now, dropped = tuple(link.configs), list(link.dropped)
    for change, i in sorted(((c, i) for i, of in enumerate(link.changes) for c in of), key=lambda each: each[0].step):
        if change.kind == "set":
            try:
                later = with_live_settings(now, [(i, change.path, change.new)])
                check_affordable(later)
            except (SettingError, Refusal) as refusal:
                dropped.append(say("at step {step} {problem}", step=f"{change.step:,}", problem=words_of(refusal)))
                continue
            now = later
        kept[i].append(change)
    return replace(link, changes=tuple(map(tuple, kept)), dropped=tuple(dropped))


def changed(configs: tuple[GameConfig, ...], member: int, change: Change) -> tuple[GameConfig, ...]:
    """The games' settings after a change that a worker has made by itself."""
    return with_live_settings(configs, [(member, change.path, change.new)])
