#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# disk.sh FOLDER FILE [SIZE]
#
# Makes FILE an ext4 file system with what is in FOLDER, as large as it needs to be or SIZE. Without a journal, as guests only read it or
# write to a copy that nobody keeps, and with what the oldest kernel can mount.
set -euo pipefail
size=${3-$(du -sm "$1" | awk '{ print $1 + int($1 / 4) + 32 }')M}
rm -f "$2"
truncate -s "$size" "$2"
mke2fs -q -t ext4 -O none,dir_index,ext_attr,extent,filetype,large_file,sparse_super -d "$1" "$2"
