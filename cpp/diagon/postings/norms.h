// Lengths of text fields in one byte, as Lucene encodes them (SmallFloat.intToByte4), so that
// scores agree.
#pragma once

#include <array>
#include <cstdint>

namespace diagon::postings {

// Lossless up to 40, then 3 bits of mantissa; monotone. REQUIRES: length <= 2^31 - 1.
uint8_t encode_length(uint32_t length) noexcept;
// The smallest length that encodes to `norm`.
uint32_t decode_length(uint8_t norm) noexcept;

}  // namespace diagon::postings
