// CRC-32C (Castagnoli, RFC 3720), by the processor's instruction where it has one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace diagon::codec {

// Continues `crc` (0 at the start) with `len` bytes.
uint32_t crc32c(uint32_t crc, const void* data, size_t len) noexcept;
// The twin that tests compare with.
uint32_t crc32c_scalar(uint32_t crc, const void* data, size_t len) noexcept;

}  // namespace diagon::codec
