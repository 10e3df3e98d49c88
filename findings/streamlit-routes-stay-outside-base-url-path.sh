#!/usr/bin/env bash
# streamlit 1.67.0 (uvicorn 0.54.0, starlette 1.10.0), CPython 3.11 on Linux.
#
# st.App takes routes "to mount alongside Streamlit", and server.baseUrlPath is "the base path for the URL where Streamlit should
# be served from". All that Streamlit serves itself moves under that base: its page, its health check, its WebSocket, media, components,
# the app's static files. So one expects an app's own routes to move along. They don't: under --server.baseUrlPath=/a a Route("/ready")
# still answers at /ready, which a proxy that sends only /a to the app never asks for. And /a/ready isn't a 404 that would tell:
# it is Streamlit's page, with status 200, as for any unknown path below the base. A probe of readiness at /a/ready says "well"
# for ever, also when the route would answer 503, as here.
# The check that keeps an app's routes off Streamlit's own doesn't know of the base either: Route("/_stcore/health") is refused,
# though nothing of Streamlit's is there, and Route("/a/_stcore/health") is taken, and answers in place of Streamlit's health check.
#
# Seen on 2026-11-28:
#   without a base: /ready 503 not ready, /_stcore/health 200 ok
#   with the base /a: /ready 503 not ready, /a/ready 200 the page, /_stcore/health 404 Not Found, /a/_stcore/health 200 ok
#   with the base /a: a route /_stcore/health is refused, a route /a/_stcore/health is taken: 503 not ready
#
# By hand only. Exits 0 while this is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check streamlit==1.67.0 uvicorn==0.54.0 starlette==1.10.0

echo 'import streamlit as st; st.write("a page")' > page.py
for route in /ready /a/_stcore/health; do
  cat > "app${route//\//_}.py" <<END
import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def ready(request):
    return PlainTextResponse("not ready", 503)


app = st.App("page.py", routes=[Route("$route", ready)])
END
done

cat > check.py <<'END'
import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import streamlit as st
from starlette.routing import Route
from streamlit import config


def ask(port, path):
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        except OSError:
            time.sleep(0.25)
            continue
        body = body.decode()
        return f"{status} " + ("the page" if '<div id="root">' in body else body)
    raise SystemExit("the server does not answer")


@contextlib.contextmanager
def served(script, *options):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    options = (*options, "--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}")
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", script, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield lambda *paths: {path: ask(port, path) for path in paths}
    finally:
        process.terminate()
        process.wait()


def line(answers):
    return ", ".join(f"{path} {answer}" for path, answer in answers.items())


with served("app_ready.py") as answers:
    plain = answers("/ready", "/_stcore/health")
print("without a base:", line(plain))

with served("app_ready.py", "--server.baseUrlPath=/a") as answers:
    based = answers("/ready", "/a/ready", "/_stcore/health", "/a/_stcore/health")
print("with the base /a:", line(based))

config.set_option("server.baseUrlPath", "/a")
try:
    st.App("page.py", routes=[Route("/_stcore/health", lambda request: None)])
    refused = False
except ValueError:
    refused = True
with served("app_a__stcore_health.py", "--server.baseUrlPath=/a") as answers:
    taken = answers("/a/_stcore/health")["/a/_stcore/health"]
print(f"with the base /a: a route /_stcore/health is {'refused' if refused else 'taken'}, a route /a/_stcore/health is taken: {taken}")

holds = (
    plain == {"/ready": "503 not ready", "/_stcore/health": "200 ok"}
    and based["/ready"] == "503 not ready"
    and based["/a/ready"] == "200 the page"
    and based["/_stcore/health"].startswith("404")
    and based["/a/_stcore/health"] == "200 ok"
    and refused
    and taken == "503 not ready"
)
raise SystemExit(0 if holds else 1)
END
env/bin/python check.py
