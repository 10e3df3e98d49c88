#!/usr/bin/env bash
# streamlit 1.67.0 (uvicorn 0.54.0, starlette 1.10.0), CPython 3.11 on Linux.
#
# asyncio turns Nagle's algorithm off for the TCP connections of a server, and so most of us take TCP_NODELAY for granted in
# an asyncio web server. It does so only where the socket's `proto` is IPPROTO_TCP. A connection that is accepted from a listening socket
# made as socket.socket(family, SOCK_STREAM), with proto 0, has proto 0 too, and is left as it is. Streamlit binds such a socket
# itself and hands it to uvicorn: every WebSocket and HTTP connection of a Streamlit app has Nagle ON, while the very same
# ASGI app under `uvicorn.run(app, host=..., port=...)` has it off. Two small messages in a row then wait for the browser's
# delayed acknowledgement (about 40 ms on loopback).
#
# Seen on 2026-11-28:
#   TCP_NODELAY of the accepted connection: uvicorn host/port 1, uvicorn with a plain bound socket 0, streamlit run 0
#
# By hand only. Exits 0 while this is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check streamlit==1.67.0 uvicorn==0.54.0 starlette==1.10.0

cat > nodelay.py <<'EOF'
"""An ASGI handler that says whether Nagle's algorithm is off on the connections this process has accepted."""
import os
import socket
import stat

from starlette.responses import PlainTextResponse
from starlette.routing import Route


def accepted():
    found = []
    for number in map(int, os.listdir("/dev/fd")):
        try:
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as s:
                if s.family == socket.AF_INET and not s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and s.getpeername():
                    found.append(int(s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0))
        except OSError:
            continue
    return found


async def answer(request):
    return PlainTextResponse(str(min(accepted())))


routes = [Route("/nodelay", answer)]
EOF
cat > app.py <<'EOF'
import streamlit as st

from nodelay import routes

app = st.App("page.py", routes=routes)
EOF
echo 'import streamlit as st; st.write("a page")' > page.py

cat > check.py <<'EOF'
import socket
import subprocess
import sys
import time
import urllib.request


def ask(port):
    for _ in range(240):
        try:
            return int(urllib.request.urlopen(f"http://127.0.0.1:{port}/nodelay", timeout=5).read())
        except OSError:
            time.sleep(0.25)
    raise SystemExit("the server does not answer")


def free():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


named = "import sys, uvicorn; from starlette.applications import Starlette; from nodelay import routes; "
ways = {
    "uvicorn host/port": [sys.executable, "-c", named + "uvicorn.run(Starlette(routes=routes), port=int(sys.argv[1]), log_level='error')"],
    "uvicorn with a plain bound socket": [
        sys.executable,
        "-c",
        named + "import socket; s = socket.socket(); s.bind(('127.0.0.1', int(sys.argv[1]))); "
        "uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level='error')).run(sockets=[s])",
    ],
    "streamlit run": [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", "--server.address=127.0.0.1"],
}
seen = {}
for name, command in ways.items():
    port = free()
    extra = [f"--server.port={port}"] if "streamlit" in name else [str(port)]
    process = subprocess.Popen([*command, *extra], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        seen[name] = ask(port)
    finally:
        process.terminate()
        process.wait()
print("TCP_NODELAY of the accepted connection:", ", ".join(f"{name} {value}" for name, value in seen.items()))
raise SystemExit(0 if list(seen.values()) == [1, 0, 0] else 1)
EOF
env/bin/python check.py
