#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/corpus/run.sh [OPTION…] [NAME…]: records real workloads, enforces the generated profiles, and reports what breaks. As root.
# README.md lists the options. Without names the whole corpus is run. Workloads that an earlier run finished are not run again.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# Mounts are in a namespace of this process, and end with it, whatever ends it.
exec unshare --mount --propagation private -- python3 -B "$here/corpus.py" "$@"
