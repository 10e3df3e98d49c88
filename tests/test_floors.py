"""The house stands on its floors: imports go down, or stay within one package, and never in a circle.

Sources are read, not run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FLOORS = {
    "leaving": -4,  # what Ctrl-C does before anything is imported
    "paths": -4,  # where files that are no code lie
    "words": -3,  # sentences in the reader's language, and their catalogues
    "packed": -2,  # samples, paintings and pictures as text
    "uploads": -1,  # strangers' files; pictures are read in a process of their own that has to start at once
    "config": 0,  # every setting, declared once
    "typed": 1,  # numbers and lists as people type them: for the page and the command line
    "game": 1,
    "presets": 1,  # ready configs: nothing but gandash.config
    "diagnostics": 2,
    "wire": 1,  # what crosses the border between server and worker, and what a browser is told
    "store": 2,  # runs on disk, whoever plays them
    "links": 3,  # runs as text for an address
    "cluster": 3,  # what goes to and from the machines of a Ray cluster
    "domains": 3,  # one object per kind of data
    "examine": 4,  # what can be asked about a running game, a file each
    "worker": 5,  # torch's side of that border
    "server": 5,  # the other side
    "trainer": 6,  # the old name of the server's door
    "runs": 6,
    "bench": 6,  # measures game and worker; `python -m gandash bench`
    "audit": 6,  # the same numbers by other means: it takes nothing of diagnostics but the feature spaces of pictures
    "figures": 6,
    "exporting": 6,  # a recorded run as files
    "headless": 7,  # plays a game without a page, in the terminal and from Python, and keeps it
    "sweeps": 8,  # many games at once, on all cores
    "lessons": 8,  # a path through the subject, and what it claims of games; checking.py plays them
    "cli": 9,
    "ui": 9,
    "__main__": 10,  # `python -m gandash`: calls the command line
}

# What must stay out of reach when a module is imported, directly or through others
OUT_OF_REACH = {
    "typed": ("torch", "streamlit", "plotly"),
    "packed": ("torch", "streamlit", "plotly"),
    "uploads": ("torch", "streamlit", "plotly", "pydantic"),
    "words": ("torch", "streamlit", "plotly", "pydantic"),
    "config": ("torch", "streamlit", "plotly"),
    "presets": ("torch", "streamlit", "plotly"),
    "game": ("streamlit", "plotly"),
    "diagnostics": ("streamlit", "plotly"),
    "domains": ("streamlit", "plotly"),
    "examine": ("streamlit", "plotly"),
    "wire": ("torch", "streamlit", "plotly"),
    "store": ("torch", "streamlit", "plotly", "gandash.game", "gandash.diagnostics"),
    "links": ("torch", "streamlit", "plotly", "gandash.game", "gandash.diagnostics"),
    "cluster": ("torch", "streamlit", "plotly", "gandash.game", "gandash.diagnostics"),
    "worker": ("streamlit", "plotly"),
    "figures": ("torch", "streamlit", "gandash.game", "gandash.diagnostics"),
    "exporting": ("torch", "streamlit", "plotly", "gandash.game", "gandash.diagnostics"),
    "server": ("torch", "streamlit", "plotly", "gandash.game", "gandash.diagnostics"),
    "ui": ("torch", "gandash.game", "gandash.diagnostics"),  # the page never trains, and does not wait for torch
}


@dataclass(frozen=True)
class Import:
    """One imported name in absolute form. `lazy` ones stand in a function, `typing` ones under TYPE_CHECKING."""

    name: str
    line: int
    lazy: bool = False
    typing: bool = False


def imports(source: str, module: str, is_package: bool = False) -> Iterator[Import]:
    """Every import of a module's source, also those inside functions; `from a import b` gives `a.b`."""
    package = module.split(".") if is_package else module.split(".")[:-1]

    def walk(node: ast.AST, lazy: bool, typing: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, lazy, typing)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            parts = base + (node.module.split(".") if node.module else [])
            for alias in node.names:
                yield Import(".".join([*parts, alias.name]), node.lineno, lazy, typing)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            yield from (Import(str(a.value), node.lineno, lazy, typing) for a in node.args if isinstance(a, ast.Constant))
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for child in node.body:
                yield from walk(child, lazy, True)
            for child in node.orelse:
                yield from walk(child, lazy, typing)
            return
        inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inside, typing)

    yield from walk(ast.parse(source), False, False)


