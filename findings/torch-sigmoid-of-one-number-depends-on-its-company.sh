#!/usr/bin/env bash
# torch 2.13.0 (CPU, a processor with AVX2 or AVX-512), CPython 3.11.
#
# `torch.sigmoid` and `softplus` work number by number, and yet the last bit of a number's result depends on how many numbers stand beside
# it: whole vectors go through other code than the few that are left over at the end, or than a tensor of few numbers. So a training
# of a small batch is not, bit for bit, the same alone as it is stacked with others, though no sum joins them. `exp`, `log`, `tanh`
# and `log_sigmoid` give the same bits either way, so nothing hints at it.
#
# Seen on 2026-11-29 (AVX512), of 4096 numbers, all at once against five at a time:
#   softplus differs in 604, sigmoid in 169, exp, log, tanh, log_sigmoid in 0
#
# By hand only. Exits 0 while this is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 numpy
cat > look.py <<'EOF'
import torch
from torch.nn.functional import logsigmoid, softplus

torch.manual_seed(0)
x = torch.randn(4096)
functions = {"softplus": softplus, "sigmoid": torch.sigmoid, "exp": torch.exp, "log": lambda x: x.abs().log(),
             "tanh": torch.tanh, "log_sigmoid": logsigmoid}
differ = {}
for name, function in functions.items():
    few = torch.cat([function(x[i:i + 5].clone()) for i in range(0, len(x), 5)])
    differ[name] = int((few != function(x)).sum())
print(torch.backends.cpu.get_cpu_capability(), differ)
raise SystemExit(not (differ["softplus"] and differ["sigmoid"] and differ["exp"] == differ["tanh"] == 0))
EOF
env/bin/python look.py
