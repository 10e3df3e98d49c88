#!/usr/bin/env bash
# streamlit 1.67.0, CPython 3.11 on Linux.
#
# AppTest is Streamlit's way to test a page, and `assert not at.exception` its own example of a first check. A script that raises
# fails that check. One that cannot even be compiled (a SyntaxError, or what a tool that is called while it is compiled raises)
# passes it: run() returns, at.exception is empty, and so is the page. Only the log knows. A browser shows such an error in a
# dialog. So a test that looks for what should be absent passes, and one that looks at what the page did to the world finds
# that nothing happened, as if the page had ignored what was chosen. The event that tells of it (SCRIPT_STOPPED_WITH_COMPILE_ERROR)
# reaches AppTest's runner, which makes nothing of it.
#
# Seen on 2026-11-29:
#   raises: 1 exception, state says it ran without errors: False
#   does not compile: 0 exceptions, state says it ran without errors: False
#
# By hand only. Exits 0 while AppTest shows no exception for a script that does not compile, 1 when it shows or raises one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check streamlit==1.67.0

cat > check.py <<'END'
import logging
from pathlib import Path

from streamlit.runtime.state.session_state import SCRIPT_RUN_WITHOUT_ERRORS_KEY
from streamlit.testing.v1 import AppTest

logging.disable(logging.CRITICAL)


def exceptions(name: str, script: str) -> int:
    page = Path(name.replace(" ", "_") + ".py")
    page.write_text("import streamlit as st\n" + script)
    at = AppTest.from_file(str(page.resolve())).run()
    found = len(at.exception)
    ran = at.session_state[SCRIPT_RUN_WITHOUT_ERRORS_KEY]
    print(f"{name}: {found} exception{'s' * (found != 1)}, state says it ran without errors: {ran}")
    return found


try:
    seen = exceptions("raises", "st.title(1 / 0)\n"), exceptions("does not compile", "st.title('two'\n")
except SyntaxError:
    raise SystemExit(1)
raise SystemExit(0 if seen == (1, 0) else 1)
END
env/bin/python check.py
