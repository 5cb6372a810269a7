// Lengths of text fields in one byte, as Lucene encodes them (SmallFloat.intToByte4), so that
// scores agree.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace diagon::postings {

// Lossless up to 40, then 3 bits of mantissa; monotone. REQUIRES: length <= 2^31 - 1.
uint8_t encode_length(uint32_t length) noexcept;
// The smallest length that encodes to `norm`.
uint32_t decode_length(uint8_t norm) noexcept;
// Of all the documents with these norms; 1 if there are none.
float average_length(std::span<const uint8_t> norms) noexcept;

}  // namespace diagon::postings
