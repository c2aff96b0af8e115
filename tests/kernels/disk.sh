#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# disk.sh FOLDER FILE [SIZE]
#
# Makes FILE an ext4 file system with the content of FOLDER, of the smallest sufficient size or SIZE. Without a journal, because guests only
# read it or write to a copy that is not kept, and only with features that the oldest kernel supports.
set -euo pipefail
size=${3-$(du -sm "$1" | awk '{ print $1 + int($1 / 4) + 32 }')M}
rm -f "$2"
truncate -s "$size" "$2"
mke2fs -q -t ext4 -O none,dir_index,ext_attr,extent,filetype,large_file,sparse_super -d "$1" "$2"
