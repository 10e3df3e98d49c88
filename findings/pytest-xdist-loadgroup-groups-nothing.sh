#!/usr/bin/env bash
# pytest-xdist 3.8.0 with pytest 9.2.0, CPython 3.11.
#
# `--dist loadgroup` promises that tests marked with xdist_group of one name run on one worker. xdist writes the group's name behind
# `item._nodeid` and later reads `item.nodeid`; in pytest 9.2 `nodeid` is a property made from another attribute, so that what xdist
# wrote is never seen. No error, no warning: the marks are accepted and the tests of a group are dealt out to all workers. With
# pytest 9.0.2 the same files keep their group on one worker. Whoever shares a server, a port or a browser between
# grouped tests finds two of them at work.
#
# Seen on 2026-11-28:
#   pytest 9.0.2: workers that played the group "one": 1
#   pytest 9.2.0: workers that played the group "one": 2
#
# By hand only. Exits 0 while this is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > test_a.py <<'EOF'
import os
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("one")


@pytest.mark.parametrize("i", range(8))
def test_each(i):
    time.sleep(0.2)
    with Path(os.environ["SEEN"]).open("a") as seen:
        seen.write(os.environ["PYTEST_XDIST_WORKER"] + "\n")
EOF
cp test_a.py test_b.py
for version in 9.0.2 9.2.0; do
  python3 -m venv "env-$version"
  "env-$version/bin/pip" install --quiet --disable-pip-version-check "pytest==$version" pytest-xdist==3.8.0 2>/dev/null
  SEEN="$folder/seen-$version" "env-$version/bin/python" -m pytest -q -n 2 --dist loadgroup -p no:cacheprovider > /dev/null
  echo "pytest $version: workers that played the group \"one\": $(sort -u "seen-$version" | wc -l)"
done
[ "$(sort -u seen-9.0.2 | wc -l)" = 1 ] && [ "$(sort -u seen-9.2.0 | wc -l)" = 2 ]
