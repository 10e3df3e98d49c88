#!/usr/bin/env bash
# streamlit 1.67.0 (uvicorn 0.54.0, starlette 1.10.0), CPython 3.11 on Linux.
#
# A widget's on_change is said to be called when the value changes, before the script is run. Streamlit stops a run
# when the user does something else meanwhile, and one expects one of two things of a callback that is stopped halfway: either it is
# let finish, since callbacks come before the run proper, or the next run finds that the value still differs from the last
# one that was dealt with, and calls it again. Neither happens. The first touch of st.session_state after the next request has
# come (a plain assignment, or a read) raises out of the callback; but the widget's new value has been stored already, so
# the next run sees no change. The rest of the callback is never run: the widget shows 7, and what its callback keeps stays at 3, through
# every later rerun, with nothing logged. It is so with runner.fastReruns on and off;
# and the help of that option warns only of state that is changed otherwise than by assignments to st.session_state.
#
# The check sends a page of two widgets the messages that a browser sends: it needs no browser.
#
# Seen on 2026-11-28, the same with fastReruns true and false:
#   changed to 3, alone: level 3, stored 3, calls ['begun 3', 'done 3']
#   changed to 7, then a box ticked while the callback works: level 7, stored 3, calls ['begun 3', 'done 3', 'begun 7']
#   one more rerun: level 7, stored 3, calls ['begun 3', 'done 3', 'begun 7']
#
# By hand only. Exits 0 while this is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check streamlit==1.67.0 uvicorn==0.54.0 starlette==1.10.0 websockets==17.4

echo 'calls = []' > tally.py
cat > page.py <<'END'
import time

import streamlit as st

from tally import calls


def keep():
    value = st.session_state.level
    calls.append(f"begun {value}")
    open(f"begun {value}", "w").close()
    time.sleep(2)  # a query, say
    st.session_state.stored = value
    calls.append(f"done {value}")


st.slider("level", 0, 9, key="level", on_change=keep)
st.checkbox("box")
st.text(f"level {st.session_state.level}, stored {st.session_state.get('stored')}, calls {calls}")
END

cat > check.py <<'END'
import asyncio
import os
import socket
import subprocess
import sys

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


class Tab:
    """What a browser's tab does: it sends the widgets' values, and reads what the page says."""

    def __init__(self, socket):
        self.socket, self.ids, self.text = socket, {}, None

    async def rerun(self, level=None, box=False):
        message = BackMsg()
        message.rerun_script.query_string = ""
        if level is not None:
            message.rerun_script.widget_states.widgets.add(id=self.ids["level"]).double_array_value.data.append(level)
            message.rerun_script.widget_states.widgets.add(id=self.ids["box"], bool_value=box)
        await self.socket.send(message.SerializeToString())

    async def settle(self):
        """What the page says when nothing has come for a while."""
        while True:
            try:
                data = await asyncio.wait_for(self.socket.recv(), 4)
            except asyncio.TimeoutError:
                return self.text
            element = ForwardMsg.FromString(data).delta.new_element
            if element.HasField("slider"):
                self.ids["level"] = element.slider.id
            if element.HasField("checkbox"):
                self.ids["box"] = element.checkbox.id
            if element.HasField("text"):
                self.text = element.text.body


async def connected(port):
    for _ in range(240):
        try:
            return await websockets.connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=["streamlit"])
        except OSError:
            await asyncio.sleep(0.25)
    raise SystemExit("the server does not answer")


async def story(port):
    tab = Tab(await connected(port))
    await tab.rerun()
    await tab.settle()
    await tab.rerun(level=3)
    yield "changed to 3, alone", await tab.settle()
    await tab.rerun(level=7)
    for _ in range(240):
        if os.path.exists("begun 7"):
            break
        await asyncio.sleep(0.05)
    await tab.rerun(level=7, box=True)
    yield "changed to 7, then a box ticked while the callback works", await tab.settle()
    await tab.rerun(level=7, box=False)
    yield "one more rerun", await tab.settle()
    await tab.socket.close()


async def told(fast):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    if os.path.exists("begun 7"):
        os.remove("begun 7")
    options = [f"--runner.fastReruns={fast}", "--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "page.py", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        print("fastReruns", fast)
        said = []
        async for name, text in story(port):
            print(f"  {name}: {text}")
            said.append(text)
        return said
    finally:
        process.terminate()
        process.wait()


lost = "level 7, stored 3, calls ['begun 3', 'done 3', 'begun 7']"
expected = ["level 3, stored 3, calls ['begun 3', 'done 3']", lost, lost]
seen = [asyncio.run(told(fast)) for fast in ("true", "false")]
raise SystemExit(0 if seen == [expected, expected] else 1)
END
env/bin/python check.py
