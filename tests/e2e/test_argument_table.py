# SPDX-License-Identifier: Apache-2.0
"""profiles/rules/arguments.json describes the calls of this kernel as the kernel itself does."""

import os
import sys

from support import SOURCE, E2eTest


class ArgumentTable(E2eTest):
    needs_bpf = False

    def test_parameters_are_those_of_the_kernel(self):
        script = os.path.join(SOURCE, "tests/support/argument_table.py")
        table = os.path.join(SOURCE, "profiles/rules/arguments.json")
        mounted = self.new_folder()
        # Seen by this process alone.
        result = self.run_process(["unshare", "-m", "sh", "-c", 'mount -t tracefs none "$1" && exec "$2" -B "$3" events "$4" "$1/events/syscalls"',
                                   "sh", mounted, sys.executable, script, table])
        if result.status == 77:
            self.skipTest(result.stdout)
        self.assertEqual(result.status, 0, result)
        self.assertRegex(result.stdout, r"^3\d\d calls as the kernel has them")
