#include "diagon/index/term_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace diagon::index {
namespace {

using Positions = std::vector<uint32_t>;
// (field, term) -> document -> positions.
using Twin = std::map<std::pair<FieldId, std::string>, std::map<DocId, Positions>>;

std::string random_term(std::mt19937& random) {
  // Few short ones, so that they come often; any byte may be in them, and some share long starts.
  std::string term(random() % 4 + (random() % 4 == 0 ? 7 + random() % 12 : 0), '\0');
  if (term.size() > 6 && random() % 2 == 0) {
    for (size_t i = term.size() - 2; i < term.size(); ++i)
      term[i] = static_cast<char>(random() % 2 == 0 ? 0 : 'a');
    return term;
  }
  for (char& c : term)
    c = static_cast<char>(random() % 3 == 0 ? random() % 256 : 'a' + random() % 4);
  return term;
}

void expect_equal(const TermTable& table, const Twin& twin, FieldId field, bool with_positions) {
  auto at = twin.lower_bound({field, ""});
  for (const TermTable::Entry* entry : table.sorted(field)) {
    ASSERT_TRUE(at != twin.end() && at->first.first == field);
    ASSERT_EQ(table.term(*entry), at->first.second);  // in the order of unsigned bytes, too
    ASSERT_EQ(entry->doc_freq, at->second.size());
    std::vector<DocId> docs, expected_docs;
    std::vector<uint32_t> freqs, expected_freqs, positions, expected_positions;
    table.read(*entry, with_positions, docs, freqs, positions);
    for (const auto& [doc, list] : at->second) {
      expected_docs.push_back(doc);
      if (!with_positions) continue;
      expected_freqs.push_back(static_cast<uint32_t>(list.size()));
      expected_positions.insert(expected_positions.end(), list.begin(), list.end());
    }
    ASSERT_EQ(docs, expected_docs);
    ASSERT_EQ(freqs, expected_freqs);
    ASSERT_EQ(positions, expected_positions);
    ++at;
  }
  EXPECT_TRUE(at == twin.end() || at->first.first != field);
}

TEST(TermTable, EqualsItsTwin) {
  std::mt19937 random(2);
  TermTable table;
  Twin twin;
  // Fields 0 and 2 without positions, 1 with.
  DocId doc = 0;
  for (int i = 0; i < 3000; ++i) {
    for (FieldId field = 0; field < 3; ++field) {
      uint32_t position = static_cast<uint32_t>(random() % 3);
      for (size_t t = random() % 8; t != 0; --t) {
        const std::string term = random_term(random);
        table.add(table.key(field, term), doc, position, field == 1);
        twin[{field, term}][doc].push_back(position);
        position += static_cast<uint32_t>(random() % 300);
      }
    }
    doc += 1 + static_cast<DocId>(random() % 200);
    if (i % 1000 == 0)  // reading in between disturbs nothing
      for (FieldId field = 0; field < 4; ++field) expect_equal(table, twin, field, field == 1);
  }
  EXPECT_EQ(table.size(), twin.size());
  for (FieldId field = 0; field < 4; ++field) expect_equal(table, twin, field, field == 1);
  EXPECT_GT(table.ram_bytes(), 10000U);
}

TEST(TermTable, OneTermInManyFields) {
  TermTable table;
  for (FieldId field = 0; field < 100; ++field) table.add(table.key(field, "x"), field, 0, false);
  EXPECT_EQ(table.size(), 100U);
  for (FieldId field = 0; field < 100; ++field) {
    const auto entries = table.sorted(field);
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0]->doc_freq, 1U);
  }
}

TEST(TermTable, ClearBeginsAnew) {
  TermTable table;
  for (uint32_t i = 0; i < 5000; ++i) table.add(table.key(1, std::to_string(i % 999)), i, 0, true);
  table.clear();
  EXPECT_EQ(table.size(), 0U);
  EXPECT_TRUE(table.sorted(1).empty());
  table.add(table.key(1, "a"), 7, 3, true);
  std::vector<DocId> docs;
  std::vector<uint32_t> freqs, positions;
  table.read(*table.sorted(1)[0], true, docs, freqs, positions);
  EXPECT_EQ(docs, (std::vector<DocId>{7}));
  EXPECT_EQ(freqs, (std::vector<uint32_t>{1}));
  EXPECT_EQ(positions, (std::vector<uint32_t>{3}));
}

}  // namespace
}  // namespace diagon::index
