#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the expected texts of tests/golden/ anew, as the given build generates them from the recordings there. Review the
# diff before you commit it: users will see each of its changes in their profiles.
#
#   tests/golden/update.sh [BUILD_FOLDER]      (build/dev unless given)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$root/build/dev}
SYSCARVE_UPDATE_GOLDENS=1 ctest --test-dir "$build" --output-on-failure -R 'Generate/GoldenTest|FormatsGoldenTest|HardenTargetsTest.GivesTheKeptTexts|AccessGoldenTest|DiffReportTest.GivesTheKeptTexts|e2e.generate.GenerateFolder.golden'
