#!/usr/bin/env bash
# ray 2.60.0, CPython 3.11.
#
# `ray.init(address="HOST:PORT")` with a port where nobody listens, so that every connection is refused at once, does not raise at once,
# nor after the "within 5 seconds" that it logs: it tries for about a quarter of an hour, and then raises ConnectionError. The same with a
# port where something listens that is no Ray. It also replaces 127.0.0.1 by the machine's own address. Whoever offers an address to
# people asks the port himself before.
#
# Seen on 2026-11-30: 1768 s for two such addresses, one after the other.
#
# By hand only. Exits 0 while it still tries after a minute, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check ray==2.60.0
rc=0
timeout 60 env/bin/python -c 'import ray; ray.init(address="127.0.0.1:1", log_to_driver=False)' || rc=$?
echo "status after a minute: $rc (124: it was still trying)"
[ "$rc" = 124 ]
