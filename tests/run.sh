#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every test, on a fresh clone and on any later day: sudo ./tests/run.sh [--long]
#
# Installs missing packages, and builds twice: with clang, assertions and sanitizers (the preset asan) for all tests that need no root, and
# with g++ as users do (release) for a thousand random pairs of profiles (with --long ten thousand), the benchmarks and the live tests,
# which load BPF programs and run real servers. The live tests mostly wait: the first build, its tests and clang-tidy run beside them, and
# beside other kernels, at a lower priority. Without root only the first build, its tests and clang-tidy are run. If bpf/, vmlinux/ or
# userspace/trace/ differ from the state in tests/kernels/tested, Linux 6.1 and the newest 7 are booted in QEMU, too
# (tests/kernels/run.sh), which takes some ten minutes more and forty at most.
# The last line of the output is "N passed, N failed, N skipped"; the exit status is 0 only if nothing failed and no live test was
# skipped on a host where recording works. Leaves nothing behind but build/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

random=random
case $#:${1-} in
  0:) ;;
  1:--long)
    random=long
    export SYSCARVE_TEST_ROUNDS=20
    ;;
  *) echo "usage: run.sh [--long]" >&2; exit 2 ;;
esac

work=$(mktemp -d)
mounted=
beside=   # The process group that works beside the live tests, while it does.
reports=()
timings=()

