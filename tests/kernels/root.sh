#!/usr/bin/env bash
# root.sh WORK ARCH
#
# Makes the root file system of the guests, WORK/root-ARCH/disk.ext4: Debian bookworm with what the checks run, without a kernel and without
# syscarve. It is made once and again when this file has changed. Leaves no mount behind, also when it is interrupted.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$1 arch=$2
final=$work/root-$arch
suite=bookworm

packages=(
  systemd systemd-sysv dbus udev                                                       # the other init
  iproute2 kmod procps                                                                 # what a guest is set up with
  libabsl20220623 libbpf1 libcurl4 libelf1 libseccomp2 libstdc++6 libyaml-0-2          # what syscarve is linked with
  python3 strace sudo                                                                  # what the checks use
  apparmor containerd docker.io iptables runc                                          # a container engine
  busybox-static                                                                       # its image, and the first root
)
# What would start by itself under systemd and take time that the checks are to have.
services=(apparmor.service containerd.service docker.service docker.socket e2scrub_all.timer apt-daily.timer apt-daily-upgrade.timer)

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
include=$(IFS=,; echo "${packages[*]}")
unshare --mount --pid --fork --kill-child --mount-proc \
  debootstrap --arch="$arch" --variant=minbase --include="$include" "$suite" "$new/tree" "$("$here/../support/debian-mirror.sh")" \
  > "$work/debootstrap.log" 2>&1 &
child=$!
status=0
wait "$child" || status=$?
child=
if [[ $status != 0 ]]; then
  echo "root.sh: debootstrap failed: $(tail -n 1 "$work/debootstrap.log") ($work/debootstrap.log)" >&2
  exit 1
fi
rm -rf "$new"/tree/var/cache/apt/archives/*.deb "$new"/tree/var/lib/apt/lists/* "$new"/tree/usr/share/{doc,man,locale,info}
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
