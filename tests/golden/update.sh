#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the expected texts of tests/golden/ anew with what the given build makes of the recordings there. Look at the
# difference before you commit it: every change in it is a change that users' profiles will see.
#
#   tests/golden/update.sh [BUILD_FOLDER]      (build/dev unless given)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$root/build/dev}
SYSCARVE_UPDATE_GOLDENS=1 ctest --test-dir "$build" --output-on-failure -R 'Generate/GoldenTest|FormatsGoldenTest|HardenTargetsTest.GivesTheKeptTexts|AccessGoldenTest|DiffReportTest.GivesTheKeptTexts|e2e.generate.GenerateFolder.golden'
