#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/corpus/whole_line.sh [OPTION…] [NAME…]: runs services in containers of Docker under the whole line that `harden` plans for
# them, and reports what breaks. As root. README.md lists the options.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# Mounts are in a namespace of this process, and end with it, whatever ends it.
exec unshare --mount --propagation private -- python3 -B "$here/whole_line.py" "$@"
