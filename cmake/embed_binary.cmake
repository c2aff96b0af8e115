# SPDX-License-Identifier: Apache-2.0
# Writes OUTPUT, which defines FUNCTION(), declared in HEADER, as the bytes of the file INPUT.
file(READ ${INPUT} hex HEX)
# Sixteen bytes a line.
string(REGEX REPLACE "(................................)" "\\1\n" lines "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${lines}")
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

namespace syscarve {
namespace {

constexpr char kBytes[] = {
${bytes}
};

}  // namespace

std::string_view ${FUNCTION}() {
  return {kBytes, sizeof(kBytes)};
}

}  // namespace syscarve
")
