#include "diagon/termdict/termdict.h"

#include <map>

#include "tests/helpers.h"

namespace diagon::termdict {
namespace {

using diagon::testing::check_damage;
using diagon::testing::code_of;
using diagon::testing::TempFolder;
using directory::FileKind;
using directory::FileWriter;
using directory::MappedFile;
using postings::TermMeta;

constexpr directory::SegmentId kId = {3};
using Terms = std::map<std::string, TermMeta>;  // std::string compares unsigned bytes

auto tie(const TermMeta& m) {
  return std::tie(m.doc_freq, m.total_term_freq, m.postings_offset, m.postings_bytes,
                  m.positions_offset, m.positions_bytes);
}

// Terms over few letters, so that they share much; offsets mostly one after another.
Terms random_terms(size_t count, bool text, std::mt19937& random) {
  Terms terms;
  while (terms.size() < count) {
    std::string term;
    for (size_t len = random() % 12; len != 0; --len)
      term.push_back(
          "\x00\x01"
          "ab\x7f\xff"[random() % 6]);
    if (random() % 50 == 0) term += std::string(300, 'x') + std::to_string(random());
    if (count > 5000) term += std::to_string(random());
    terms[term] = {};
  }
  uint64_t postings = 1000;
  uint64_t positions = 0;
  for (auto& [term, meta] : terms) {
    meta.doc_freq = random() % 3 == 0 ? 1 : 1 + static_cast<uint32_t>(random() % 100000);
    meta.total_term_freq = meta.doc_freq + (text ? random() % 4 : 0);
    if (random() % 20 == 0) postings += random() % 10000;
    meta.postings_offset = postings;
    meta.postings_bytes = 1 + random() % 5000;
    postings += meta.postings_bytes;
    if (!text) continue;
    if (random() % 20 == 0) positions += random() % 10000;
    meta.positions_offset = positions;
    meta.positions_bytes = 1 + random() % 5000;
    positions += meta.positions_bytes;
  }
  return terms;
}

FieldTermsMeta write(TermDictWriter& writer, const Terms& terms) {
  writer.begin_field();
  for (const auto& [term, meta] : terms) writer.add(term, meta);
  return writer.end_field(17);
}

void expect_same(const FieldTerms& field, const Terms& terms) {
  FieldTerms::Iterator at(field, "");
  uint64_t number = 0;
  std::string appended = "before ";
  for (const auto& [term, meta] : terms) {
    ASSERT_TRUE(at.next());
    EXPECT_EQ(at.term(), term);
    EXPECT_EQ(at.number(), number);
    EXPECT_EQ(field.rank(term), std::pair(number, true));
    if (!terms.contains(term + '\0')) {
      EXPECT_EQ(field.rank(term + '\0'), std::pair(number + 1, false));
    }
    appended.resize(7);
    field.append_term(number++, appended);
    EXPECT_EQ(appended, "before " + term);
    EXPECT_EQ(tie(at.meta()), tie(meta));
    const auto found = field.lookup(term);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(tie(*found), tie(meta));
  }
  EXPECT_FALSE(at.next());
  EXPECT_FALSE(at.next());
  EXPECT_EQ(code_of([&] { field.append_term(number, appended); }), ErrorCode::kCorrupt);
}

TEST(TermDict, RoundTripOfManySizes) {
  const TempFolder folder;
  std::mt19937 random(1);
  const std::vector<size_t> sizes = {0, 1, 2, 31, 32, 33, 64, 65, 1000, 20000};
  std::vector<Terms> fields;
  std::vector<FieldTermsMeta> metas;
  {
    FileWriter file(folder / "terms", FileKind::kTerms, kId);
    TermDictWriter writer(file);
    for (const size_t size : sizes) {
      fields.push_back(random_terms(size, size % 2 == 0, random));
      metas.push_back(write(writer, fields.back()));
    }
    file.finish();
  }
  const auto file = MappedFile::open(folder / "terms", FileKind::kTerms, &kId);
  for (size_t f = 0; f < sizes.size(); ++f) {
    const FieldTerms field(file, metas[f]);
    EXPECT_EQ(field.meta().term_count, sizes[f]);
    EXPECT_EQ(field.meta().doc_count, 17U);
    uint64_t docs = 0;
    for (const auto& [term, meta] : fields[f]) docs += meta.doc_freq;
    EXPECT_EQ(field.meta().sum_doc_freq, docs);
    expect_same(field, fields[f]);
    // Terms that are not there, and places between.
    for (int i = 0; i < 2000; ++i) {
      std::string probe = random_terms(1, false, random).begin()->first;
      if (i % 2 == 0 && sizes[f] > 100) {
        probe = std::next(fields[f].begin(), static_cast<ptrdiff_t>(random() % sizes[f]))->first;
        if (!probe.empty() && i % 4 == 0) probe.back() = static_cast<char>(random());
        if (i % 8 == 2) probe.push_back('\0');
      }
      const auto expected = fields[f].lower_bound(probe);
      const bool there = expected != fields[f].end() && expected->first == probe;
      EXPECT_EQ(field.lookup(probe).has_value(), there);
      FieldTerms::Iterator at(field, probe);
      ASSERT_EQ(at.next(), expected != fields[f].end());
      if (expected != fields[f].end()) {
        EXPECT_EQ(at.term(), expected->first);
      }
    }
  }
}

TEST(TermDict, LongestAndEmptyTerms) {
  const TempFolder folder;
  Terms terms;
  const TermMeta meta = {1, 1, 5, 2, 0, 0};
  terms[""] = meta;
  for (char c = 'a'; c <= 'z'; ++c) {
    terms[std::string(kMaxTermBytes - 1, 'm') + c] = meta;
    terms[std::string(kMaxTermBytes, c)] = meta;
  }
  FileWriter file(folder / "terms", FileKind::kTerms, kId);
  TermDictWriter writer(file);
  const FieldTermsMeta field = write(writer, terms);
  file.finish();
  const auto mapped = MappedFile::open(folder / "terms", FileKind::kTerms, &kId);
  expect_same({mapped, field}, terms);
  EXPECT_FALSE(FieldTerms(mapped, field).lookup(std::string(kMaxTermBytes + 5, 'm')).has_value());
}

TEST(TermDict, HostileFieldMetas) {
  const TempFolder folder;
  std::mt19937 random(2);
  FileWriter file(folder / "terms", FileKind::kTerms, kId);
  TermDictWriter writer(file);
  const Terms terms = random_terms(100, true, random);
  const FieldTermsMeta good = write(writer, terms);
  file.finish();
  const auto mapped = MappedFile::open(folder / "terms", FileKind::kTerms, &kId);
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{99}, uint64_t{101}, uint64_t{129},
                               uint64_t{1} << 40, UINT64_MAX - 30, UINT64_MAX}) {
    for (int member = 0; member < 3; ++member) {
      FieldTermsMeta meta = good;
      if (member == 0) meta.term_count = value;
      if (member == 1) meta.offset = value;
      if (member == 2) meta.bytes = value;
      try {
        const FieldTerms field(mapped, meta);
        FieldTerms::Iterator at(field, "");
        while (at.next()) {
        }
        for (const auto& [term, unused] : terms) field.lookup(term);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
      }
    }
  }
}

