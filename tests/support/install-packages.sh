#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install-packages.sh build|quickstart|test|kernels
#
# Installs with apt-get the missing packages for building syscarve, for examples/quickstart.sh, for all tests, or for
# tests/kernels/run.sh. Changes nothing, and does not
# use the network, if nothing is missing. No server that it installs is started, now or at the next boot.
# docs/dependencies.md states the purpose of each package.
set -euo pipefail

build=(cmake ninja-build g++ clang pkg-config libbpf-dev libelf-dev libseccomp-dev libcurl4-openssl-dev libyaml-dev libarchive-dev libssl-dev
       libcli11-dev libabsl-dev)
quickstart=("${build[@]}" nginx curl)
test=("${quickstart[@]}" libgtest-dev libgmock-dev libbenchmark-dev nlohmann-json3-dev python3 strace perl git sqlite3 redis-server sudo
      clang-format clang-tidy lld docker.io containerd runc docker-compose podman debootstrap busybox-static
      python3-jsonschema libxml2-utils
      python3-yaml bubblewrap groff-base lz4 zstd apparmor secilc
      linux-libc-dev-{arm64,armhf,mips,ppc64,s390x,hppa,riscv64,m68k,sh4}-cross)
kernels=(qemu-system-x86 debootstrap cpio zstd xz-utils kmod e2fsprogs python3)
# Units that would start by themselves at the next boot, by the package that contains them.
declare -A servers=(
  [nginx]=nginx.service
  [redis-server]=redis-server.service
  [docker.io]="docker.socket docker.service"
  [containerd]=containerd.service
  [podman]="podman.socket podman.service podman-restart.service podman-auto-update.timer podman-auto-update.service"
)

case ${1-} in
  build) wanted=("${build[@]}") ;;
  quickstart) wanted=("${quickstart[@]}") ;;
  test) wanted=("${test[@]}") ;;
  kernels) wanted=("${kernels[@]}") ;;
  *) echo "usage: install-packages.sh build|quickstart|test|kernels" >&2; exit 2 ;;
esac

if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
  echo "install-packages.sh: this is neither Debian nor Ubuntu; install by hand what docs/dependencies.md lists" >&2
  exit 3
fi

installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null || true) == installed ]]
}

# Ubuntu's /usr/sbin/bpftool is a script that looks for the running kernel's own; any kernel's can generate a skeleton.
bpftool_works() {
  local candidate
  for candidate in "$(PATH=$PATH:/usr/sbin command -v bpftool || true)" /usr/lib/linux-tools/*/bpftool; do
    if [[ -x $candidate ]] && "$candidate" version > /dev/null 2>&1; then return 0; fi
  done
  return 1
}

bpftool_packages() {
  if [[ $(apt-cache policy bpftool) == *"Candidate: "[0-9]* ]]; then
    echo bpftool
  else
    echo linux-tools-common linux-tools-generic
  fi
}

# clang may come without the runtime library of its sanitizers.
sanitizers_work() {
  echo 'int main(void) { return 0; }' | clang -fsanitize=address,undefined -x c - -o /dev/null > /dev/null 2>&1
}

# Docker's own packages and the distribution's exclude each other. An existing engine is not changed, and is sufficient.
has_other_engine() {
  PATH=$PATH:/usr/sbin command -v dockerd > /dev/null && ! installed docker.io
}

if has_other_engine; then
  kept=()
  for package in "${wanted[@]}"; do
    [[ $package == @(docker.io|containerd|runc) ]] || kept+=("$package")
  done
  wanted=("${kept[@]}")
fi

missing=()
for package in "${wanted[@]}"; do
  installed "$package" || missing+=("$package")
done
need_bpftool=no
bpftool_works || need_bpftool=yes
if [[ $1 == test ]] && ! sanitizers_work; then missing+=(libclang-rt-dev); fi
if [[ ${#missing[@]} == 0 && $need_bpftool == no ]]; then exit 0; fi

if [[ $EUID != 0 ]]; then
  [[ $need_bpftool == no ]] || missing+=(bpftool)
  echo "install-packages.sh: missing: ${missing[*]}" >&2
  echo "install-packages.sh: run \`sudo $0 $1\` to install them" >&2
  exit 3
fi

export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -qq -o DPkg::Lock::Timeout=300)
"${apt[@]}" update
if [[ $need_bpftool == yes ]]; then
  read -ra packages <<< "$(bpftool_packages)"
  missing+=("${packages[@]}")
fi
echo "installing: ${missing[*]}"

new_servers=()
for server in "${!servers[@]}"; do
  [[ " ${missing[*]} " != *" $server "* ]] || new_servers+=("$server")
done

# The distribution's own switch against starting services during an installation. An existing one is restored.
policy=/usr/sbin/policy-rc.d
saved=$(mktemp -d)
restore() {
  rm -f "$policy"
  if [[ -e $saved/policy-rc.d ]]; then mv "$saved/policy-rc.d" "$policy"; fi
  rm -rf "$saved"
}
trap restore EXIT
if [[ -e $policy ]]; then cp -a "$policy" "$saved/policy-rc.d"; fi
rm -f "$policy"
printf '#!/bin/sh\nexit 101\n' > "$policy"
chmod 755 "$policy"

# Hundreds of lines, which are needed only if it fails.
if ! "${apt[@]}" install -y --no-remove --no-install-recommends "${missing[@]}" < /dev/null > "$saved/log" 2>&1; then
  cat "$saved/log" >&2
  exit 1
fi

for server in "${new_servers[@]}"; do
  for unit in ${servers[$server]}; do
    if [[ -d /run/systemd/system ]]; then
      systemctl --quiet disable "$unit"
    elif [[ $unit == *.service ]]; then
      update-rc.d "${unit%.service}" disable > /dev/null 2>&1 || true
    fi
  done
done
