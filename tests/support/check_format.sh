#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check_format.sh [--fix]: checks that the C++ below userspace/ and tests/ is formatted by .clang-format, and that the shell scripts parse.
# The kernel side has the kernel's own style. Versions of clang-format disagree; only 14 is used, others skip the check (77).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

mapfile -t scripts < <(find tests examples .ci -type f \( -name '*.sh' -o -path '.ci/*' \) | sort)
for script in "${scripts[@]}"; do bash -n "$script"; done

formatter=$(command -v clang-format-14 || command -v clang-format || true)
if [[ -z $formatter || $("$formatter" --version) != *"version 14."* ]]; then
  echo "skipped: no clang-format 14"
  exit 77
fi
mapfile -t sources < <(find userspace tests -type f \( -name '*.cc' -o -name '*.h' -o -name '*.c' \) ! -name '*.bpf.[ch]' | sort)
if [[ ${1-} == --fix ]]; then
  "$formatter" -i "${sources[@]}"
else
  "$formatter" --dry-run -Werror "${sources[@]}"
fi
