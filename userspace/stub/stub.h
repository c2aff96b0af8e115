// The bytes of a static program that ends at once (stub.c).
#pragma once

#include <string_view>

namespace syscarve {

std::string_view StubProgram();

}  // namespace syscarve
