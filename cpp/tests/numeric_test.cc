#include "diagon/docvalues/numeric.h"

#include <cmath>
#include <limits>

#include "tests/helpers.h"

namespace diagon::docvalues {
namespace {

using diagon::testing::check_damage;
using diagon::testing::code_of;
using diagon::testing::TempFolder;
using directory::FileKind;
using directory::FileWriter;
using directory::MappedFile;

constexpr directory::SegmentId kId = {4};

NumericMeta write(const std::string& path, const std::vector<int64_t>& values) {
  FileWriter file(path, FileKind::kColumns, kId);
  file.append("odd", 3);
  const NumericMeta meta = write_numeric(file, values);
  file.finish();
  return meta;
}

NumericReader open(const std::string& path, const NumericMeta& meta) {
  return {MappedFile::open(path, FileKind::kColumns, &kId), meta};
}

// Blocks of every width in turn.
std::vector<int64_t> random_values(size_t count, std::mt19937_64& random) {
  std::vector<int64_t> values(count);
  const int shifts[] = {64, 60, 50, 35, 5, 0};
  for (size_t i = 0; i < count; ++i) {
    const int shift = shifts[i / kColumnBlock % 6];
    const uint64_t v = shift == 64 ? 0 : random() >> shift;
    values[i] = static_cast<int64_t>(v - (i % 2 == 0 ? 0 : v / 2) - 1000);
  }
  return values;
}

std::vector<int64_t> read_all(const NumericReader& reader) {
  std::vector<int64_t> all;
  for (uint64_t b = 0; b < reader.block_count(); ++b) {
    std::vector<int64_t> block(kColumnBlock);
    block.resize(reader.decode_block(b, block.data()));
    all.insert(all.end(), block.begin(), block.end());
  }
  return all;
}

TEST(Numeric, RoundTripAtBlockBoundaries) {
  const TempFolder folder;
  std::mt19937_64 random(1);
  for (const size_t count : {0, 1, 2, 1023, 1024, 1025, 2048, 6500, 20000}) {
    const auto values = random_values(count, random);
    const NumericReader reader = open(folder / "f", write(folder / "f", values));
    ASSERT_EQ(reader.size(), count);
    EXPECT_EQ(read_all(reader), values);
    int64_t min = INT64_MAX, max = INT64_MIN;
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(reader.get(i), values[i]);
      EXPECT_GE(values[i], reader.block_min(i / kColumnBlock));
      EXPECT_LE(values[i], reader.block_max(i / kColumnBlock));
      min = std::min(min, values[i]);
      max = std::max(max, values[i]);
    }
    EXPECT_EQ(reader.min(), min);
    EXPECT_EQ(reader.max(), max);
    if (count == 0) continue;
    for (const bool sorted : {true, false}) {
      std::vector<uint32_t> indices(700);
      for (uint32_t& i : indices) i = static_cast<uint32_t>(random() % count);
      if (sorted) std::sort(indices.begin(), indices.end());
      std::vector<int64_t> got(indices.size());
      reader.gather(indices, got.data());
      for (size_t j = 0; j < indices.size(); ++j) EXPECT_EQ(got[j], values[indices[j]]);
    }
  }
}

// In all forms, of indices of all densities, as what get() says.
TEST(Numeric, GatheredAsBytes) {
  const TempFolder folder;
  std::mt19937_64 random(11);
  for (const uint64_t range : {0ULL, 1ULL, 200ULL, 60'000ULL, 4'000'000'000ULL, ~0ULL}) {
    std::vector<int64_t> values(5 * kColumnBlock + 77);
    for (int64_t& v : values) v = static_cast<int64_t>(random() % std::max<uint64_t>(range, 1)) - 1;
    const NumericReader reader = open(folder / "f", write(folder / "f", values));
    for (const uint32_t most : {1U, 2U, 3U, 40U, 3'000U}) {
      std::vector<uint32_t> indices;
      for (uint32_t i = most == 1 ? 0 : static_cast<uint32_t>(random() % most); i < values.size();
           i += 1 + static_cast<uint32_t>(random() % most))
        indices.push_back(i);
      if (most == 40) std::ranges::shuffle(indices, random);
      std::vector<uint8_t> out(8 * indices.size());
      for (const GatherAs as :
           {GatherAs::kI64, GatherAs::kF64, GatherAs::kSortableF64, GatherAs::kBool}) {
        reader.gather_as(as, indices, out.data());
        for (size_t j = 0; j < indices.size(); ++j) {
          const int64_t value = reader.get(indices[j]);
          switch (as) {
            case GatherAs::kI64:
              ASSERT_EQ(load<int64_t>(out.data() + 8 * j), value);
              break;
            case GatherAs::kF64:
              ASSERT_EQ(load<double>(out.data() + 8 * j), static_cast<double>(value));
              break;
            case GatherAs::kSortableF64:
              ASSERT_EQ(load<int64_t>(out.data() + 8 * j),
                        std::bit_cast<int64_t>(double_from_sortable(value)));
              break;
            case GatherAs::kBool:
              ASSERT_EQ(out[j], value != 0 ? 1 : 0);
          }
        }
      }
      indices.push_back(static_cast<uint32_t>(values.size()));
      out.resize(8 * indices.size());
      EXPECT_EQ(code_of([&] { reader.gather_as(GatherAs::kI64, indices, out.data()); }),
                ErrorCode::kInvalidArgument);
    }
  }
}

TEST(Numeric, ExtremesAndWidths) {
  const TempFolder folder;
  const std::vector<std::pair<std::vector<int64_t>, uint64_t>> cases = {
      {{INT64_MIN, INT64_MAX, 0, -1}, 24 + 32},
      {{INT64_MAX, INT64_MAX}, 24},
      {{5, 260}, 24 + 8},
      {{5, 261}, 24 + 8},
      {{5, 5 + 65535}, 24 + 8},
      {{5, 5 + 65536, 6}, 24 + 16},
      {{-5, -5 + int64_t{UINT32_MAX}}, 24 + 8},
      {{-5, -5 + int64_t{UINT32_MAX} + 1}, 24 + 16},
  };
  for (const auto& [values, bytes] : cases) {
    const NumericMeta meta = write(folder / "f", values);
    EXPECT_EQ(meta.bytes, bytes);
    EXPECT_EQ(read_all(open(folder / "f", meta)), values);
  }
  EXPECT_EQ(NumericReader().size(), 0U);
}

TEST(Numeric, SelectAndMatchEqualAComparisonOfEach) {
  const TempFolder folder;
  std::mt19937_64 random(8);
  for (const size_t count : {1, 70, 1024, 6500, 9000}) {
    const auto values = random_values(count, random);
    const NumericReader reader = open(folder / "f", write(folder / "f", values));
    for (int round = 0; round < 60; ++round) {
      // Bounds that are values, or beside them, or far out; also the wrong way round.
      const auto bound = [&] {
        if (random() % 8 == 0) return random() % 2 == 0 ? INT64_MIN : INT64_MAX;
        return values[random() % count] + static_cast<int64_t>(random() % 3) - 1;
      };
      const int64_t lo = bound();
      const int64_t hi = round % 10 == 0 ? bound() : std::max(lo, bound());
      const auto inside = [&](size_t i) { return values[i] >= lo && values[i] <= hi; };
      std::vector<uint32_t> some;
      std::vector<uint32_t> expected;
      for (uint32_t i = 0; i < count; ++i) {
        if (random() % (1 + static_cast<size_t>(round) % 5) != 0) continue;
        some.push_back(i);
        if (inside(i)) expected.push_back(i);
      }
      some.resize(reader.select(some.data(), static_cast<uint32_t>(some.size()), lo, hi));
      EXPECT_EQ(some, expected);
      for (uint64_t b = 0; b < reader.block_count(); ++b) {
        uint64_t words[kColumnBlock / 64];
        reader.match_block(b, lo, hi, words);
        for (size_t i = 0; i < kColumnBlock; ++i) {
          const size_t at = b * kColumnBlock + i;
          EXPECT_EQ(words[i / 64] >> (i % 64) & 1, at < count && inside(at));
        }
      }
    }
  }
}

TEST(Numeric, HostileMetas) {
  const TempFolder folder;
  std::mt19937_64 random(2);
  const NumericMeta good = write(folder / "f", random_values(5000, random));
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{4999}, uint64_t{5121},
                               uint64_t{1} << 40, UINT64_MAX - 1000, UINT64_MAX}) {
    for (int member = 0; member < 3; ++member) {
      NumericMeta meta = good;
      if (member == 0) meta.count = value;
      if (member == 1) meta.offset = value;
      if (member == 2) meta.bytes = value;
      try {
        read_all(open(folder / "f", meta));
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
      }
    }
  }
}

