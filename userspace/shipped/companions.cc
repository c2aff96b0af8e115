// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/companions.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "userspace/model/syscall_table.h"
#include "userspace/shipped/shipped_file.h"

namespace syscarve {

absl::StatusOr<std::vector<Companion>> ParseCompanions(std::string_view text) {
  using shipped::kMaxElements;
  using shipped::kMaxText;
  const auto read = [](const JsonReader& root, std::vector<Companion>& companions) {
    root.AllowOnly({"schema", "source", "companions"});
    if (root.Required("source").Text(kMaxText).empty()) root.Required("source").Fail("says nothing");
    root.Required("companions").ForEach(kMaxElements, [&](const JsonReader& element) {
      element.AllowOnly({"kind", "program", "names"});
      Companion companion;
      const JsonReader kind = element.Required("kind");
      companion.kind = kind.Text(kMaxText);
      if (std::ranges::find(kCompanionKinds, companion.kind) == std::end(kCompanionKinds)) {
        kind.Fail("expected \"exec\", \"health\", \"init\" or \"tty\"");
      }
      companion.program = element.Required("program").Text(kMaxText);
      const JsonReader names = element.Required("names");
      companion.names = shipped::NameList(names);
      for (const std::string& name : companion.names) {
        if (!FindSyscall(Abi::kX86_64, name).has_value()) names.Fail(Concat("\"", name, "\" is no call of x86_64"));
      }
      companions.push_back(std::move(companion));
    });
  };
  return shipped::Parse<std::vector<Companion>>(text, "syscarve.companions/1", read);
}

absl::StatusOr<const std::vector<Companion>*> ShippedCompanions() {
  return shipped::Shipped("rules/companions.json", ParseCompanions);
}

}  // namespace syscarve
