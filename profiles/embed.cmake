# SPDX-License-Identifier: Apache-2.0
# Writes OUTPUT, which defines EmbeddedFile() and EmbeddedFiles() over FILES of FOLDER. Bytes are written as numbers: no escaping to get
# wrong.
set(arrays "")
set(cases "")
set(names "")
set(index 0)
foreach(name IN LISTS FILES)
  file(READ ${FOLDER}/${name} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  # A line break after every newline of the file keeps the lines short.
  string(REPLACE "'\\x0a'," "'\\x0a',\n" bytes "${bytes}")
  string(APPEND arrays "constexpr char kFile${index}[] = {\n${bytes}};\n")
  string(APPEND cases "  if (name == \"${name}\") return {kFile${index}, sizeof(kFile${index})};\n")
  string(APPEND names "    \"${name}\",\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"profiles/embedded.h\"

namespace syscarve {
namespace {

${arrays}
constexpr std::string_view kNames[] = {
${names}};

}  // namespace

std::span<const std::string_view> EmbeddedFiles() {
  return kNames;
}

std::string_view EmbeddedFile(std::string_view name) {
${cases}  return {};
}

}  // namespace syscarve
")
