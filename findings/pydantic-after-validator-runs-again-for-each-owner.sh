#!/usr/bin/env bash
# pydantic 2.14.3, CPython 3.11.
#
# A finished instance that is given to a field of another model is not validated again: that is what
# `revalidate_instances="never"`, the default, says, and its fields and field validators are indeed left alone. But a
# `model_validator(mode="after")` of its class runs once more for every model that takes it in, though the very same object comes
# out. A dear check among fields is paid for again whenever anything around the instance is built anew.
#
# Seen on 2026-11-29:
#   built once: field validator 1, after-validator 1
#   taken in by 3 owners: field validator 1, after-validator 4
#
# By hand only. Exits 0 while this is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pydantic==2.14.3
cat > look.py <<'EOF'
from collections import Counter

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

ran = Counter()


class Data(BaseModel):
    model_config = ConfigDict(frozen=True, revalidate_instances="never")
    rows: tuple[float, ...]

    @field_validator("rows")
    @classmethod
    def _of_the_field(cls, rows):
        ran["field"] += 1
        return rows

    @model_validator(mode="after")
    def _among_fields(self):
        ran["after"] += 1
        return self


class Owner(BaseModel):
    data: Data


data = Data(rows=(1.0, 2.0))
print(f"built once: field validator {ran['field']}, after-validator {ran['after']}")
owners = [Owner(data=data) for _ in range(3)]
assert all(owner.data is data for owner in owners)  # the same object, not a copy
print(f"taken in by 3 owners: field validator {ran['field']}, after-validator {ran['after']}")
EOF
env/bin/python look.py | tee seen
diff seen - <<'EOF' > /dev/null || { echo "this has changed"; exit 1; }
built once: field validator 1, after-validator 1
taken in by 3 owners: field validator 1, after-validator 4
EOF
