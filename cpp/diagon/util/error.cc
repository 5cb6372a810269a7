#include "diagon/util/error.h"

#include <system_error>

namespace diagon {

void throw_corrupt(const std::string& file, const std::string& detail) {
  throw Error(ErrorCode::kCorrupt, file + ": damaged: " + detail);
}

void throw_invalid(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

void throw_io(const std::string& file, const char* operation, int errno_value) {
  throw Error(ErrorCode::kIo,
              file + ": " + operation + ": " + std::generic_category().message(errno_value));
}

}  // namespace diagon
