#include "diagon/docvalues/column.h"

#include <bit>
#include <set>

#include "diagon/util/bits.h"
#include "tests/helpers.h"

namespace diagon::docvalues {
namespace {

using diagon::testing::check_damage;
using diagon::testing::code_of;
using diagon::testing::TempFolder;
using directory::FileKind;
using directory::FileWriter;
using directory::MappedFile;
using schema::ColumnKind;

constexpr directory::SegmentId kId = {5};

// Each document's values, as text.
using Column = std::vector<std::vector<std::string>>;

bool is_string(ColumnKind kind) {
  return kind == ColumnKind::kOrdinals || kind == ColumnKind::kStrings;
}

uint64_t bits_of(ColumnKind kind, const std::string& value) {
  if (kind == ColumnKind::kF64) return std::bit_cast<uint64_t>(std::stod(value));
  return static_cast<uint64_t>(std::stoll(value));
}

ColumnMeta write(const std::string& path, ColumnKind kind, const Column& column) {
  FileWriter file(path, FileKind::kColumns, kId);
  file.append("odd", 3);
  ColumnWriter writer(kind);
  for (DocId doc = 0; doc < column.size(); ++doc) {
    for (const std::string& value : column[doc]) {
      if (is_string(kind)) {
        writer.add_string(doc, value);
      } else {
        writer.add_number(doc, bits_of(kind, value));
      }
    }
  }
  EXPECT_TRUE(column.empty() || column[0].empty() || writer.ram_bytes() > 0);
  const ColumnMeta meta = writer.write(file, static_cast<DocId>(column.size()));
  file.finish();
  return meta;
}

Column read(const ColumnReader& reader) {
  Column column(reader.max_doc());
  for (DocId doc = 0; doc < reader.max_doc(); ++doc) {
    const auto [first, second] = reader.range(doc);
    for (uint32_t i = first; i < second; ++i) {
      std::string value;
      switch (reader.kind()) {
        case ColumnKind::kStrings:
          value = reader.string(i);
          break;
        case ColumnKind::kOrdinals: {
          const int64_t ordinal = reader.values().get(i);
          if (ordinal < 0 || ordinal > UINT32_MAX) throw_corrupt("columns", "an ordinal");
          value = reader.string(static_cast<uint32_t>(ordinal));
          break;
        }
        case ColumnKind::kF64:
          value = std::to_string(reader.decode_double(reader.values().get(i)));
          break;
        default:
          value = std::to_string(reader.values().get(i));
      }
      column[doc].push_back(value);
    }
  }
  return column;
}

// `filled`: of 100 documents, those with a value; `most`: values in one.
Column random_column(ColumnKind kind, size_t docs, uint32_t filled, uint32_t most,
                     std::mt19937& random) {
  Column column(docs);
  for (auto& values : column) {
    if (random() % 100 >= filled) continue;
    for (size_t n = 1 + random() % most; n != 0; --n) {
      switch (kind) {
        case ColumnKind::kBool:
          values.push_back(std::to_string(random() % 2));
          break;
        case ColumnKind::kI64:
          values.push_back(std::to_string(static_cast<int64_t>(random()) - 2000000000));
          break;
        case ColumnKind::kF64:
          values.push_back(std::to_string((static_cast<double>(random()) - 2e9) / 64));
          break;
        default:
          values.push_back(std::string(random() % 5, 'a') + std::to_string(random() % 300));
          if (random() % 10 == 0) values.back().clear();
      }
    }
  }
  return column;
}

constexpr ColumnKind kKinds[] = {ColumnKind::kI64, ColumnKind::kF64, ColumnKind::kBool,
                                 ColumnKind::kOrdinals, ColumnKind::kStrings};

TEST(Column, RoundTripOfManyShapes) {
  const TempFolder folder;
  std::mt19937 random(1);
  for (const ColumnKind kind : kKinds) {
    for (const size_t docs : {0, 1, 2, 63, 64, 65, 1024, 3000}) {
      for (const uint32_t filled : {0U, 30U, 100U}) {
        for (const uint32_t most : {1U, 4U}) {
          const Column column = random_column(kind, docs, filled, most, random);
          const ColumnMeta meta = write(folder / "f", kind, column);
          const ColumnReader reader(MappedFile::open(folder / "f", FileKind::kColumns, &kId), meta,
                                    static_cast<DocId>(docs));
          EXPECT_TRUE(read(reader) == column);
          uint32_t with_value = 0;
          size_t longest = 0;
          std::set<std::string> distinct;
          size_t values = 0;
          for (DocId doc = 0; doc < docs; ++doc) {
            const bool has = !column[doc].empty();
            EXPECT_EQ(reader.has_value(doc), has);
            if (reader.presence() != nullptr) {
              EXPECT_EQ(bits::test(reader.presence(), doc), has);
            }
            with_value += has ? 1 : 0;
            longest = std::max(longest, column[doc].size());
            values += column[doc].size();
            distinct.insert(column[doc].begin(), column[doc].end());
          }
          EXPECT_EQ(reader.docs_with_value(), with_value);
          EXPECT_EQ(reader.multi(), longest > 1);
          if (with_value == docs) {
            EXPECT_EQ(reader.presence(), nullptr);
          }
          if (kind == ColumnKind::kOrdinals) {
            ASSERT_EQ(reader.string_count(), distinct.size());
            uint32_t ordinal = 0;
            for (const std::string& value : distinct) {
              EXPECT_EQ(reader.string(ordinal), value);
              EXPECT_EQ(reader.lower_bound(value), ordinal++);
              EXPECT_EQ(reader.lower_bound(value + '\0'), ordinal);
            }
          }
          if (kind == ColumnKind::kStrings) {
            EXPECT_EQ(reader.string_count(), reader.multi() ? values : docs);
          }
          EXPECT_EQ(code_of([&] { reader.string(reader.string_count()); }), ErrorCode::kCorrupt);
        }
      }
    }
  }
}

TEST(Column, ManyStringsAtOnce) {
  const TempFolder folder;
  std::mt19937 random(2);
  for (const ColumnKind kind : {ColumnKind::kOrdinals, ColumnKind::kStrings}) {
    Column column(3000);
    for (auto& values : column)
      values = {std::string(random() % 60, static_cast<char>('a' + random() % 26))};
    const ColumnMeta meta = write(folder / "f", kind, column);
    const ColumnReader reader(MappedFile::open(folder / "f", FileKind::kColumns, &kId), meta, 3000);
    for (const size_t count : {0, 1, 63, 64, 65, 1000}) {
      std::vector<uint32_t> indices(count);
      for (uint32_t& i : indices) i = static_cast<uint32_t>(random() % reader.string_count());
      std::vector<std::string_view> out(count);
      reader.strings(indices, out.data());
      for (size_t i = 0; i < count; ++i) EXPECT_EQ(out[i], reader.string(indices[i]));
    }
    const uint32_t past[] = {0, reader.string_count(), 1};
    std::string_view out[3];
    EXPECT_EQ(code_of([&] { reader.strings(past, out); }), ErrorCode::kCorrupt);
    EXPECT_EQ(reader.ordinal(0), 0U);
    EXPECT_EQ(reader.ordinal(reader.string_count() - 1), reader.string_count() - 1);
    EXPECT_EQ(code_of([&] { reader.ordinal(-1); }), ErrorCode::kCorrupt);
    EXPECT_EQ(code_of([&] { reader.ordinal(reader.string_count()); }), ErrorCode::kCorrupt);
  }
}

bool whole(const std::vector<double>& values) {
  const TempFolder folder;
  FileWriter file(folder / "f", FileKind::kColumns, kId);
  ColumnWriter writer(ColumnKind::kF64);
  for (DocId doc = 0; doc < values.size(); ++doc)
    writer.add_number(doc, std::bit_cast<uint64_t>(values[doc]));
  const auto max_doc = static_cast<DocId>(values.size());
  const ColumnMeta meta = writer.write(file, max_doc);
  file.finish();
  const ColumnReader reader(MappedFile::open(folder / "f", FileKind::kColumns, &kId), meta,
                            max_doc);
  for (DocId doc = 0; doc < max_doc; ++doc) {
    EXPECT_EQ(std::bit_cast<uint64_t>(reader.decode_double(reader.values().get(doc))),
              std::bit_cast<uint64_t>(values[doc]));
  }
  return reader.whole_doubles();
}

TEST(Column, WholeDoublesKeepTheirBits) {
  EXPECT_TRUE(whole({0.0, 1.0, -7.0, 9007199254740991.0}));
  EXPECT_FALSE(whole({1.0, -0.0}));
  EXPECT_FALSE(whole({1.0, 0.5}));
  EXPECT_FALSE(whole({1.0, 9007199254740992.0}));
  EXPECT_FALSE(whole({1.0, std::numeric_limits<double>::infinity()}));
  EXPECT_FALSE(whole({std::numeric_limits<double>::quiet_NaN()}));
}

TEST(Column, HostileMetas) {
  const TempFolder folder;
  std::mt19937 random(2);
  const auto attempt = [&](const ColumnMeta& meta, DocId max_doc) {
    try {
      read({MappedFile::open(folder / "f", FileKind::kColumns, &kId), meta, max_doc});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    }
  };
  for (const ColumnKind kind : kKinds) {
    const ColumnMeta good = write(folder / "f", kind, random_column(kind, 500, 50, 3, random));
    for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{7}, uint64_t{8}, uint64_t{499},
                                 uint64_t{501}, uint64_t{UINT32_MAX}, UINT64_MAX - 7, UINT64_MAX}) {
      uint64_t ColumnMeta::*const members[] = {
          &ColumnMeta::presence_offset, &ColumnMeta::presence_bytes, &ColumnMeta::string_offset,
          &ColumnMeta::string_bytes};
      for (const auto member : members) {
        ColumnMeta meta = good;
        meta.*member = value;
        attempt(meta, 500);
      }
      NumericMeta ColumnMeta::*const arrays[] = {&ColumnMeta::starts, &ColumnMeta::values,
                                                 &ColumnMeta::string_starts};
      for (const auto array : arrays) {
        ColumnMeta meta = good;
        (meta.*array).count = value;
        attempt(meta, 500);
        meta = good;
        (meta.*array).offset = value;
        attempt(meta, 500);
        for (const auto other : arrays) {
          meta = good;
          meta.*array = good.*other;
          attempt(meta, 500);
        }
      }
      ColumnMeta meta = good;
      meta.docs_with_value = static_cast<uint32_t>(value);
      attempt(meta, 500);
      meta = good;
      meta.multi = !meta.multi;
      attempt(meta, 500);
      if (value < 256) {
        meta = good;
        meta.kind = static_cast<ColumnKind>(value);
        attempt(meta, 500);
      }
      attempt(good, static_cast<DocId>(std::min<uint64_t>(value, 1000000)));
    }
  }
}

TEST(Column, Damage) {
  const TempFolder folder;
  std::mt19937 random(3);
  for (const ColumnKind kind : kKinds) {
    for (const uint32_t most : {1U, 3U}) {
      const Column column = random_column(kind, 1500, 60, most, random);
      const std::string path = folder / "columns";
      const ColumnMeta meta = write(path, kind, column);
      check_damage(path, 200, [&] {
        const ColumnReader reader(MappedFile::open(path, FileKind::kColumns, &kId), meta, 1500);
        if (kind == ColumnKind::kOrdinals) reader.lower_bound("aa17");
        return read(reader);
      });
    }
  }
}

}  // namespace
}  // namespace diagon::docvalues
