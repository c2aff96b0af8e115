#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The kernel matrix: sudo tests/kernels/run.sh [OPTION…] [KERNEL…]
#
# Boots Debian's own kernels in QEMU, one after the other, and runs guest/checks.sh in each of them to test what syscarve promises. Prints
# the result of each check, and at the end a table of these kernels; WORK/table.md has the last row of every kernel that was ever tested in
# WORK. Needs no KVM, and root for debootstrap alone.
#
#   KERNEL…              5.10, 6.1, 6.1-selinux, 6.1-cloud, 6.12, 6.12-systemd, 6.12-full, 6.12-nohz, 6.12-lockdown, 7, 7-full, 7-nohz, 7-lockdown;
#                        without any, all of them. The number is that of the kernel in a release of Debian (7: the newest in sid). A
#                        word after it is how it is booted: full with preempt=full, nohz with nohz_full=1, lockdown with
#                        lockdown=confidentiality, systemd with systemd as the first process, selinux with SELinux instead of
#                        AppArmor. Also, only if they are named,
#                        arm64-6.1 and arm64-6.12: kernels for aarch64, which test what tests/support/build-arm64.sh builds.
#   --build DIR          tests bin/ and workloads/ of this build (build/release; for aarch64 build/arm64)
#   --checks NAME,…      only these checks, and those that begin with NAME-
#   --filter FILTER      only these tests of the check `bpf`, as for --gtest_filter ('-*TwoHundredTimes': emulated they take too long)
#   --script FILE        runs this script in the guest instead of the checks and prints its output
#   --share DIR          a folder that the guest has, read-only, at /share
#   --limit SECONDS      time limit for a guest (600)
#   --count-instructions the guest's clock counts instructions instead of time, for benchmarks: other load of the machine does not affect them
#   --rounds N           rounds of each check that repeats its work (storm: 10 on 7 and 7-full, 3 on the others; own, ends: 20)
#   --report FILE        also writes the results as a JUnit report
#   --is-tested          boots nothing: exit status 0 if the code that runs in kernels and communicates with them is that of tests/kernels/tested
#   --note               if all results are as expected, writes tests/kernels/tested
#
# WORK is $SYSCARVE_KERNELS_DIR or /var/tmp/syscarve-kernels. It keeps packages, disks and the last results; nothing else is left behind.
# Exit status: 0 everything is as expected, 1 it is not, 2 usage, 3 something is missing here.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${SYSCARVE_KERNELS_DIR:-/var/tmp/syscarve-kernels}
build=
script=$here/guest/checks.sh
checks='' filter='-*TwoHundredTimes' share='' limit=600 rounds='' experiment='' junit='' is_tested='' note='' clock=multi

# For each kernel: Debian's suite, the architecture if it is not amd64, and the packages.
kernels=(5.10 6.1 6.1-selinux 6.1-cloud 6.12 6.12-systemd 6.12-full 6.12-nohz 6.12-lockdown 7 7-full 7-nohz 7-lockdown)
on_request=(arm64-6.1 arm64-6.12)
declare -A suite=([5.10]=bullseye [6.1]=bookworm [6.1-cloud]=bookworm [6.12]=trixie [7]=sid [arm64-6.1]=bookworm [arm64-6.12]=trixie)
declare -A architecture=([arm64-6.1]=arm64 [arm64-6.12]=arm64)
declare -A packages=(
  [5.10]='/^linux-image-5\.10\.[0-9.]+-[0-9]+-amd64$/'
  [6.1]='/^linux-image-6\.1\.[0-9.]+-[0-9]+-amd64$/'
  [6.1-cloud]='/^linux-image-6\.1\.[0-9.]+-[0-9]+-cloud-amd64$/'
  [6.12]='/^linux-image-6\.12\.[0-9.]+\+deb13-amd64$/'
  # In sid an image is three packages: the image, the modules, and the list of those that are built in.
  [7]='/^linux-binary-7\.[0-9.]+\+deb[0-9]+-amd64$/
       /^linux-modules-7\.[0-9.]+\+deb[0-9]+-amd64$/
       /^linux-base-7\.[0-9.]+\+deb[0-9]+-amd64$/'
  [arm64-6.1]='/^linux-image-6\.1\.[0-9.]+-[0-9]+-arm64$/'
  [arm64-6.12]='/^linux-image-6\.12\.[0-9.]+\+deb13-arm64$/'
)

# The options that the words after a number add to the kernel's command line.
declare -A booted=([full]="preempt=full" [nohz]="nohz_full=1" [lockdown]="lockdown=confidentiality" [systemd]=""
  [selinux]="security=selinux selinux=1 enforcing=0")

