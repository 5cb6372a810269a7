// The one exception type of the engine.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace diagon {

// Stable numbers, shared with ErrorCode in src/error.rs (which ties them by a test). Never
// renumbered.
enum class ErrorCode : uint16_t {
  kInternal = 1,
  kInvalidArgument = 2,
  kIo = 3,
  kCorrupt = 4,
  kNotFound = 5,
  kLocked = 6,
  kOutOfMemory = 7,
  kCancelled = 8,
  kTimeout = 9,
  kTooLarge = 10,
  kUnsupportedFormat = 11,
};

// What every fallible function of the engine throws. The message names file, field and offset where
// there is one.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

[[noreturn]] void throw_corrupt(const std::string& file, const std::string& detail);
[[noreturn]] void throw_invalid(const std::string& message);
// With the text of `errno_value`.
[[noreturn]] void throw_io(const std::string& file, const char* operation, int errno_value);

}  // namespace diagon
