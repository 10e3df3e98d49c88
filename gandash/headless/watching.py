"""`gandash.watch`: a training loop of somebody's own in the live view, measured and recorded by a process beside it."""

from __future__ import annotations

import atexit
import io
import json
import math
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import click
import cloudpickle  # type: ignore[import-untyped]
import numpy as np
import torch
from torch import Tensor, nn

from gandash.config import GameConfig
from gandash.config.setting import NOT_GIVEN, SettingError
from gandash.game.given import Loss, LossOfD
from gandash.headless import pages
from gandash.headless.keeping import SCRATCH, kept
from gandash.headless.loop_data import latents, real_data
from gandash.headless.piped import END, Look, receive, send
from gandash.headless.run import Run
from gandash.headless.shown import tell
from gandash.headless.watcher import OUTPUTS, Begun

SHARE = 0.02  # of the loop's time at most goes into looks at it
PICTURES_PER_SECOND = 10.0
START_SECONDS, END_SECONDS = 300.0, 120.0  # on a machine that is busy
MANY = 10_000  # losses of a GPU that wait there to be read together
OBJECTIVES = {"logits": "non_saturating", "probabilities": "non_saturating", "scores": "wasserstein"}


def watch(
    generator: nn.Module,
    discriminator: nn.Module,
    *,
    real: Any,
    latent: Any,
    output: str = "",
    objective: str | Loss | tuple[LossOfD, Callable[..., Tensor]] = "",
    title: str = "",
    out: str | Path | None = None,
    page: bool = True,
    pictures_per_second: float = PICTURES_PER_SECOND,
) -> Lab:
    """Watch a training loop of your own: its D(x), p_g against p_r, curves and verdict, live on a page, and recorded.

    Call `step(loss_d=..., loss_g=...)` of what is returned once a round, and use it in `with`, or `close` it: one that is
    dropped instead, as by a notebook's cell that is run again, is over without the rounds since the last picture. Another
    process measures copies of both modules, at most `pictures_per_second` times a second, and less often where copying them
    would take more than 2 % of the loop's time. The loop itself is left alone: no random number is drawn, no gradient, mode or
    buffer is touched.

    `real`: all data, or very many of them, as a tensor or an array `(n,)`, `(n, 1)`, `(n, 2)` or of pictures
    `(n, channels, side, side)`, in the units that D gets; or a function `real(n)`. `latent`: what G is called on, as a number
    of coordinates or a shape without the batch, N(0, 1) each; or a function `latent(n)`. `output`: what D gives: "logits",
    "probabilities" or a critic's "scores"; by default probabilities if its last layer is `nn.Sigmoid`, else logits.
    `objective`: what the loop minimises, by its name in `python -m gandash schema`, or as `loss` of `gandash.train`: D* and the
    levels at equilibrium are drawn for it; by default "non_saturating", of scores "wasserstein".

    `page`: whether the page is looked for, or started, and its address printed. `title`, `out`: as `gandash.train` has them.

    Raises SettingError, a ValueError, for what cannot be watched; and what `out` may raise.

    >>> import torch, gandash
    >>> g, d = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    >>> with gandash.watch(g, d, real=torch.randn(500), latent=1, page=False) as lab:
    ...     for _ in range(3):
    ...         lab.step(loss_d=0.5, loss_g=0.7)          # after the round of your own
    >>> lab.run.steps
    3
    """
    players = {"generator": _inner("generator", generator), "discriminator": _inner("discriminator", discriminator)}
    output = output or ("probabilities" if isinstance(list(players["discriminator"].modules())[-1], nn.Sigmoid) else "logits")
    if output not in OUTPUTS:
        raise SettingError("output", output, f"it must be one of {', '.join(OUTPUTS)}")
    if not pictures_per_second > 0:
        raise SettingError("pictures_per_second", pictures_per_second, "a number greater than 0 is needed")
    data, drawn = real_data(real), latents(latent)
    named = objective if isinstance(objective, str) else ""
    own = Loss(*objective) if isinstance(objective, tuple) else None if isinstance(objective, str) else objective
    config = GameConfig().replace_all(
        [
            ("data", data.setting),
            ("latent.dimension", min(drawn.dimension, _MOST_LATENTS)),
            ("run.averaging", 0),
            ("objective", named or OBJECTIVES[output]),
        ]
    )
    keeping = kept(out, title or "A training loop", "")
    begun = Begun(
        config,
        **players,
        output=output,
        latents=drawn,
        range=data.range,
        objective=own.objective() if own else None,
        place=keeping.place,
    )
    lab = Lab(begun, 1 / pictures_per_second)
    if page:
        lab.address = pages.address_of(keeping.place.id, keeping.directory)
    return lab


_MOST_LATENTS = 64


