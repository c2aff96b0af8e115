#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coverage.sh [BUILD [LABELS]]
#
# Builds with clang's source-based coverage into BUILD (build/coverage), runs the tests with these labels, a regular expression (unit|cli:
# those that need no root), and prints for each folder of userspace/ how many of its lines they run, and the files with the most lines that
# no test runs. As root, LABELS may be 'unit|cli|e2e'. The data stay in BUILD/all.profdata, from which llvm-cov shows single files:
#   llvm-cov show -instr-profile BUILD/all.profdata BUILD/bin/syscarve userspace/cli/record.cc
# Exit status: 0, also if tests fail, which ctest prints; 1 nothing could be measured; 2 usage; 3 llvm's tools are missing.
set -euo pipefail
if [[ $# -gt 2 || ${1-} == -* ]]; then
  sed -n '3,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${1-$source/build/coverage}
labels=${2-unit|cli}

# The tools must be of the compiler's release: each release has a format of its own.
version=$(clang -dumpversion | cut -d. -f1)
llvm_tool() {
  command -v "$1-$version" || command -v "$1" || {
    echo "coverage.sh: $1 is missing: sudo apt-get install llvm-$version" >&2
    return 3
  }
}
cov=$(llvm_tool llvm-cov)
profdata=$(llvm_tool llvm-profdata)

flags='-O0 -g1 -fprofile-instr-generate -fcoverage-mapping'
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
  -DCMAKE_CXX_FLAGS_DEBUG="$flags" -DSYSCARVE_TESTS=ON -DSYSCARVE_BENCHMARKS=OFF -DSYSCARVE_PRECOMPILED_HEADERS=ON -DSYSCARVE_UNITY_BUILD=ON > /dev/null
cmake --build "$build" --parallel "$(nproc)"

profiles=$(mktemp -d)
trap 'rm -rf "$profiles"' EXIT
# The tests also run programs as other users. With %m, all runs of one program share a few files.
chmod 1777 "$profiles"
LLVM_PROFILE_FILE="$profiles/%2m.profraw" ctest --test-dir "$build" --label-regex "$labels" --parallel "$(nproc)" --output-on-failure | tail -n 20 || true

shopt -s nullglob
raw=("$profiles"/*.profraw)
if [[ ${#raw[@]} == 0 ]]; then
  echo "coverage.sh: no test has left a profile" >&2
  exit 1
fi
"$profdata" merge -sparse "${raw[@]}" -o "$build/all.profdata"
# The first program is given without -object.
objects=()
for program in "$build"/bin/*; do
  if [[ -f $program && -x $program ]]; then objects+=(-object "$program"); fi
done
"$cov" export -summary-only -instr-profile "$build/all.profdata" "${objects[@]:1}" "$source/userspace" > "$profiles/summary.json"
python3 -B - "$profiles/summary.json" "$source/userspace" <<'PYTHON'
import collections
import json
import pathlib
import sys

folders = collections.defaultdict(lambda: [0, 0])
missed = []
for file in json.load(open(sys.argv[1]))["data"][0]["files"]:
    path = pathlib.Path(file["filename"])
    if not path.is_relative_to(sys.argv[2]):
        continue
    path = path.relative_to(sys.argv[2])
    lines = file["summary"]["lines"]
    missed.append((lines["count"] - lines["covered"], lines["count"], path))
    for name in (path.parts[0], "all"):
        folders[name][0] += lines["count"]
        folders[name][1] += lines["covered"]
for name, (count, covered) in sorted(folders.items(), key=lambda entry: (entry[0] == "all", entry[0])):
    print(f"{name:12} {count:6} lines {100 * covered / count:6.1f} %")
print("\nMost lines that no test runs:")
for count, of, path in sorted(missed, reverse=True)[:40]:
    if count > 0:
        print(f"{count:5} of {of:5} {path}")
PYTHON