# base_of NAME: the kernel without such a word.
base_of() {
  if [[ -v booted[${1##*-}] ]]; then echo "${1%-*}"; else echo "$1"; fi
}

usage() {
  sed -n '3,30s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

give_up() {
  echo "tests/kernels/run.sh: $1" >&2
  exit 3
}

# Reports all missing tools at once, by the packages that contain them.
require_tools() {
  local pair emulators=() missing=
  [[ -z ${needed[amd64]-} ]] || emulators+=(qemu-system-x86_64:qemu-system-x86)
  [[ -z ${needed[arm64]-} ]] || emulators+=(qemu-system-aarch64:qemu-system-arm)
  for pair in "${emulators[@]}" debootstrap:debootstrap cpio:cpio zstd:zstd xz:xz-utils depmod:kmod mke2fs:e2fsprogs; do
    if ! command -v "${pair%:*}" > /dev/null; then missing+=" ${pair#*:}"; fi
  done
  [[ -z $missing ]] || give_up "packages are missing: sudo apt-get install$missing"
  [[ $EUID == 0 ]] || give_up "debootstrap needs root: sudo tests/kernels/run.sh"
}

wanted=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --build | --checks | --filter | --script | --share | --limit | --rounds | --report)
      [[ $# -ge 2 ]] || usage
      case $1 in
        --build) build=$2 ;;
        --checks) checks=$2 ;;
        --filter) filter=$2 ;;
        --script) script=$2 experiment=experiments ;;
        --share) share=$2 ;;
        --limit) limit=$2 ;;
        --rounds) rounds=$2 ;;
        --report) junit=$2 ;;
      esac
      shift 2
      ;;
    --count-instructions) clock=instructions && shift ;;
    --is-tested) is_tested=yes && shift ;;
    --note) note=yes && shift ;;
    -*) usage ;;
    *)
      [[ -n ${suite[$(base_of "$1")]-} && $1 != arm64-*-systemd ]] || usage
      wanted+=("$1")
      shift
      ;;
  esac
