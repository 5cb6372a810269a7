#include "diagon/search/similarity.h"

#include <cmath>

#include "diagon/postings/norms.h"

namespace diagon::search {
namespace {

// By norm; floats side by side, so that the table below is made of them many at a time.
const NormTable kLengths = [] {
  NormTable lengths{};
  for (size_t i = 0; i < lengths.size(); ++i)
    lengths[i] = static_cast<float>(postings::decode_length(static_cast<uint8_t>(i)));
  return lengths;
}();

}  // namespace

float idf(uint64_t doc_freq, uint64_t doc_count) noexcept {
  const double n = static_cast<double>(doc_freq);
  const double total = static_cast<double>(doc_count);
  return static_cast<float>(std::log(1 + (total - n + 0.5) / (n + 0.5)));
}

std::shared_ptr<const NormTable> make_norm_table(const index::FieldStats& stats) {
  auto table = std::make_shared<NormTable>();
  // A sum of 0 is damage; without the guard, its scores were not numbers and could not be sorted.
  const float average = stats.doc_count == 0 || stats.sum_total_term_freq == 0
                            ? 1.0f
                            : static_cast<float>(static_cast<double>(stats.sum_total_term_freq) /
                                                 static_cast<double>(stats.doc_count));
  for (size_t i = 0; i < table->size(); ++i)
    (*table)[i] = 1.0f / (kK1 * ((1 - kB) + kB * kLengths[i] / average));
  return table;
}

}  // namespace diagon::search
