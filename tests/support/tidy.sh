#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tidy.sh [BUILD [FILE…]]
#
# Runs clang-tidy with the checks of .clang-tidy over userspace/, or only over these files of it. BUILD (build/tidy) is a folder for the
# build's generated files and compile commands; nothing else is built there. The files of a folder are checked as one, so that the headers that
# they share are parsed once: two and a half minutes of processor time in all.
# Exit status: 0 no findings, 1 findings, 2 usage, 3 clang-tidy is missing.
set -euo pipefail
if [[ ${1-} == -* ]]; then
  sed -n '3,8s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${1-$source/build/tidy}
if ! command -v clang-tidy > /dev/null; then
  echo "tidy.sh: clang-tidy is missing: sudo apt-get install clang-tidy" >&2
  exit 3
fi
shift $(($# > 0))

unity=$([[ $# == 0 ]] && echo ON || echo OFF)
cmake --preset asan -S "$source" -B "$build" -DSYSCARVE_TESTS=OFF -DSYSCARVE_UNITY_BUILD="$unity" -DSYSCARVE_UNITY_BATCH=0 > /dev/null
cmake --build "$build" --parallel "$(nproc)" --target syscarve_{recorder,preemption,refusals}_skeleton_file > /dev/null

if [[ $# == 0 ]]; then
  mapfile -t files < <(sed -n 's|^ *"file": "\(.*/Unity/.*\.cxx\)".*|\1|p' "$build/compile_commands.json")
else
  files=("$@")
fi
if [[ ${#files[@]} == 0 ]]; then
  echo "tidy.sh: nothing to look at in $build/compile_commands.json" >&2
  exit 1
fi
# Standard error contains only the number of findings in headers of other projects.
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy -p "$build" --quiet 2> /dev/null || exit 1