TEST(Numeric, Damage) {
  const TempFolder folder;
  std::mt19937_64 random(3);
  for (const size_t count : {1, 1024, 7000, 50000}) {
    const NumericMeta meta = write(folder / "f", random_values(count, random));
    check_damage(folder / "f", count > 10000 ? 100 : 400, [&] {
      const NumericReader reader = open(folder / "f", meta);
      std::vector<int64_t> all = read_all(reader);
      std::vector<uint32_t> indices;
      for (uint32_t i = 0; i < count; i += 7) indices.push_back(i);
      std::vector<int64_t> got(indices.size());
      reader.gather(indices, got.data());
      all.insert(all.end(), got.begin(), got.end());
      all.insert(all.end(), {reader.get(0), reader.get(count - 1), reader.min(), reader.max()});
      return all;
    });
  }
}

TEST(Numeric, DoublesInOrder) {
  const double inf = std::numeric_limits<double>::infinity();
  const double tiny = std::numeric_limits<double>::denorm_min();
  const std::vector<double> ascending = {-inf, -1e300, -1.5, -tiny, -0.0,
                                         0.0,  tiny,   1.5,  1e300, inf};
  for (size_t i = 0; i < ascending.size(); ++i) {
    const int64_t stored = sortable_from_double(ascending[i]);
    EXPECT_EQ(double_from_sortable(stored), ascending[i]);
    EXPECT_EQ(std::signbit(double_from_sortable(stored)), std::signbit(ascending[i]));
    if (i != 0) {
      EXPECT_LT(sortable_from_double(ascending[i - 1]), stored);
    }
  }
  EXPECT_TRUE(std::isnan(double_from_sortable(sortable_from_double(std::nan("")))));
}

}  // namespace
}  // namespace diagon::docvalues
