#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/corpus/whole_line.sh [OPTION…] [NAME…]: services in containers of Docker under everything that `harden` plans for them, and
# what breaks. As root. README.md has the options.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# Mounts are ours alone, and go when we do, whatever ends us.
exec unshare --mount --propagation private -- python3 -B "$here/whole_line.py" "$@"