TEST(TermDict, Damage) {
  const TempFolder folder;
  std::mt19937 random(3);
  for (const size_t size : {1, 40, 500}) {
    FileWriter file(folder / "terms", FileKind::kTerms, kId);
    TermDictWriter writer(file);
    const Terms terms = random_terms(size, true, random);
    const FieldTermsMeta meta = write(writer, terms);
    file.finish();
    check_damage(folder / "terms", 500, [&] {
      const FieldTerms field(MappedFile::open(folder / "terms", FileKind::kTerms, &kId), meta);
      std::vector<std::pair<std::string, uint64_t>> all;
      FieldTerms::Iterator at(field, "");
      while (at.next()) {
        if (!all.empty()) {
          EXPECT_LT(all.back().first, at.term());
        }
        EXPECT_LE(at.term().size(), kMaxTermBytes);
        EXPECT_GE(at.meta().total_term_freq, at.meta().doc_freq);
        EXPECT_GE(at.meta().doc_freq, 1U);
        all.emplace_back(at.term(), at.meta().postings_offset);
      }
      for (const auto& [term, unused] : terms) {
        const auto found = field.lookup(term);
        all.emplace_back(term, found ? found->positions_bytes : UINT64_MAX);
        FieldTerms::Iterator from(field, term);
        from.next();
      }
      return all;
    });
  }
}

}  // namespace
}  // namespace diagon::termdict
