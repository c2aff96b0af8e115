#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks that take seconds, before a commit: ln -s ../../tests/support/pre-commit.sh .git/hooks/pre-commit
set -euo pipefail
top=$(git rev-parse --show-toplevel)
cd "$top"
tests/support/check_format.sh || [[ $? == 77 ]]   # 77: clang-format 14 is not here.
python3 -B tests/support/check_layers.py "$top"
python3 -B tests/support/check_spdx.py "$top"
python3 -B tests/support/check_type_names.py "$top"
