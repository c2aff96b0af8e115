#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check_package.sh BUILD [WORK]
#
# Packs the build in BUILD with cpack, checks the package with lintian if it is installed, and installs the package in a fresh Debian bookworm,
# made by debootstrap. There the program must start, `doctor` must have the same exit code as on this host, and the manual
# and the folders must exist; removing the package must leave nothing. Needs root, and debootstrap's mirror. WORK is the work folder, by default
# a temporary one; the folder made in it, and every mount and process, are removed at the end. The package stays in BUILD.
# Exit status: 1 something is wrong with the package, 2 usage, 3 the host cannot run this check.
set -euo pipefail
if [[ $# -lt 1 || $# -gt 2 || ! -e $1/CPackConfig.cmake ]]; then
  sed -n '3,10s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "$1" && pwd)
for tool in cpack debootstrap dpkg-deb dpkg-shlibdeps; do
  if ! PATH=$PATH:/usr/sbin command -v "$tool" > /dev/null; then
    echo "check_package.sh: $tool is not installed" >&2
    exit 3
  fi
done
if [[ $EUID != 0 ]]; then
  echo "check_package.sh: debootstrap needs root" >&2
  exit 3
fi

new=$(mktemp -d "${2-${TMPDIR-/tmp}}/syscarve-package.XXXXXX")
child=
clean_up() {
  # This ends its pid namespace, and so all processes in it.
  if [[ -n $child ]]; then
    kill -KILL "$child" || true
    wait "$child" || true
  fi
  rm -rf --one-file-system "$new"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
  echo "check_package.sh: $1" >&2
  exit 1
}

# apart COMMAND…: runs it in mount and pid namespaces that end with it.
apart() {
  local status=0
  unshare --mount --pid --fork --kill-child --mount-proc "$@" &
  child=$!
  wait "$child" || status=$?
  child=
  return $status
}

if ! (cd "$new" && cpack -G DEB --config "$build/CPackConfig.cmake" -B "$new/pack") > "$new/log" 2>&1; then
  cat "$new/log" >&2
  fail "cpack failed"
fi
package=$(echo "$new"/pack/syscarve_*.deb)
cp "$package" "$build/"
echo "package: $build/$(basename "$package")"
dpkg-deb --field "$package" Depends

if command -v lintian > /dev/null; then
  lintian --allow-root --fail-on error "$package" || fail "lintian has errors"
fi

depends=$(dpkg-deb --field "$package" Depends | tr ',' '\n' | sed -E 's/[|(].*//; s/ //g' | paste -sd,)
if ! apart debootstrap --variant=minbase --include="$depends,man-db" bookworm "$new/tree" "$("$here/debian-mirror.sh")" > "$new/log" 2>&1; then
  tail -n 5 "$new/log" >&2
  echo "check_package.sh: debootstrap failed" >&2
  exit 3
fi
cp "$package" "$new/tree/syscarve.deb"

expected=0
"$build/bin/syscarve" doctor > "$new/doctor" 2>&1 || expected=$?

# The script that runs in the tree.
cat > "$new/tree/check.sh" << 'CHECK'
set -euo pipefail
find / -xdev | sort > /before
dpkg --install /syscarve.deb
syscarve --version
status=0
syscarve doctor || status=$?
[[ $status == "$1" ]] || { echo "doctor: exit code $status, and $1 on the host"; exit 1; }
for page in syscarve syscarve-record syscarve-generate; do
  man -w "$page"
  # A warning is an error.
  [[ -z $(MANROFFSEQ= LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l "$(man -w "$page")" 2>&1 > /dev/null) ]] || { echo "$page has warnings"; exit 1; }
done
for folder in /etc/syscarve /var/lib/syscarve/baseline /var/lib/syscarve/profiles /usr/share/doc/syscarve/examples; do
  [[ $(stat -c '%U %a' "$folder") == "root 755" ]] || { echo "$folder: $(stat -c '%U %a' "$folder")"; exit 1; }
done
dpkg --purge syscarve
rm -rf /var/cache/man/*
find / -xdev | grep -v '^/var/cache/man/\|^/var/lib/dpkg/\|^/var/log/' | sort > /after
grep -v '^/var/cache/man/\|^/var/lib/dpkg/\|^/var/log/' /before > /before.kept
left=$(comm -13 /before.kept /after | grep -v '^/after$\|^/before' || true)
[[ -z $left ]] || { echo "left behind: $left"; exit 1; }
CHECK
cat > "$new/enter.sh" << 'ENTER'
set -euo pipefail
mount -t proc proc "$1/proc"
mount --rbind /sys "$1/sys"
exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin bash /check.sh "$2"
ENTER
apart bash "$new/enter.sh" "$new/tree" "$expected" || fail "the installed package is not as it should be"
echo "the package installs, runs and goes again"
