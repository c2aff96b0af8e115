#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# debian-package.sh WORK SUITE ARCH PACKAGE...
# debian-package.sh --tree TREE WORK SUITE ARCH PACKAGE...
#
# Unpacks Debian packages of any suite and architecture without installing them, each into a folder of its own, WORK/SUITE-ARCH/PACKAGE,
# and prints these folders, one per line. A package that is already there is neither looked up nor fetched again. PACKAGE may be a pattern
# of sed -E in slashes, /^linux-image-6.*$/, which stands for the matching name with the highest version number.
#
# With --tree the packages and all their dependencies are unpacked into one folder, TREE, which is laid out as the root of that system.
# The packages' installation scripts are not run. TREE is made anew; nothing is printed.
#
# Uses the mirror that the host's apt is configured with, and an apt state of its own below WORK: the host's lists, its cache and its
# installed packages are neither read nor changed. Needs no root. Exit status: 1 a package or the suite is not available, 2 usage.
set -euo pipefail
together=
if [[ ${1-} == --tree && $# -ge 2 ]]; then
  together=$2
  shift 2
fi
if [[ $# -lt 4 ]]; then
  sed -n '3,15s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
work=$1 suite=$2 arch=$3
shift 3
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$work"
work=$(cd "$work" && pwd)
state=$work/apt/$suite-$arch
trees=$work/$suite-$arch

give_up() {
  echo "debian-package.sh: $1" >&2
  exit 1
}

# in_state COMMAND…: runs an apt command with the state below WORK.
in_state() {
  APT_CONFIG=$state/apt.conf "$@"
}

prepare() {
  if [[ -e $state/ready ]]; then return; fi
  mkdir -p "$state"/lists/partial "$state"/cache/archives/partial
  local site keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  site=$("$here/debian-mirror.sh")
  : > "$state/status"
  echo "deb [signed-by=$keyring] ${site%/} $suite main" > "$state/sources.list"
  cat > "$state/apt.conf" <<END
Dir::State "$state";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "$arch";
APT::Architectures "$arch";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Acquire::Retries "3";
END
  in_state apt-get -q update > "$state/log" 2>&1 || true
  in_state apt-cache policy 2> /dev/null | grep -q "n=${suite%-backports}" || give_up "$suite for $arch is not to be had (see $state/log)"
  touch "$state/ready"
}

# The name that a pattern stands for.
resolve() {
  if [[ $1 != /*/ ]]; then
    echo "$1"
    return
  fi
  local pattern=${1#/}
  prepare
  in_state apt-cache pkgnames | sed -nE "/${pattern%/}/p" | sort -V | tail -n 1
}

# unpack_together TREE PACKAGE…
unpack_together() {
  local tree=$1 download archive folder
  shift
  prepare
  download=$(mktemp -d "$work/download.XXXXXX")
  mkdir -p "$download/partial"
  # No package is installed in this state, so all dependencies are missing, and are fetched.
  if ! in_state apt-get -qq --yes --download-only --no-install-recommends -o Dir::Cache::archives="$download" \
       install "$@" > "$state/log" 2>&1; then
    rm -rf "$download"
    give_up "$* of $suite for $arch cannot be fetched: $(tail -n 1 "$state/log")"
  fi
  rm -rf "$tree" "$tree.new"
  for folder in bin lib sbin; do
    mkdir -p "$tree.new/usr/$folder"
    ln -s "usr/$folder" "$tree.new/$folder"
  done
  for archive in "$download"/*.deb; do
    dpkg-deb --fsys-tarfile "$archive" | tar -C "$tree.new" -xpf - --keep-directory-symlink
  done
  rm -rf "$download"
  # A folder that exists is complete.
  mv -T "$tree.new" "$tree"
}

if [[ -n $together ]]; then
  unpack_together "$together" "$@"
  exit 0
fi

for wanted in "$@"; do
  package=$(resolve "$wanted")
  [[ -n $package ]] || give_up "$suite has no package for $arch like $wanted"
  tree=$trees/$package
  if [[ ! -e $tree ]]; then
    prepare
    download=$(mktemp -d "$work/download.XXXXXX")
    if ! (cd "$download" && in_state apt-get -qq download "$package" > "$state/log" 2>&1); then
      rm -rf "$download"
      give_up "$package of $suite for $arch cannot be fetched: $(tail -n 1 "$state/log")"
    fi
    # A folder that exists is complete.
    dpkg-deb -x "$download"/*.deb "$download/tree"
    mkdir -p "$trees"
    mv -T "$download/tree" "$tree"
    rm -rf "$download"
  fi
  echo "$tree"
done