def _inner(name: str, module: Any) -> nn.Module:
    """The module itself, out of `torch.compile` and of DataParallel. Raises SettingError."""
    while hasattr(module, "_orig_mod") or isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
        module = module._orig_mod if hasattr(module, "_orig_mod") else module.module
    if not isinstance(module, nn.Module):
        raise SettingError(name, type(module).__name__, "a torch.nn.Module is needed")
    return module


class _OnTheProcessor(cloudpickle.Pickler):  # type: ignore[misc]
    """Modules as they are, from notebooks and scripts too, with all their numbers on the processor, without graphs."""

    def reducer_override(self, given: Any) -> Any:
        if isinstance(given, Tensor):
            plain = given.detach().to("cpu", copy=True)
            if isinstance(given, nn.Parameter):
                plain = nn.Parameter(plain, given.requires_grad)
            return plain.__reduce_ex__(2)  # type: ignore[no-untyped-call]
        return super().reducer_override(given)


def _pickled(begun: Begun) -> bytes:
    body = io.BytesIO()
    try:
        _OnTheProcessor(body).dump(begun)
    except Exception as error:  # whatever their own parts raise
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SettingError("generator, discriminator", NOT_GIVEN, f"another process cannot be given them: {said}") from None
    return body.getvalue()


class Lab:
    """A loop that is watched. `address`: of the page that shows it, "" where there is none; `problem`: why it is watched no
    longer, in words, "" as long as it is."""

    def __init__(self, begun: Begun, apart: float) -> None:
        self.address, self.problem = "", ""
        self._players = begun.generator, begun.discriminator
        self._directory = Path(begun.place.directory)
        self._id = begun.place.id
        self._apart, self._due = apart, 0.0
        self._steps = self._sent = 0
        self._losses: list[tuple[Any, Any]] = []
        self._is_awaited = False  # the watcher waits for the next look
        self._is_open = True
        self._words: queue.Queue[list[str]] = queue.Queue()
        self._looks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._trouble = tempfile.TemporaryFile()  # noqa: SIM115 - it goes with this object
        body = _pickled(begun)
        self._process = _process(self._trouble)
        self._looks.put(body)
        # Both threads hold no lab: one that its loop has dropped goes, and its watcher with it
        threading.Thread(target=_write, args=(self._process, self._looks), name="to who watches", daemon=True).start()
        own = weakref.ref(self)
        self._reader = threading.Thread(target=_read, args=(self._process, own), name="from who watches", daemon=True)
        self._reader.start()
        weakref.finalize(self, _let_go, self._looks, self._trouble).atexit = False
        self._wait()
        self._began = time.perf_counter()
        self._at_exit = partial(_close, own)
        atexit.register(self._at_exit)
        if (leave := SCRATCH.pop(str(self._directory), None)) is not None:
            weakref.finalize(self, leave)

    def _wait(self) -> None:
        """Until the watcher knows the players. Raises SettingError for such as it cannot watch."""
        try:
            word = self._words.get(timeout=START_SECONDS)
        except queue.Empty:
            word = ["died", "it did not begin in time"]
        if word[0] == "ready":
            self._is_awaited = True
            self._hear(word[1])
            return
        self._is_open = False
        self._end()
        if word[0] == "refused":
            raise SettingError(word[1], NOT_GIVEN, word[2])
        raise SettingError("generator, discriminator", NOT_GIVEN, f"the process that was to watch them has ended: {word[1]}")

    # ------------------------------------------------------------------------------------------------------- the loop

    def step(self, loss_d: Any = None, loss_g: Any = None) -> None:
        """A round is over. The losses, numbers or tensors of one, are drawn as they are given."""
        losses = _number("loss_d", loss_d), _number("loss_g", loss_g)
        if not self._is_open or self.problem:
            return
        self._steps += 1
        self._losses.append(losses)
        if self._is_awaited and time.perf_counter() >= self._due:
            self._look()
        elif len(self._losses) % MANY == 0:
            self._losses = list(map(tuple, self._read_losses().tolist()))

    def _look(self) -> None:
        """Hand copies over; the next time so much later that this takes its share of the time at most."""
        began = time.perf_counter()
        self._is_awaited = False
        (theta, theta_modes), (phi, phi_modes) = map(_as_row, self._players)
        look = Look(self._steps, began - self._began, theta, phi, theta_modes, phi_modes, self._read_losses())
        self._losses = []
        self._sent = self._steps
        self._looks.put(look.packed())
        now = time.perf_counter()
        self._due = now + max(self._apart, (now - began) / SHARE)

    def _read_losses(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """`(rounds, 2)`, float64: what still waits on a GPU in one go."""
        found = np.empty((len(self._losses), 2))
        for i in range(2):
            column = [pair[i] for pair in self._losses]
            if column and all(isinstance(one, Tensor) for one in column):
                found[:, i] = torch.stack(column).double().cpu().numpy()
            else:
                found[:, i] = [float(one) for one in column]
        return found

    # ---------------------------------------------------------------------------------------------------- the watcher

    def _take(self, word: list[str]) -> None:
        """What the watcher says."""
        if word[0] == "ready" and self._is_open and hasattr(self, "_began"):
            self._hear(word[1])
            self._is_awaited = True
        else:
            self._words.put(word)

    def _is_over(self) -> None:
        """The watcher has ended."""
        self._words.put(["died", self._last_words()])
        if self._is_open and hasattr(self, "_began"):
            self._hear(self._last_words())

    def _hear(self, problem: str) -> None:
        if problem and not self.problem:
            self.problem = problem
            click.echo(f"gandash watches no longer: {problem}. Your loop goes on.", err=True)

    def _last_words(self) -> str:
        self._trouble.seek(0)
        said = self._trouble.read().decode(errors="replace").strip().splitlines()
        return said[-1] if said else "it has ended without a word"

    # -------------------------------------------------------------------------------------------------------- the end

    def close(self) -> None:
        """The loop is over: what is left is recorded. Once more does nothing."""
        if not self._is_open:
            return
        self._is_open = False
        atexit.unregister(self._at_exit)
        if self._steps > self._sent and not self.problem:
            self._look()
        self._end()
        if not self.problem:
            tell(f'Recorded {self._steps:,} rounds of your loop: gandash.open("{self._name}")')

    def _end(self) -> None:
        self._looks.put(END)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(END_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout, self._trouble):
            with suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None and self._is_open:
            tell(f"Your loop has ended by {kind.__name__} after {self._steps:,} rounds.")
        self.close()

    # ------------------------------------------------------------------------------------------------------ to look at

    @property
    def _name(self) -> str:
        return self._id if self._directory.name == self._id else str(self._directory)

    @property
    def run(self) -> Run:
        """What is recorded by now."""
        return Run(self._directory, owner=self)

    def __repr__(self) -> str:
        where = f" at {self.address}" if self.address else ""
        return f"<Lab of {self._name}, {self._steps:,} rounds{where}>"


def _write(process: subprocess.Popen[bytes], looks: queue.SimpleQueue[bytes]) -> None:
    """All looks to the watcher, up to the last."""
    pipe = process.stdin
    assert pipe is not None
    with suppress(OSError, ValueError):
        while True:
            body = looks.get()
            send(pipe, body)
            if body == END:
                pipe.close()
                return


def _read(process: subprocess.Popen[bytes], lab: weakref.ref[Lab]) -> None:
    """All that the watcher says, to the lab as long as there is one."""
    pipe = process.stdout
    assert pipe is not None
    while (body := receive(pipe)) != END:
        if (there := lab()) is not None:
            there._take(json.loads(body))
        del there
    if (there := lab()) is not None:
        there._is_over()
    process.wait()
    pipe.close()


def _let_go(looks: queue.SimpleQueue[bytes], trouble: IO[bytes]) -> None:
    """Of a watcher whose lab is gone."""
    looks.put(END)
    trouble.close()


def _close(lab: weakref.ref[Lab]) -> None:
    if (there := lab()) is not None:
        there.close()


def _process(trouble: Any) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C is for the loop. It needs no GPU, finds what this program imports, and has one thread."""
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
    own = {"PYTHONPATH": paths, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "gandash.headless.watcher"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=trouble,
        env=os.environ | own,
        start_new_session=True,
    )


def _as_row(module: nn.Module) -> tuple[np.ndarray[Any, np.dtype[np.float32]], np.ndarray[Any, np.dtype[np.uint8]]]:
    """A copy of all its numbers, parameters and then buffers, `(size,)`, and which of its parts are in training mode."""
    numbers = [p.detach().flatten() for p in module.parameters()]
    numbers += [b.detach().flatten() for b in module.buffers() if b.is_floating_point()]
    row = torch.cat([one.float() for one in numbers]).cpu().numpy()
    return row, np.array([part.training for part in module.modules()], dtype=np.uint8)


def _number(name: str, given: Any) -> Any:
    """A number, or a tensor of one on another device, which is not waited for. Raises SettingError."""
    if given is None:
        return math.nan
    if isinstance(given, Tensor):
        if given.numel() != 1:
            raise SettingError(name, f"a tensor of shape {tuple(given.shape)}", "one number is needed", "perhaps its mean()")
        return given.item() if given.device.type == "cpu" else given.detach().reshape(()).clone()
    try:
        return float(given)
    except (TypeError, ValueError):
        raise SettingError(name, str(given), "a number is needed") from None