def top(name: str) -> str:
    """The floor's name of a dotted gandash name; "" for the root package itself."""
    return name.split(".")[1] if "." in name else ""


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def sources(root: Path = ROOT) -> dict[str, str]:
    """Source by dotted module name; a package's own file ends in `.__init__`."""
    return {
        ".".join(path.relative_to(root).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in sorted((root / "gandash").rglob("*.py"))
    }


def read(modules: Mapping[str, str]) -> dict[str, list[Import]]:
    found = {}
    for module, source in modules.items():
        is_package = module.endswith(".__init__")
        name = module.removesuffix(".__init__")
        found[name] = list(imports(source, name, is_package))
    return found


def violations(modules: Mapping[str, str]) -> list[str]:
    """Everything that breaks the order of floors, in words."""
    found: list[str] = []
    everything = read(modules)
    for module, wanted in everything.items():
        own = top(module)
        if own not in FLOORS and own:
            found.append(f"{module}: no floor is declared for {own!r}")
            continue
        for i in wanted:
            if not within(i.name, "gandash"):
                continue
            other = top(i.name)
            if other not in FLOORS:  # a name of the root package, such as its version
                if f"gandash.{other}" in everything:
                    found.append(f"{module}:{i.line}: {i.name} has no floor")
                continue
            if own and (own == other or FLOORS[other] < FLOORS[own]):
                continue
            if not own and (i.lazy or i.typing):  # `import gandash` waits for nothing; what it offers comes when asked for
                continue
            found.append(f"{module}:{i.line}: {i.name} is not below {own or 'the root package'}")
    for module, (path, banned) in reached(everything).items():
        found.append(f"{module}: reaches {banned} by way of {' -> '.join(path)}")
    for module, wanted in everything.items():  # a lazy import is an import all the same
        found += [
            f"{module}:{i.line}: {i.name} does not belong in {top(module)}"
            for i in wanted
            if not i.typing and any(within(i.name, banned) for banned in OUT_OF_REACH.get(top(module), ()))
        ]
    return found


def reached(everything: Mapping[str, list[Import]]) -> dict[str, tuple[list[str], str]]:
    """For each module with something out of reach: the way to it through imports made on importing, and what it is."""
    found = {}
    for start in everything:
        banned = OUT_OF_REACH.get(top(start), ())
        ways = {start: [start]}
        queue = [start]
        while queue and start not in found:
            module = queue.pop(0)
            for i in everything[module]:
                if i.lazy or i.typing:
                    continue
                hit = next((b for b in banned if within(i.name, b)), None)
                if hit:
                    found[start] = (ways[module], i.name)
                    break
                parts = i.name.split(".")
                for length in range(1, len(parts) + 1):  # importing a.b.c runs a, a.b and a.b.c
                    step = ".".join(parts[:length])
                    if step in everything and step not in ways:
                        ways[step] = [*ways[module], step]
                        queue.append(step)
    return found


def circle(modules: Mapping[str, str]) -> list[str]:
    """Modules that import each other, the first again at the end; [] where no import leads back.

    Those made in a function count, and those for types alone: whoever reads one file of a circle has to read them all. That
    importing a.b also runs a does not: a package's own file may import from the files beside it, if none of these names it.
    """
    everything = read(modules)
    graph = {}
    for module, wanted in everything.items():
        lines = (i.name.split(".") for i in wanted)
        named = (next((name for name in _prefixes(parts) if name in everything), module) for parts in lines)
        graph[module] = {name for name in named if name not in (module, "gandash")}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _prefixes(parts: list[str]) -> Iterator[str]:
    """a.b.c, a.b, a."""
    return (".".join(parts[:length]) for length in range(len(parts), 0, -1))


def test_the_house_stands() -> None:
    modules = sources()
    assert {"gandash.config.game", "gandash.game.step", "gandash.diagnostics.line"} <= set(modules)
    assert violations(modules) == []
    assert circle(modules) == []


def test_lower_floors_import_something() -> None:
    """The reader does read: known imports are found, so an empty list of violations means something."""
    everything = read(sources())
    assert "gandash.game.field.discriminator_part" in {i.name for i in everything["gandash.game.round"]}
    assert "torch" in {i.name for i in everything["gandash.game.round"]}


SOUND = {
    "gandash.__init__": "",
    "gandash.config": "import json\n",
    "gandash.presets": "from gandash.config import GameConfig\n",
    "gandash.game.__init__": "",
    "gandash.game.step": "import torch\nfrom gandash.game.field import logits\nfrom . import field\n",
    "gandash.game.field": "from gandash import config\n",
    "gandash.diagnostics.line": "from gandash.game.step import start\n",
    "gandash.server.supervisor": "from gandash.config import GameConfig\n",
    "gandash.worker.loop": "from gandash.diagnostics import line\n",
    "gandash.figures.curves": "def draw():\n    import plotly\n",
    "gandash.cli": "def play():\n    from gandash.worker.loop import Loop\n",
    "gandash.ui.page": (
        "from typing import TYPE_CHECKING\nimport streamlit\nfrom gandash.server import supervisor\n"
        "if TYPE_CHECKING:\n    from gandash.game.game import Game\n    import torch\n"
    ),
    "gandash.__main__": "from gandash.cli import play\n",
}


def test_a_sound_house_passes() -> None:
    assert violations(SOUND) == []
    assert circle(SOUND) == []


@pytest.mark.parametrize(
    ("module", "planted", "named"),
    [
        ("gandash.config", "from gandash.game import step", "gandash.game.step is not below config"),
        ("gandash.config", "import torch", "torch does not belong"),
        ("gandash.presets", "from gandash.game.step import start", "is not below presets"),
        ("gandash.presets", "import torch.nn", "torch.nn does not belong"),
        ("gandash.game.field", "def f():\n    from gandash.diagnostics.line import Line", "is not below game"),
        ("gandash.game.field", "class A:\n    def f(self):\n        import gandash.worker.loop", "is not below game"),
        ("gandash.game.field", "from ..worker import loop", "gandash.worker.loop is not below game"),
        ("gandash.game.field", "from gandash import presets", "gandash.presets is not below game"),
        ("gandash.game.__init__", "from ..worker import loop", "gandash.worker.loop is not below game"),
        ("gandash.diagnostics.line", "if True:\n    from gandash import worker", "is not below diagnostics"),
        ("gandash.worker.loop", "import streamlit as st", "streamlit does not belong in worker"),
        ("gandash.worker.loop", "def f():\n    import streamlit.web", "streamlit.web does not belong in worker"),
        ("gandash.worker.loop", "from gandash.runs import replaying", "is not below worker"),
        ("gandash.figures.curves", "from gandash.lessons import dirac", "is not below figures"),
        ("gandash.cli", "from gandash.ui import page", "is not below cli"),
        ("gandash.ui.page", "from gandash.cli import play", "is not below ui"),
        ("gandash.ui.page", "import torch", "torch does not belong in ui"),
        ("gandash.ui.page", "def f():\n    import torch", "torch does not belong in ui"),
        ("gandash.ui.page", "from gandash.game.step import train_step", "does not belong in ui"),
        ("gandash.ui.page", "from gandash import diagnostics", "does not belong in ui"),
        ("gandash.ui.page", "import importlib\nimportlib.import_module('torch')", "torch does not belong in ui"),
        ("gandash.ui.page", "from gandash.worker import loop", "reaches gandash.diagnostics.line by way of"),
        ("gandash.server.supervisor", "from gandash.worker.loop import Loop", "gandash.worker.loop.Loop is not below server"),
        ("gandash.server.supervisor", "def f():\n    import torch", "torch does not belong in server"),
        ("gandash.worker.loop", "from gandash.server import supervisor", "gandash.server.supervisor is not below worker"),
        ("gandash.config", "from gandash.cli import play", "is not below config"),
        ("gandash.__init__", "from gandash.config import GameConfig", "is not below the root package"),
        ("gandash.attic", "", "no floor is declared for 'attic'"),
    ],
)
def test_a_planted_violation_is_found(module: str, planted: str, named: str) -> None:
    broken = SOUND | {module: SOUND.get(module, "") + planted + "\n"}
    assert any(named in v for v in violations(broken)), violations(broken)


FOR_TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "


@pytest.mark.parametrize(
    ("planted", "around"),
    [
        ({"field": "from gandash.game import step"}, {"field", "step"}),
        ({"field": "from .step import start"}, {"field", "step"}),
        ({"field": "def f():\n    from gandash.game.step import start"}, {"field", "step"}),
        ({"field": FOR_TYPES + "from gandash.game.step import start"}, {"field", "step"}),
        ({"field": "import gandash.game.other", "other": "from gandash.game import step"}, {"field", "other", "step"}),
        ({"__init__": "from gandash.game import base", "base": "from gandash.game import A"}, {"", "base"}),
    ],
)
def test_a_planted_circle_is_found(planted: dict[str, str], around: set[str]) -> None:
    found = circle(SOUND | {f"gandash.game.{name}": SOUND.get(f"gandash.game.{name}", "") + planted[name] for name in planted})
    assert {name.removeprefix("gandash.game").removeprefix(".") for name in found} == around
    assert found[0] == found[-1]
