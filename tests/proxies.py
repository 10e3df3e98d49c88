"""A real nginx in front of a running app, as a university has it: TLS, a base path, a prefix taken away, or bare defaults."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waiting import wait_until

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")  # Debian's place is not on everyone's path

UPGRADE = """proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";"""
PASS_HOST = """proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_nginx(*servers: str) -> Iterator[None]:
    """nginx on loopback with these `server` blocks' bodies, its files in a folder of its own, until the block ends.

    `TLS` in a body stands for a certificate that nobody has signed.
    """
    assert NGINX, "no nginx found; `bash tests/run` installs Debian's"
    folder = Path(tempfile.mkdtemp())
    pair = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", *pair],
        check=True,
        capture_output=True,
    )
    tls = f"ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"
    blocks = "\n".join(f"server {{ {body.replace('TLS', tls)} }}" for body in servers)
    bodies = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off; {bodies}\n{blocks}\n}}\n"
    )
    process = subprocess.Popen(
        [NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")], stderr=subprocess.PIPE
    )
    try:
        wait_until(lambda: process.poll() is not None or (folder / "pid").exists(), "nginx listens", 60)
        assert process.poll() is None, process.stderr and process.stderr.read()
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)
