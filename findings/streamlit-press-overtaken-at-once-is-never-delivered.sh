#!/usr/bin/env bash
# streamlit 1.67.0 (uvicorn 0.54.0, starlette 1.10.0), CPython 3.11 on Linux.
#
# A button's on_click is the way to be sure of a press: it is called before the script is run, so that slow work
# in the script can't swallow it; and Streamlit takes care that a press that waits in the queue outlives the merging with a later
# request. Still, a press is dropped whole, its callback never called, when another request of the same
# tab follows within some milliseconds, as one does where a component sends values by itself. The run that carries the press looks for
# a later request BEFORE it takes over the widgets' values and calls the callbacks, and when it finds one it ends; the later request
# does not have the press, for the browser sends it once. (A changed value is in the later request too, so only what is sent as
# a trigger can be lost.) By default, runner.fastReruns = true, the run may be told to stop even
# before it has begun. With fastReruns = false, where requests are merged, presses are lost too: the merging is only for
# a request that no run has taken yet.
#
# The callback here is list.append: it takes no time, and touches nothing of Streamlit that could stop it. The check sends
# the page the messages that a browser sends: it needs no browser.
#
# Seen on 2026-11-28, on two busy cores (the numbers differ from run to run):
#   fastReruns true: calls for 50 presses: 50 with nothing after them, 26 with a change right after each
#   fastReruns false: calls for 50 presses: 50 with nothing after them, 29 with a change right after each
#
# By hand only. Exits 0 while presses are lost, 1 when none is, or when some are lost that nothing follows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check streamlit==1.67.0 uvicorn==0.54.0 starlette==1.10.0 websockets==17.4

echo 'calls = []' > tally.py
cat > page.py <<'END'
import streamlit as st

from tally import calls

st.button("press", on_click=calls.append, args=("press",))
st.checkbox("box")
st.text(f"{len(calls)}")
END

cat > check.py <<'END'
import asyncio
import socket
import subprocess
import sys

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PRESSES = 50


class Tab:
    """What a browser's tab does: it sends the widgets' values, and reads what the page says."""

    def __init__(self, socket):
        self.socket, self.ids, self.calls = socket, {}, None

    async def rerun(self, box=None, press=False):
        message = BackMsg()
        message.rerun_script.query_string = ""
        if box is not None:
            message.rerun_script.widget_states.widgets.add(id=self.ids["box"], bool_value=box)
        if press:
            message.rerun_script.widget_states.widgets.add(id=self.ids["press"], trigger_value=True)
        await self.socket.send(message.SerializeToString())

    async def settle(self, quiet):
        """How many calls the page tells of when nothing has come for a while."""
        while True:
            try:
                data = await asyncio.wait_for(self.socket.recv(), quiet)
            except asyncio.TimeoutError:
                return self.calls
            element = ForwardMsg.FromString(data).delta.new_element
            if element.HasField("button"):
                self.ids["press"] = element.button.id
            if element.HasField("checkbox"):
                self.ids["box"] = element.checkbox.id
            if element.HasField("text"):
                self.calls = int(element.text.body)


async def connected(port):
    for _ in range(240):
        try:
            return await websockets.connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=["streamlit"])
        except OSError:
            await asyncio.sleep(0.25)
    raise SystemExit("the server does not answer")


async def delivered(tab, followed):
    """The callback's calls for PRESSES presses, each with another widget's change right after it, or with nothing."""
    before = await tab.settle(2)
    for turn in range(PRESSES):
        await tab.rerun(box=False, press=True)
        if followed:
            await tab.rerun(box=True)
        await tab.settle(0.25)
    await tab.rerun(box=False)
    return await tab.settle(2) - before


async def told(fast):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    options = [f"--runner.fastReruns={fast}", "--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "page.py", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        tab = Tab(await connected(port))
        await tab.rerun()
        alone, followed = await delivered(tab, False), await delivered(tab, True)
        await tab.socket.close()
    finally:
        process.terminate()
        process.wait()
    print(f"fastReruns {fast}: calls for {PRESSES} presses: {alone} with nothing after them, {followed} with a change right after each")
    return alone == PRESSES and followed < PRESSES


seen = [asyncio.run(told(fast)) for fast in ("true", "false")]
raise SystemExit(0 if all(seen) else 1)
END
env/bin/python check.py
