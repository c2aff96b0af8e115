#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build-arm64.sh [BUILD]
#
# Builds syscarve and its live tests for aarch64 on another machine, into BUILD (build/arm64), with the preset release: with Debian's
# cross compiler, against packages of Debian bookworm, which are unpacked into BUILD/sysroot and not installed. Needs no root. The result
# runs where bookworm's libraries are, such as in the guests of tests/kernels/.
#
# Exit status: 0 built, 1 not built, 2 usage, 3 a package is missing on this host.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(cd "$here/../.." && pwd)
if [[ $# -gt 1 || ${1-} == -* ]]; then
  sed -n '3,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
build=${1-$source/build/arm64}

# The libraries that the program and the live tests are compiled and linked with.
libraries=(libc6-dev libbpf-dev libelf-dev libseccomp-dev libcurl4-openssl-dev libyaml-dev libarchive-dev libssl-dev libcli11-dev
           libabsl-dev libgtest-dev libgmock-dev nlohmann-json3-dev)
targets=(syscarve workloads recorder_bpf_test program_barrier_bpf_test container_bpf_test membership_bpf_test life_bpf_test
         arguments_bpf_test hardening_bpf_test results_bpf_test)

if ! command -v aarch64-linux-gnu-g++ > /dev/null; then
  echo "build-arm64.sh: the cross compiler is missing: sudo apt-get install g++-aarch64-linux-gnu" >&2
  exit 3
fi
"$here/install-packages.sh" build

mkdir -p "$build"
build=$(cd "$build" && pwd)
sysroot=$build/sysroot
# Made once, and again if the list of libraries changes.
if [[ ! -e $sysroot || "$(cat "$build/sysroot.packages" 2> /dev/null)" != "${libraries[*]}" ]]; then
  "$here/debian-package.sh" --tree "$sysroot" "$build/packages" bookworm arm64 "${libraries[@]}"
  echo "${libraries[*]}" > "$build/sysroot.packages"
fi
cmake -S "$source" --preset release -B "$build" --toolchain "$source/cmake/aarch64.cmake" -DSYSCARVE_SYSROOT="$sysroot" \
  -DSYSCARVE_TESTS=ON -DSYSCARVE_BENCHMARKS=OFF -DSYSCARVE_PRECOMPILED_HEADERS=ON
cmake --build "$build" --parallel "$(nproc)" --target "${targets[@]}"