done
if [[ ${#wanted[@]} == 0 ]]; then wanted=("${kernels[@]}"); fi

# The code that the kernels test: all that runs in a kernel, loads it or reads from it.
fingerprint() {
  (cd "$here/../.." && find bpf vmlinux userspace/trace -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1)
}
tested=$here/tested
if [[ -n $is_tested ]]; then
  if [[ "$(head -n 1 "$tested" 2> /dev/null)" != "$(fingerprint)" ]]; then exit 1; fi
  echo "bpf/, vmlinux/ and userspace/trace/ are as they were tested: $(tail -n +2 "$tested" | paste -sd ';' | sed 's/;/; /g')"
  exit 0
fi

# architecture_of NAME: the architecture of a kernel.
architecture_of() {
  echo "${architecture[$(base_of "$1")]-amd64}"
}

# The architectures of the requested kernels, and the build that is tested on each.
declare -A needed=() default=([amd64]=build/release [arm64]=build/arm64)
declare -A maker=([amd64]="sudo ./tests/run.sh" [arm64]=tests/support/build-arm64.sh)
for name in "${wanted[@]}"; do needed[$(architecture_of "$name")]=yes; done
require_tools
[[ -z $build || ${#needed[@]} == 1 ]] || give_up "--build names a build for one architecture, and these kernels are of two"
for arch in "${!needed[@]}"; do
  needed[$arch]=${build:-$here/../../${default[$arch]}}
  [[ -x ${needed[$arch]}/bin/syscarve ]] ||
    give_up "${needed[$arch]} has no bin/syscarve: ${maker[$arch]} builds it, or --build names another"
done
[[ -r $script ]] || give_up "$script cannot be read"
mkdir -p "$work/results"
work=$(cd "$work" && pwd)

temporary=$(mktemp -d)
child=
clean_up() {
  if [[ -n $child ]]; then
    kill "$child" || true
    wait "$child" || true
  fi
  rm -rf "$temporary"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# attended COMMAND…: runs it so that a signal to this script ends it, too, at once.
attended() {
  local status=0
  "$@" &
  child=$!
  wait "$child" || status=$?
  child=
  return $status
}

# Two runs at once would only disturb each other's timing.
exec {lock}> "$work/lock"
if ! flock --nonblock "$lock"; then
  echo "Waiting for another run in $work to end." >&2
  attended flock "$lock"
fi

# make_payload ARCH: makes the file system that all guests of an architecture share.
make_payload() {
  local folder=$temporary/payload build
  build=$(cd "${needed[$1]}" && pwd)
  mkdir -p "$folder/build"
  cp -a "$here/guest" "$folder/"
  cp "$here/guest/init.sh" "$folder/init.sh"
  cp "$script" "$folder/script"
  cp -a "$build/bin" "$build/workloads" "$folder/build/"
  # The path at which the build was configured, which its tests have compiled in; this may be a copy of it.
  sed -n 's/^CMAKE_CACHEFILE_DIR:INTERNAL=//p' "$build/CMakeCache.txt" > "$folder/build/place"
  printf 'CHECKS=%q\nFILTER=%q\nROUNDS=%q\n' "$checks" "$filter" "$rounds" > "$folder/settings"
  if [[ -n $share ]]; then cp -aT "$share" "$folder/share"; fi
  "$here/disk.sh" "$folder" "$temporary/payload-$1.ext4"
  rm -rf "$folder"
}

# lines RESULTS: the checks that a guest reported, even if it did not finish.
lines() {
  local source=$1/output
  if [[ ! -e $source ]]; then source=$1/console; fi
  sed -n 's/\r$//; s/^CHECK\t//p' "$source"
}

# test_kernel NAME: boots it, prints its results and writes its row of the table beside them. Results of an experiment are in another folder.
failed=
test_kernel() {
  local name=$1 base init=plain arguments="matrix.kernel=$1" trees=() status threads version=- boot=- results=$work/${experiment:-results}/$1
  local arch today
  arch=$(architecture_of "$1")
  today=$(date -u +%F)
  base=$(base_of "$name")
  if [[ $base != "$name" ]]; then arguments+=" ${booted[${name##*-}]}"; fi
  if [[ $name == *-systemd ]]; then init=systemd; fi
  printf '\n== %s (%s/console)\n' "$name" "$results"
  rm -rf "$results"
  local patterns
  read -ra patterns -d '' <<< "${packages[$base]}" || true
  if ! attended "$here/../support/debian-package.sh" "$work" "${suite[$base]}" "$arch" "${patterns[@]}" > "$temporary/trees"; then
    failed=yes
    mkdir -p "$results"
    printf '%s\tpackages\tskip\tthe packages of this kernel cannot be had\n' "$name" >> "$temporary/found"
    echo "| $name | - | $today | - | - | - | - | **its packages cannot be had** |" > "$results/row"
    return
  fi
  mapfile -t trees < "$temporary/trees"
  for threads in "$clock" single; do
    status=0
    attended "$here/boot.sh" "$work" "$arch" "$temporary/payload-$arch.ext4" "$results" "$limit" "$threads" "$init" "$arguments" \
      "${trees[@]}" > "$temporary/version" || status=$?
    # A kernel patches itself when a program is attached. If several threads of a QEMU before 8.1 emulate it, a CPU may still hit a
    # breakpoint that another one has already removed, and the kernel dies. With one thread, at half the speed, this cannot happen.
    if [[ $status == 0 ]] || ! grep -q 'Oops: int3' "$results/console"; then break; fi
    if [[ $threads == multi ]]; then echo "QEMU has lost track of code that the kernel changed (int3): once more, by one thread."; fi
  done
  version=$(< "$temporary/version")
  if [[ -e $results/boot ]]; then boot=$(< "$results/boot"); fi

  local wrong=
  if [[ $status != 0 ]]; then
    wrong="**did not come to its end**"
    echo "It did not come to its end; the last of $results/console:"
    tail -n 20 "$results/console" || true
  elif [[ $(< "$results/status") == 124 ]]; then
    wrong="**was not done within $limit s**"
  elif [[ $(< "$results/status") != 0 ]]; then
    wrong="**the script failed: $(< "$results/status")**"
  fi
  if [[ -n $experiment ]]; then
    if [[ -e $results/output ]]; then cat "$results/output"; fi
    echo "-- booted in $boot s; exit status $(cat "$results/status" 2> /dev/null || echo unknown); $results"
  else
    lines "$results" | awk -F'\t' '{ printf "%-5s %-28s %s\n", $2, $1, $3 }'
  fi
  lines "$results" | sed "s/^/$name\t/" >> "$temporary/found"
  if [[ -n $wrong ]]; then printf '%s\tguest\tfail\t%s\n' "$name" "$wrong" >> "$temporary/found"; fi
  local bad
  bad=$(lines "$results" | awk -F'\t' '$2 == "fail" { printf "%s%s", sep, $1; sep = ", " }')
  if [[ -n $wrong && -n $bad ]]; then wrong+=", "; fi
  wrong+=$bad
  if [[ -n $wrong ]]; then failed=yes; fi
  lines "$results" | awk -F'\t' -v start="| $name | $version | $today | $boot |" -v wrong="$wrong" '
    { n[$2]++ } END { printf "%s %d | %d | %d | %s |\n", start, n["pass"], n["fail"], n["skip"], wrong }' > "$results/row"
}

for arch in "${!needed[@]}"; do
  attended "$here/root.sh" "$work" "$arch" || give_up "the root of the guests cannot be made"
  make_payload "$arch"
done
for name in "${wanted[@]}"; do test_kernel "$name"; done

# table KERNEL…: prints the rows of those that have one.
table() {
  echo '| kernel | version | on | boot, s | passed | failed | skipped | what failed |'
  echo '| --- | --- | --- | --- | --- | --- | --- | --- |'
  local name
  for name in "$@"; do cat "$work/results/$name/row" 2> /dev/null || true; done
}

if [[ -z $experiment ]]; then
  echo
  table "${wanted[@]}"
  table "${kernels[@]}" "${on_request[@]}" > "$work/table.md"
fi
if [[ -n $junit ]]; then python3 -B "$here/report.py" "$junit" < "$temporary/found"; fi
if [[ -n $note && -z $failed ]]; then
  {
    fingerprint
    for name in "${wanted[@]}"; do awk -F' *\\| *' '{ print $2 ": " $3 ", " $4 }' "$work/results/$name/row"; done
  } > "$tested"
fi
[[ -z $failed ]]
