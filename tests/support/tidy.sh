#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tidy.sh [BUILD [FILE…]]
#
# Runs clang-tidy with the checks of .clang-tidy over userspace/, or only over these files of it, as BUILD (build/asan), which clang has
# built, compiles them. About twenty minutes on two cores.
# Exit status: 0 nothing was found, 1 something was, 2 usage, 3 clang-tidy or the build is missing.
set -euo pipefail
if [[ ${1-} == -* ]]; then
  sed -n '3,7s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${1-$source/build/asan}
if ! command -v clang-tidy > /dev/null; then
  echo "tidy.sh: clang-tidy is missing: sudo apt-get install clang-tidy" >&2
  exit 3
fi
if [[ ! -e $build/compile_commands.json ]]; then
  echo "tidy.sh: $build is no build: cmake --preset asan && cmake --build --preset asan" >&2
  exit 3
fi
shift $(($# > 0))
if [[ $# == 0 ]]; then mapfile -t files < <(find "$source/userspace" -name '*.cc' | sort); else files=("$@"); fi
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy -p "$build" --quiet 2> /dev/null || exit 1
