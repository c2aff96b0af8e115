#include "userspace/policy/merge.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/output.h"
#include "userspace/cli/recording_inputs.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/recording_json.h"

namespace syscarve::cli {
namespace {

constexpr char kAbout[] =
    "Put recordings together: what was seen in any of them, in one file.\n\n"
    "Order and repetition do not matter; a run that two of them hold is one run.\n\n"
    "  syscarve merge unit.recording.json e2e.recording.json -o web.recording.json\n"
    "  syscarve merge monday/ tuesday/ -o week.recording.json\n"
    "  syscarve merge nightly/ --squash nightly -o nightly.recording.json   # one run of all";

struct MergeArguments {
  std::vector<std::string> inputs;
  std::string output;
  std::optional<std::string> squash;
  bool quiet = false;
};

absl::Status RunMerge(const MergeArguments& arguments) {
  if (arguments.output != "-") SYSCARVE_RETURN_IF_ERROR(CheckWritable(arguments.output));
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<std::string> paths, RecordingPaths(arguments.inputs));
  RecordingMerger merger({.squash = arguments.squash});
  SYSCARVE_RETURN_IF_ERROR(AddRecordings(paths, merger));
  SYSCARVE_ASSIGN_OR_RETURN(const Recording merged, merger.Result());
  const std::string text = FormatRecording(merged);
  // A file that nobody can read is worth less than an error.
  if (const absl::StatusOr<Recording> read = ParseRecording(text); !read.ok()) {
    const absl::Status unreadable = absl::ResourceExhaustedError(
        Concat("what the recordings make together does not fit in one file: ", WithoutHint(read.status())));
    return arguments.squash.has_value() ? unreadable : WithHint(unreadable, "Make one run of all with --squash NAME.");
  }
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(arguments.output, text));
  for (const std::string& warning : merger.warnings()) Warn(warning);
  if (!merged.complete()) Warn("a recording is incomplete, and so the result is");
  if (!arguments.quiet) {
    Note(Concat(paths.size(), " recording(s) merged: ", merged.runs.size(), " run(s), ", merged.subjects.size(),
                " subject(s), ", merged.programs.size(), " program(s)"));
  }
  return absl::OkStatus();
}

}  // namespace

void AddMerge(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "merge", kAbout);
  const auto arguments = std::make_shared<MergeArguments>();
  verb->add_option("RECORDING", arguments->inputs, "Recordings, or folders of *.recording.json")->required();
  verb->add_option("-o,--output", arguments->output, "Where to write the result (- is standard output)")->required();
  verb->add_option("--squash", arguments->squash,
                   "Make one run of this name of all, so that the result does not grow with the number of runs");
  verb->add_flag("-q,--quiet", arguments->quiet, "No summary on standard error; warnings stay");
  verb->callback([arguments, &exit_code] {
    const absl::Status status = RunMerge(*arguments);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
