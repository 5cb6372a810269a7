#include "diagon/search/gather.h"

#include <bit>
#include <cstring>

#include "tests/queries.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

Corpus& corpus() {
  static Corpus shared({2500, 300, 70}, 17, 3);
  return shared;
}

// Owns what write() fills.
struct Buffers {
  Bytes offsets, child_offsets, values, validity;
  bool with_validity = true;

  Buffers() = default;
  // As large as they must be, and full of rubbish.
  Buffers(GatherType type, bool list, size_t docs, const GatherExtent& extent) {
    const bool strings = type == GatherType::kStr;
    const size_t width = type == GatherType::kBool ? 1 : 8;
    if (list || strings) offsets.resize(4 * (docs + 1), 0xee);
    if (list && strings) child_offsets.resize(4 * (extent.items + 1), 0xee);
    values.resize(strings ? extent.bytes : width * (list ? extent.items : docs), 0xee);
    validity.resize((docs + 7) / 8, 0xee);
  }
  GatherOut out() {
    return {offsets, child_offsets, values,
            with_validity ? std::span<uint8_t>(validity) : std::span<uint8_t>()};
  }
  int32_t offset(size_t i) const { return load<int32_t>(offsets.data() + 4 * i); }
  int32_t child_offset(size_t i) const { return load<int32_t>(child_offsets.data() + 4 * i); }
  std::string bytes(int32_t from, int32_t to) const {
    return {values.begin() + from, values.begin() + to};
  }
  uint64_t number(GatherType type, size_t i) const {
    return type == GatherType::kBool ? values[i] : load<uint64_t>(values.data() + 8 * i);
  }
};

struct Column {
  FieldId field;
  GatherType type;
};
constexpr Column kColumns[] = {
    {kYear, GatherType::kI64},   {kYear, GatherType::kF64},    {kPrice, GatherType::kF64},
    {kWeight, GatherType::kF64}, {kFlag, GatherType::kBool},   {kTag, GatherType::kStr},
    {kTitle, GatherType::kStr},  {kIdField, GatherType::kStr}, {77, GatherType::kStr},
    {77, GatherType::kI64},      {kBody, GatherType::kStr},    {kLabel, GatherType::kBool}};

// The document's values as the guest sees them.
std::vector<uint64_t> numbers(const Doc& doc, const Column& column) {
  const auto at = doc.numbers.find(column.field);
  if (at == doc.numbers.end()) return {};
  std::vector<uint64_t> out = at->second;
  if (column.field == kYear && column.type == GatherType::kF64)
    for (uint64_t& v : out)
      v = std::bit_cast<uint64_t>(static_cast<double>(static_cast<int64_t>(v)));
  return out;
}
std::vector<std::string> strings(const Doc& doc, const Column& column) {
  if (column.field == kIdField) return {doc.id};
  const auto at = doc.strings.find(column.field);
  return at == doc.strings.end() ? std::vector<std::string>() : at->second;
}
uint64_t smallest(const std::vector<uint64_t>& values, GatherType type) {
  return *std::min_element(values.begin(), values.end(), [&](uint64_t a, uint64_t b) {
    if (type != GatherType::kF64) return static_cast<int64_t>(a) < static_cast<int64_t>(b);
    return std::strong_order(std::bit_cast<double>(a), std::bit_cast<double>(b)) < 0;
  });
}

std::vector<uint32_t> random_docs(DocId max_doc, std::mt19937& random) {
  std::vector<uint32_t> docs;
  const uint32_t one_in = 1 + static_cast<uint32_t>(random() % 20);
  for (DocId d = 0; d < max_doc && docs.size() < kBatchCapacity; ++d)
    if (random() % one_in == 0) docs.push_back(d);
  return docs;
}

void expect_validity(const Buffers& b, const std::vector<bool>& present) {
  if (!b.with_validity) return;
  for (size_t i = 0; i < b.validity.size() * 8; ++i)
    ASSERT_EQ((b.validity[i / 8] >> (i % 8) & 1) != 0, i < present.size() && present[i]) << i;
}

void check_single(size_t segment, const Column& column, const std::string* fallback,
                  const std::vector<uint32_t>& docs, bool with_validity) {
  Gatherer gatherer(corpus().snapshot->segment(segment).reader, column.field, column.type, false,
                    fallback);
  const GatherExtent extent = gatherer.measure(docs);
  EXPECT_EQ(extent.items, 0U);
  Buffers b(column.type, false, docs.size(), extent);
  b.with_validity = with_validity;
  const uint32_t missing = gatherer.write(docs, b.out());
  uint32_t expected_missing = 0;
  std::vector<bool> present;
  int32_t end = 0;
  for (size_t i = 0; i < docs.size(); ++i) {
    const Doc& doc = corpus().naive->doc(segment, docs[i]);
    if (column.type == GatherType::kStr) {
      const auto all = strings(doc, column);
      present.push_back(!all.empty() || fallback != nullptr);
      const std::string want = !all.empty()          ? *std::min_element(all.begin(), all.end())
                               : fallback != nullptr ? *fallback
                                                     : "";
      ASSERT_EQ(b.offset(i), end);
      end = b.offset(i + 1);
      ASSERT_EQ(b.bytes(b.offset(i), end), want);
    } else {
      const auto all = numbers(doc, column);
      present.push_back(!all.empty() || fallback != nullptr);
      uint64_t want = 0;
      if (!all.empty())
        want = smallest(all, column.type);
      else if (fallback != nullptr)
        std::memcpy(&want, fallback->data(), fallback->size());
      ASSERT_EQ(b.number(column.type, i), want) << "document " << docs[i];
    }
    expected_missing += present.back() ? 0 : 1;
  }
  if (column.type == GatherType::kStr) {
    EXPECT_EQ(static_cast<uint64_t>(end), extent.bytes);
  }
  EXPECT_EQ(missing, expected_missing);
  expect_validity(b, present);
}

