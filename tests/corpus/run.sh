#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/corpus/run.sh [OPTION…] [NAME…]: records real workloads, enforces what was generated, and says what breaks. As root.
# README.md has the options; without names the whole corpus is run, and what a run before has finished is not done again.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# Mounts are ours alone, and go when we do, whatever ends us.
exec unshare --mount --propagation private -- python3 -B "$here/corpus.py" "$@"
