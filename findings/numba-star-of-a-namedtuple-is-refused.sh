#!/usr/bin/env bash
# numba 0.68.0, numpy 2.4, CPython 3.11.
#
# In compiled code `f(x, *p)` hands on a plain tuple p, and a NamedTuple is a type that compiled code knows: its fields are read, it
# is indexed and passed on whole. Yet the star of a NamedTuple does not compile: calls with a star are rewritten into a sum of
# tuples before types are known, and that sum knows plain tuples only. The error speaks of `add`, which nobody wrote.
#
# Seen on 2026-11-29:
#   star of a plain tuple: 7.0
#   the same numbers by their fields: 7.0
#   star of the NamedTuple: TypingError about add
#
# By hand only. Exits 0 while this is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numba==0.68.0 'numpy==2.4.*'
cat > look.py <<'EOF'
from typing import NamedTuple

import numba


class Pair(NamedTuple):
    weight: float
    shift: float


@numba.njit
def moved(x, weight, shift):
    return x * weight + shift


@numba.njit
def starred(x, pair):
    return moved(x, *pair)


@numba.njit
def by_fields(x, pair):
    return moved(x, pair.weight, pair.shift)


print("star of a plain tuple:", starred(2.0, (3.0, 1.0)))
print("the same numbers by their fields:", by_fields(2.0, Pair(3.0, 1.0)))
try:
    print("star of the NamedTuple:", starred(2.0, Pair(3.0, 1.0)))
except numba.TypingError as error:
    print("star of the NamedTuple: TypingError", "about add" if "built-in function add" in str(error) else error)
EOF
env/bin/python look.py | tee seen
diff seen - <<'EOF' > /dev/null || { echo "this has changed"; exit 1; }
star of a plain tuple: 7.0
the same numbers by their fields: 7.0
star of the NamedTuple: TypingError about add
EOF