void check_list(size_t segment, const Column& column, const std::vector<uint32_t>& docs,
                bool with_validity) {
  Gatherer gatherer(corpus().snapshot->segment(segment).reader, column.field, column.type, true,
                    nullptr);
  const GatherExtent extent = gatherer.measure(docs);
  Buffers b(column.type, true, docs.size(), extent);
  b.with_validity = with_validity;
  const uint32_t missing = gatherer.write(docs, b.out());
  uint32_t expected_missing = 0;
  std::vector<bool> present;
  size_t item = 0;
  for (size_t i = 0; i < docs.size(); ++i) {
    const Doc& doc = corpus().naive->doc(segment, docs[i]);
    ASSERT_EQ(static_cast<size_t>(b.offset(i)), item);
    if (column.type == GatherType::kStr) {
      for (const std::string& s : strings(doc, column)) {
        ASSERT_EQ(b.bytes(b.child_offset(item), b.child_offset(item + 1)), s);
        ++item;
      }
    } else {
      for (const uint64_t v : numbers(doc, column)) ASSERT_EQ(b.number(column.type, item++), v);
    }
    present.push_back(static_cast<size_t>(b.offset(i)) != item);
    expected_missing += present.back() ? 0 : 1;
  }
  EXPECT_EQ(static_cast<size_t>(b.offset(docs.size())), item);
  EXPECT_EQ(extent.items, item);
  EXPECT_EQ(missing, expected_missing);
  expect_validity(b, present);
}

TEST(Gather, EqualsItsTwin) {
  std::mt19937 random(3);
  for (size_t s = 0; s < corpus().snapshot->size(); ++s)
    for (const Column& column : kColumns)
      for (int round = 0; round < 8; ++round) {
        SCOPED_TRACE("segment " + std::to_string(s) + ", field " + std::to_string(column.field));
        const auto docs = random_docs(corpus().snapshot->segment(s).reader->max_doc(), random);
        const std::string fallback = column.type == GatherType::kStr ? std::string(round * 7, 'f')
                                     : column.type == GatherType::kBool ? std::string(1, '\1')
                                                                        : "8 bytes!";
        check_single(s, column, nullptr, docs, round % 2 == 0);
        check_single(s, column, &fallback, docs, round % 2 == 0);
        check_list(s, column, docs, round % 2 == 0);
        if (HasFatalFailure()) return;
      }
}

TEST(Gather, AnyOrderAndNone) {
  for (const Column& column : kColumns) {
    check_single(0, column, nullptr, {7, 3, 3, 2499, 0}, true);
    check_list(0, column, {7, 3, 3, 2499, 0}, true);
    check_single(0, column, nullptr, {}, true);
    check_list(0, column, {}, true);
  }
}

TEST(Gather, TypesThatDoNotConvert) {
  const auto& reader = corpus().snapshot->segment(0).reader;
  const auto refused = [&](FieldId field, GatherType type, const std::string* fallback = nullptr) {
    EXPECT_EQ(code_of([&] { Gatherer(reader, field, type, false, fallback); }),
              ErrorCode::kInvalidArgument);
  };
  refused(kYear, GatherType::kBool);
  refused(kYear, GatherType::kStr);
  refused(kPrice, GatherType::kI64);
  refused(kFlag, GatherType::kI64);
  refused(kTag, GatherType::kF64);
  refused(kTitle, GatherType::kBool);
  refused(kYear, static_cast<GatherType>(9));
  const std::string seven(7, 'x');
  refused(kYear, GatherType::kI64, &seven);
  refused(kFlag, GatherType::kBool, &seven);
  EXPECT_NO_THROW(Gatherer(reader, kTag, GatherType::kStr, false, &seven));
  EXPECT_NO_THROW(Gatherer(reader, kYear, GatherType::kI64, true, &seven));  // lists have none
}

TEST(Gather, WrongBuffers) {
  const auto& reader = corpus().snapshot->segment(0).reader;
  const std::vector<uint32_t> docs = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  for (const Column& column : kColumns)
    for (const bool list : {false, true}) {
      Gatherer gatherer(reader, column.field, column.type, list, nullptr);
      const GatherExtent extent = gatherer.measure(docs);
      const Buffers good(column.type, list, docs.size(), extent);
      const auto refused = [&](Bytes Buffers::*member, int change) {
        Buffers b = good;
        (b.*member).resize((b.*member).size() + static_cast<size_t>(change));
        EXPECT_EQ(code_of([&] { gatherer.write(docs, b.out()); }), ErrorCode::kInvalidArgument);
      };
      for (const auto member :
           {&Buffers::offsets, &Buffers::child_offsets, &Buffers::values, &Buffers::validity}) {
        refused(member, 1);
        if (!(good.*member).empty()) refused(member, -1);
      }
      Buffers b = good;
      EXPECT_EQ(code_of([&] { gatherer.write(std::span(docs).first(8), b.out()); }),
                ErrorCode::kInvalidArgument);
      EXPECT_NO_THROW(gatherer.write(docs, b.out()));
      std::vector<uint32_t> wild = docs;
      wild[4] = UINT32_MAX;
      EXPECT_EQ(code_of([&] { gatherer.write(wild, b.out()); }), ErrorCode::kInvalidArgument);
      const uint32_t past[] = {0, reader->max_doc()};
      EXPECT_EQ(code_of([&] { gatherer.measure(past); }), ErrorCode::kInvalidArgument);
    }
}

}  // namespace
}  // namespace diagon::search
