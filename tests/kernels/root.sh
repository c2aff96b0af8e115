#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# root.sh WORK ARCH
#
# Makes the root file system of the guests, WORK/root-ARCH/disk.ext4: Debian bookworm with what the checks run, without a kernel and without
# syscarve. It is made once and again when this file has changed. Leaves no mount behind, also when it is interrupted.
#
# Of an architecture that is not the host's, packages are only unpacked: enough for programs, but not for systemd or Docker.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$1 arch=$2
final=$work/root-$arch
suite=bookworm

packages=(
  iproute2 kmod procps                                                                 # what a guest is set up with
  libabsl20220623 libarchive13 libbpf1 libcurl4 libelf1 libseccomp2 libssl3 libstdc++6 libyaml-0-2  # what syscarve is linked with
  python3 redis-server strace                                                          # what the checks use
  busybox-static                                                                       # the image of a container, and the first root
)
installed=(
  systemd systemd-sysv dbus udev                                                       # the other init
  sudo                                                                                 # what the checks use
  apparmor containerd docker.io iptables runc                                          # a container engine
  policycoreutils selinux-policy-default                                               # the other security module
)
unpacked=(
  base-files base-passwd bash coreutils dash diffutils findutils grep gzip libc-bin mawk mount sed tar util-linux
)
# What would start by itself under systemd and take time that the checks are to have.
services=(apparmor.service containerd.service docker.service docker.socket redis-server.service
          e2scrub_all.timer apt-daily.timer apt-daily-upgrade.timer)

recipe=$(sha256sum < "${BASH_SOURCE[0]}")
if [[ -e $final/recipe && $(< "$final/recipe") == "$recipe" ]]; then exit 0; fi

new=$(mktemp -d "$work/root.XXXXXX")
child=
clean_up() {
  # With its namespace of processes, and so with all of them.
  if [[ -n $child ]]; then
    kill -KILL "$child" || true
    wait "$child" || true
  fi
  rm -rf "$new"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Its mounts and processes are in namespaces that end with it.
install_packages() {
  local include status=0
  include=$(IFS=,; echo "${packages[*]},${installed[*]}")
  unshare --mount --pid --fork --kill-child --mount-proc \
    debootstrap --arch="$arch" --variant=minbase --include="$include" "$suite" "$new/tree" "$("$here/../support/debian-mirror.sh")" \
    > "$work/debootstrap.log" 2>&1 &
  child=$!
  wait "$child" || status=$?
  child=
  if [[ $status != 0 ]]; then
    echo "root.sh: debootstrap failed: $(tail -n 1 "$work/debootstrap.log") ($work/debootstrap.log)" >&2
    exit 1
  fi
}

# What the packages' own scripts would do, as far as it is needed here.
unpack_packages() {
  local name
  "$here/../support/debian-package.sh" --tree "$new/tree" "$work" "$suite" "$arch" "${packages[@]}" "${unpacked[@]}"
  for name in passwd group; do cp "$new/tree/usr/share/base-passwd/$name.master" "$new/tree/etc/$name"; done
  ln -s mawk "$new/tree/usr/bin/awk"
  # Programs of 32-bit Arm, which these kernels run as well.
  if [[ $arch == arm64 ]]; then
    "$here/../support/debian-package.sh" --tree "$new/tree/opt/armhf" "$work" "$suite" armhf busybox-static
  fi
  mkdir -p "$new/tree/usr/local/bin"
}

if [[ $arch == "$(dpkg --print-architecture)" ]]; then install_packages; else unpack_packages; fi
rm -rf "$new"/tree/var/cache/apt/archives/*.deb "$new"/tree/var/lib/apt/lists/* "$new"/tree/usr/share/{doc,man,locale,info}
mkdir -p "$new/tree/etc/systemd/system"
for service in "${services[@]}"; do ln -sfn /dev/null "$new/tree/etc/systemd/system/$service"; done

# For a guest with systemd. It has the whole cgroup below its own for itself.
cat > "$new/tree/etc/systemd/system/kernel-matrix.service" <<'UNIT'
[Unit]
After=basic.target
[Service]
Delegate=yes
ExecStart=/bin/bash /guest-init
StandardOutput=tty
TTYPath=/dev/console
[Install]
WantedBy=multi-user.target
UNIT
mkdir -p "$new/tree/etc/systemd/system/multi-user.target.wants"
ln -s ../kernel-matrix.service "$new/tree/etc/systemd/system/multi-user.target.wants/"
# The rest comes with each boot.
cat > "$new/tree/guest-init" <<'INIT'
mkdir -p /run/matrix
mount -t ext4 -o ro /dev/vdb /run/matrix
exec bash /run/matrix/init.sh
INIT

"$here/disk.sh" "$new/tree" "$new/disk.ext4" 4G
cp "$new/tree/bin/busybox" "$new/busybox"
rm -rf "$new/tree"
echo "$recipe" > "$new/recipe"
rm -rf "$final"
mv -T "$new" "$final"
