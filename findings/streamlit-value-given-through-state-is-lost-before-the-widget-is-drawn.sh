#!/usr/bin/env bash
# streamlit 1.67.0, Chromium by playwright 1.65.2, CPython 3.11 on Linux.
#
# `st.session_state.colour = "green"` before `st.selectbox(..., key="colour")` is the documented way to say what a widget shows.
# Streamlit tells the browser of such a value with the first script run alone; later runs send the widget without it, for the
# browser is thought to have it. But the browser takes it over when it draws the widget, and each kind of widget is a module
# that is loaded when the first of its kind is wanted. Where the script is run again before that module has come (a component
# that sends a value by itself, a fragment, any quick press), the value is gone: the browser shows the widget's default, the
# script goes on with the given value, and both stay so. No error, no warning, and nothing that a test without a browser could
# see. Cured by giving the value as the widget's default as well (`index=`), for which Streamlit has a warning, off by
# global.disableWidgetStateDuplicationWarning.
#
# The check holds the module back for some seconds, as a slow network does; without that nothing is lost.
#
# Seen on 2026-12-01:
#   module at once: the browser shows green, the script has green
#   module later: the browser shows red, the script has green
#
# Needs Debian's chromium. By hand only. Exits 0 while the value is lost with the module held back and there without, else 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check streamlit==1.67.0 playwright==1.65.2

cat > page.py <<'END'
import streamlit as st

JS = """
export default function ({ setTriggerValue }) {
  if (window.hasTold) return;
  window.hasTold = true;
  setTimeout(() => setTriggerValue('told', true), 1500);
}
"""
tells = st.components.v2.component("tells", html="<p></p>", js=JS)
tells(key="tells", on_told_change=lambda: None)
st.session_state.setdefault("colour", "green")
st.session_state.runs = st.session_state.get("runs", 0) + 1
st.selectbox("Colour", ["red", "green", "blue"], key="colour")
st.text(f"run {st.session_state.runs} has {st.session_state.colour}")
END

cat > check.py <<'END'
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

from playwright.sync_api import sync_playwright

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
url = f"http://127.0.0.1:{port}/"
app = subprocess.Popen(
    [sys.executable, "-m", "streamlit", "run", "page.py", f"--server.port={port}", "--server.headless=true",
     "--browser.gatherUsageStats=false"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
try:
    while True:
        try:
            urllib.request.urlopen(url + "_stcore/health", timeout=1)
            break
        except OSError:
            time.sleep(0.2)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        seen = []
        for is_held in (False, True):
            page = browser.new_page()
            if is_held:
                page.route("**/static/js/Selectbox*", lambda route: None)  # until it is no longer routed
            page.goto(url)
            said = page.get_by_text("run 2 has")
            said.wait_for(timeout=120_000)
            if is_held:
                page.unroute("**/static/js/Selectbox*")
            box = page.get_by_role("combobox")
            box.wait_for(timeout=120_000)
            page.wait_for_timeout(2000)
            seen.append((box.input_value(), said.inner_text().split()[-1]))
            print(f"module {'later' if is_held else 'at once'}: the browser shows {seen[-1][0]}, the script has {seen[-1][1]}")
            page.close()
        browser.close()
finally:
    app.terminate()
    app.wait()
sys.exit(0 if seen == [("green", "green"), ("red", "green")] else 1)
END
env/bin/python check.py
