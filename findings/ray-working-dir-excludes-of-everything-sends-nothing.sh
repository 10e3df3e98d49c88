#!/usr/bin/env bash
# ray 2.60.0, CPython 3.11.
#
# `excludes` of a runtime_env are patterns as in .gitignore, and in git `/*` with `!/package` behind it keeps one folder alone. In Ray it
# sends an empty archive: the folder itself is held against the patterns too, by the name ".", which `/*` matches, and then nothing below
# it is looked at. No error, no warning: the tasks cannot import what was to be sent.
#
# Seen on 2026-11-30: ['/*', '!/package'] excludes "." and, by itself, not "package".
#
# By hand only. Exits 0 while this is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check ray==2.60.0
mkdir -p sent/package sent/other
touch sent/package/__init__.py sent/other/large
cat > look.py <<'EOF'
import zipfile
from pathlib import Path

from ray._private.runtime_env.packaging import create_package

create_package("sent", Path("sent.zip"), include_gitignore=True, excludes=["/*", "!/package"])
names = zipfile.ZipFile("sent.zip").namelist()
print("sent:", names)
raise SystemExit(any("package" in name for name in names))
EOF
env/bin/python look.py