clean_up() {
  if [[ -n $beside ]]; then kill -TERM -- "-$beside" 2> /dev/null || true; wait "$beside" || true; fi
  # The tests' engine is left only by an interrupted run.
  if [[ -e build/release/engine.json ]]; then SYSCARVE_ENGINE=$PWD/build/release/engine.json python3 -B tests/e2e/engine.py stop || true; fi
  if [[ -n $mounted ]]; then umount "$mounted"; fi
  rm -rf "$work"
  # Files that sudo created in its caller's folder are given to the caller.
  if [[ -n ${SUDO_UID-} && -d build ]]; then chown -R "$SUDO_UID:${SUDO_GID-$SUDO_UID}" build; fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# timed WHAT COMMAND…: runs the command and records the time that it took.
timed() {
  local what=$1 start=$SECONDS status=0
  shift
  printf '\n== %s\n' "$what"
  "$@" || status=$?
  timings+=("$(printf '%5d s  %s' $((SECONDS - start)) "$what")")
  return $status
}

# The targets that the tests of a preset need.
declare -A targets=([asan]=all [release]="syscarve live_tests")

# build PRESET: silent unless it fails.
build() {
  local log=$work/build-$1.log
  # The users' preset, release, has no tests.
  if ! { cmake --preset "$1" -DSYSCARVE_TESTS=ON -DSYSCARVE_PRECOMPILED_HEADERS=ON -DSYSCARVE_UNITY_BUILD=ON &&
         cmake --build --preset "$1" --parallel "$(nproc)" --target ${targets[$1]}; } > "$log" 2>&1; then
    tail -n 100 "$log"
    return 1
  fi
}

# run_tests REPORT PRESET LABELS OPTION…: failed tests are in the report, not in the exit status.
run_tests() {
  local report=$work/$1.xml preset=$2 labels=$3
  shift 3
  ctest --test-dir "build/$preset" --label-regex "$labels" --no-tests=error --output-on-failure --output-junit "$report" "$@" || true
}

# test_preset PRESET REPORT LABELS OPTION…: builds it, once, and runs the tests with these labels.
built=
test_preset() {
  local preset=$1 report=$2
  shift 2
  reports+=("$work/$report.xml")
  if [[ $built != "$preset" ]]; then
    # Without its report the summary states that these tests did not run.
    timed "build $preset" build "$preset" || return 0
    built=$preset
  fi
  timed "$report tests ($preset)" run_tests "$report" "$preset" "$@"
}

sanitized_tests() {
  test_preset asan unit 'unit|lint|cli|fuzz|tidy' --parallel "$(nproc)"
}

# Starts sanitized_tests in the background; join_sanitized_tests waits for them and prints their output.
start_sanitized_tests() {
  # A process group of its own, so that all of it can be ended.
  set -m
  (
    renice -n 10 -p "$BASHPID" > /dev/null
    timings=()
    sanitized_tests
    printf '%s, beside the live tests\n' "${timings[@]}" > "$work/beside.timings"
  ) < /dev/null > "$work/beside.log" 2>&1 &
  set +m
  beside=$!
}

join_sanitized_tests() {
  # Without its report the summary states that these tests did not run.
  timed "waiting for what ran beside the live tests" wait "$beside" || true
  beside=
  cat "$work/beside.log"
  if [[ -e $work/beside.timings ]]; then mapfile -t -O "${#timings[@]}" timings < "$work/beside.timings"; fi
  reports+=("$work/unit.xml")
}

# The live tests need cgroup v2. Where the host has not mounted it, it is mounted for as long as they run.
provide_cgroup2() {
  if grep -q ' - cgroup2 ' /proc/self/mountinfo; then return; fi
  mkdir "$work/cgroup2"
  mount -t cgroup2 none "$work/cgroup2"
  mounted=$work/cgroup2
}

# without_kernels WHY: reports them as skipped in the summary, with the reason.
without_kernels() {
  printf '\nOther kernels are not tried: %s\n' "$1"
  python3 -B tests/kernels/report.py "$work/kernels.xml" <<< "boot"$'\t'"6.1 and 7"$'\t'"skip"$'\t'"$1"
}

# Emulated kernels are slow: they are booted only if the code that runs in them has changed, for the checks that find most errors, within this limit.
kernels_limit=2400
try_other_kernels() {
  local status=0
  if tests/kernels/run.sh --is-tested; then return; fi
  reports+=("$work/kernels.xml")
  if ! timed "packages for other kernels" tests/support/install-packages.sh kernels; then
    without_kernels "QEMU, or what makes its disks, cannot be installed here"
    return
  fi
  # A kept work folder (tests/kernels/run.sh) saves most of the time.
  SYSCARVE_KERNELS_DIR=${SYSCARVE_KERNELS_DIR:-$work/kernels} timed "other kernels" timeout --foreground --kill-after=30 "$kernels_limit" tests/kernels/run.sh \
    --checks doctor,round,strace,denials,ends,storm,log --rounds 3 --limit 600 --report "$work/kernels.xml" 6.1 7 || status=$?
  case $status in
    3) without_kernels "what boots them cannot be had here; tests/kernels/run.sh says above what it is" ;;
    # The summary misses their report, and so counts it as a failure.
    124 | 137) printf 'Other kernels were not done within %d s.\n' "$kernels_limit" ;;
  esac
}

summary_options=()
if [[ $EUID == 0 ]]; then
  timed "packages" tests/support/install-packages.sh test
else
  tests/support/install-packages.sh test || exit 1
fi

if [[ $EUID == 0 ]]; then
  provide_cgroup2
  test_preset release "$random" "^($random|bench)\$" --parallel "$(nproc)"
  start_sanitized_tests
  # Two at once on any machine: they mostly wait, and each has a time limit. Those that must not run beside others are marked
  # (tests/README.md).
  test_preset release live-bpf bpf --parallel 2
  test_preset release live-e2e e2e --parallel 2
  # Emulated processors do not use the whole machine either, above all while packages are fetched and kernels boot.
  try_other_kernels
  join_sanitized_tests
  if build/release/bin/syscarve doctor; then summary_options+=(--no-skips); fi
  # The only requirement that a host on which recording works may lack.
  if ! build/release/workloads/calls i386:20:1 2> /dev/null; then summary_options+=(--lacks "this kernel makes no 32-bit calls"); fi
else
  sanitized_tests
  printf '\nThe live tests (bpf, e2e) need root and were skipped: sudo ./tests/run.sh\n'
fi

printf '\nTime:\n'
printf '  %s\n' "${timings[@]}"
python3 -B tests/support/summarise.py "${summary_options[@]}" "${reports[@]}"
