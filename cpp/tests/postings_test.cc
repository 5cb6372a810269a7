#include "diagon/postings/postings.h"

#include <numeric>

#include "diagon/postings/norms.h"
#include "tests/helpers.h"

namespace diagon::postings {
namespace {

using diagon::testing::check_damage;
using diagon::testing::code_of;
using diagon::testing::TempFolder;
using directory::FileKind;
using directory::FileWriter;
using directory::MappedFile;

constexpr directory::SegmentId kId = {7};

// What is written, as plain as it can be.
struct Term {
  std::vector<DocId> docs;
  std::vector<uint32_t> freqs;
  std::vector<uint32_t> positions;
  std::vector<uint8_t> norms;
  bool operator==(const Term&) const = default;
};

// `gap`: the largest between documents.
Term random_term(uint32_t count, uint32_t gap, uint32_t freq, bool positions,
                 std::mt19937& random) {
  Term term;
  const auto up_to = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
  DocId doc = up_to(gap);
  for (uint32_t i = 0; i < count; ++i, doc += 1 + up_to(gap)) {
    term.docs.push_back(doc);
    if (freq == 0) continue;
    term.freqs.push_back(1 + up_to(freq));
    term.norms.push_back(static_cast<uint8_t>(1 + up_to(60)));
    if (!positions) continue;
    uint32_t position = up_to(1000);
    for (uint32_t k = 0; k < term.freqs.back(); ++k, position += up_to(50))
      term.positions.push_back(position);
  }
  return term;
}

struct Files {
  Files() : postings(folder / "postings"), positions(folder / "positions") {}
  TermMeta write(const Term& term) { return write(std::vector<Term>{term})[0]; }
  std::vector<TermMeta> write(const std::vector<Term>& terms) {
    FileWriter a(postings, FileKind::kPostings, kId);
    FileWriter b(positions, FileKind::kPositions, kId);
    PostingsWriter writer(a, &b);
    std::vector<TermMeta> metas;
    for (const Term& t : terms)
      metas.push_back(writer.write(t.docs, t.freqs, t.positions, t.norms));
    a.finish();
    b.finish();
    return metas;
  }
  PostingsCursor open(const TermMeta& meta, bool freqs, DocId max_doc) const {
    return {MappedFile::open(postings, FileKind::kPostings, &kId),
            MappedFile::open(positions, FileKind::kPositions, &kId), meta, freqs, max_doc};
  }
  TempFolder folder;
  std::string postings, positions;
};

// Reads a term from front to end.
Term read_all(PostingsCursor cursor, bool freqs, bool positions, DocId max_doc) {
  Term term;
  int64_t last = -1;
  while (cursor.next_block()) {
    EXPECT_GE(cursor.size(), 1U);
    EXPECT_LE(cursor.size(), codec::kBlock);
    EXPECT_EQ(cursor.last_doc(), cursor.block_last_doc(cursor.block()));
    for (uint32_t i = 0; i < cursor.size(); ++i) {
      EXPECT_GT(int64_t{cursor.docs()[i]}, last);
      last = cursor.docs()[i];
      term.docs.push_back(cursor.docs()[i]);
      if (freqs) {
        EXPECT_GE(cursor.freqs()[i], 1U);
        term.freqs.push_back(cursor.freqs()[i]);
      } else {
        EXPECT_EQ(cursor.freqs()[i], 1U);
      }
      if (!positions) continue;
      const auto values = cursor.positions(i);
      EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
      term.positions.insert(term.positions.end(), values.begin(), values.end());
    }
  }
  EXPECT_LT(last, int64_t{max_doc});
  EXPECT_EQ(cursor.block(), cursor.block_count());
  EXPECT_FALSE(cursor.next_block());
  return term;
}

const std::vector<uint32_t> kCounts = {1, 2, 3, 127, 128, 129, 255, 256, 257, 1000, 5000};

TEST(Postings, RoundTripOfManyShapes) {
  std::mt19937 random(3);
  Files files;
  std::vector<Term> terms;
  for (const uint32_t count : kCounts) {
    for (const uint32_t gap : {1U, 2U, 300U, 100000U}) {
      for (const uint32_t freq : {0U, 1U, 3U, 200U}) {
        if (gap == 100000U && count > 5000) continue;
        for (const bool positions : {false, true}) {
          if (freq == 200 && count > 1000) continue;
          if (freq != 0 || !positions)
            terms.push_back(random_term(count, gap, freq, positions, random));
        }
      }
    }
  }
  const auto metas = files.write(terms);
  for (size_t t = 0; t < terms.size(); ++t) {
    Term expected = terms[t];
    const DocId max_doc = expected.docs.back() + 1;
    const bool freqs = !expected.freqs.empty();
    const bool positions = !expected.positions.empty();
    expected.norms.clear();
    EXPECT_EQ(metas[t].doc_freq, expected.docs.size());
    EXPECT_EQ(metas[t].total_term_freq,
              freqs ? std::accumulate(expected.freqs.begin(), expected.freqs.end(), uint64_t{0})
                    : expected.docs.size());
    const Term got = read_all(files.open(metas[t], freqs, max_doc), freqs, positions, max_doc);
    EXPECT_TRUE(got == expected) << t;
    EXPECT_EQ(code_of([&] {
                auto cursor = files.open(metas[t], freqs, max_doc - 1);
                while (cursor.next_block()) {
                }
              }),
              ErrorCode::kCorrupt);
  }
}

TEST(Postings, WidestGaps) {
  Files files;
  Term term;
  for (DocId i = 0; i < 256; ++i) term.docs.push_back(i < 255 ? i : 0x7ffffffe);
  term.docs[200] = 0x7ffffff0 - 56;
  for (DocId i = 201; i < 255; ++i) term.docs[i] = term.docs[i - 1] + 1;
  term.freqs.assign(256, kMaxFreq);
  const TermMeta meta = files.write(term);
  const Term got = read_all(files.open(meta, true, kNoMoreDocs), true, false, kNoMoreDocs);
  EXPECT_TRUE(got == term);
  term.freqs[3] = kMaxFreq + 1;
  EXPECT_EQ(code_of([&] { files.write(term); }), ErrorCode::kTooLarge);
}

TEST(Postings, RareTermsTakeFewBytes) {
  Files files;
  EXPECT_EQ(files.write({{5}, {}, {}, {}}).postings_bytes, 1U);
  const TermMeta meta = files.write({{5}, {1}, {17}, {3}});
  EXPECT_EQ(meta.postings_bytes, 1U);
  EXPECT_EQ(meta.positions_bytes, 1U);
}

TEST(Postings, SeeksLikeLowerBound) {
  std::mt19937 random(4);
  for (const uint32_t count : kCounts) {
    Files files;
    const Term term = random_term(count, 20, 3, false, random);
    const DocId max_doc = term.docs.back() + 1;
    const TermMeta meta = files.write(term);
    auto cursor = files.open(meta, true, max_doc);
    for (int round = 0; round < 300; ++round) {
      // Mostly forwards, sometimes back.
      const auto target = static_cast<DocId>(random() % (max_doc + 10));
      const auto at = std::lower_bound(term.docs.begin(), term.docs.end(), target);
      const auto index = static_cast<size_t>(at - term.docs.begin());
      const auto block = static_cast<uint32_t>(at == term.docs.end() ? cursor.block_count()
                                                                     : index / codec::kBlock);
      EXPECT_EQ(cursor.find_block(target), block);
      if (at == term.docs.end()) {
        EXPECT_FALSE(cursor.seek(target));
        EXPECT_FALSE(cursor.next_block());
        continue;
      }
      ASSERT_TRUE(cursor.seek(target));
      EXPECT_EQ(cursor.block(), block);
      const size_t in_block = index % codec::kBlock;
      EXPECT_EQ(cursor.docs()[in_block], *at);
      EXPECT_EQ(cursor.freqs()[in_block], term.freqs[index]);
      if (round % 3 == 0 && block + 1 < cursor.block_count()) {
        ASSERT_TRUE(cursor.next_block());
        EXPECT_EQ(cursor.first_doc(), term.docs[(block + 1) * codec::kBlock]);
      }
    }
  }
}

// Each document must be bounded by one of its block's pairs. A pair's frequency is that of a
// document, and its norm that of one with no higher frequency.
void check_impacts(const Term& term, size_t from, size_t to, const uint8_t* freqs,
                   const uint8_t* norms) {
  const auto capped = [&](size_t i) { return std::min<uint32_t>(term.freqs[i], kAnyFreq); };
  for (size_t i = from; i < to; ++i) {
    bool bounded = false;
    for (size_t p = 0; p < kImpacts; ++p)
      bounded |= freqs[p] >= capped(i) && norms[p] <= term.norms[i];
    EXPECT_TRUE(bounded);
  }
  for (size_t p = 0; p < kImpacts; ++p) {
    bool freq = false;
    bool norm = false;
    for (size_t i = from; i < to; ++i) {
      freq |= capped(i) == freqs[p];
      norm |= term.norms[i] == norms[p] && capped(i) <= freqs[p];
    }
    EXPECT_TRUE(freq && norm);
  }
}

TEST(Postings, ImpactsBoundTheirBlocks) {
  std::mt19937 random(5);
  for (const uint32_t max_freq : {3U, 30U, 400U}) {
    for (const uint32_t count : kCounts) {
      Files files;
      const Term term = random_term(count, 20, max_freq, true, random);
      const auto cursor = files.open(files.write(term), true, term.docs.back() + 1);
      if (cursor.block_count() == 1) {
        EXPECT_EQ(cursor.impact_freqs(), nullptr);
        continue;
      }
      for (uint32_t b = 0; b < cursor.block_count(); ++b)
        check_impacts(term, b * codec::kBlock, std::min(count, (b + 1) * codec::kBlock),
                      cursor.impact_freqs() + kImpacts * b, cursor.impact_norms() + kImpacts * b);
    }
  }
}

TEST(Postings, WithoutFrequenciesOrNorms) {
  std::mt19937 random(6);
  for (const uint32_t freq : {0U, 1U}) {
    Files files;
    Term term = random_term(400, 20, freq, false, random);
    term.norms.clear();
    const auto cursor = files.open(files.write(term), freq != 0, term.docs.back() + 1);
    EXPECT_EQ(cursor.impact_freqs() != nullptr, freq != 0);
    for (uint32_t p = 0; freq != 0 && p < kImpacts * cursor.block_count(); ++p) {
      EXPECT_EQ(cursor.impact_freqs()[p], 1U);
      EXPECT_EQ(cursor.impact_norms()[p], 1U);
    }
  }
}

TEST(Postings, PositionsThatAreNotThere) {
  std::mt19937 random(7);
  for (const uint32_t count : {1U, 400U}) {
    Files files;
    const TermMeta meta = files.write(random_term(count, 20, 2, false, random));
    auto cursor = files.open(meta, true, 100000);
    ASSERT_TRUE(cursor.next_block());
    EXPECT_EQ(code_of([&] { cursor.positions(0); }), ErrorCode::kCorrupt);
  }
}

TEST(Postings, HostileMetas) {
  std::mt19937 random(8);
  Files files;
  for (const uint32_t count : {1U, 100U, 1000U}) {
    const Term term = random_term(count, 20, 4, true, random);
    const DocId max_doc = term.docs.back() + 1;
    const TermMeta good = files.write(term);
    const std::vector<uint64_t> values = {
        0, 1, 2, 127, 128, 129, 1 << 20, UINT32_MAX, uint64_t{1} << 40, UINT64_MAX - 3, UINT64_MAX};
    for (const uint64_t value : values) {
      for (int member = 0; member < 5; ++member) {
        TermMeta meta = good;
        if (member == 0) meta.doc_freq = static_cast<uint32_t>(value);
        if (member == 1) meta.postings_offset = value;
        if (member == 2) meta.postings_bytes = value;
        if (member == 3) meta.positions_offset = value;
        if (member == 4) meta.positions_bytes = value;
        for (const bool freqs : {true, false}) {
          try {
            read_all(files.open(meta, freqs, max_doc), freqs, true, max_doc);
          } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
          }
        }
      }
    }
  }
}

class Damage : public ::testing::TestWithParam<uint32_t> {};

TEST_P(Damage, NeverLeavesTheTerm) {
  std::mt19937 random(9);
  for (const uint32_t gap : {3U, 1U << 20}) {
    Files files;
    const uint32_t count = gap == 3 ? GetParam() : std::min(GetParam(), 1000U);
    const Term term = random_term(count, gap, 4, true, random);
    const DocId max_doc = term.docs.back() + 1;
    const TermMeta meta = files.write(term);
    const auto read = [&] {
      auto cursor = files.open(meta, true, max_doc);
      std::vector<uint32_t> all;
      for (uint32_t b = 0; b < cursor.block_count(); ++b)
        EXPECT_LT(cursor.block_last_doc(b), max_doc);
      if (cursor.impact_freqs() != nullptr) {
        const size_t pairs = size_t{kImpacts} * cursor.block_count();
        all.insert(all.end(), cursor.impact_freqs(), cursor.impact_freqs() + pairs);
        all.insert(all.end(), cursor.impact_norms(), cursor.impact_norms() + pairs);
      }
      for (DocId target = 0; target < max_doc; target += 1 + max_doc / 50) {
        if (!cursor.seek(target)) continue;
        EXPECT_GE(cursor.last_doc(), target);
        EXPECT_LT(cursor.last_doc(), max_doc);
      }
      const Term got = read_all(files.open(meta, true, max_doc), true, true, max_doc);
      for (const auto* v : {&got.docs, &got.freqs, &got.positions})
        all.insert(all.end(), v->begin(), v->end());
      return all;
    };
    check_damage(files.postings, 400, read);
    check_damage(files.positions, 200, read);
  }
}

INSTANTIATE_TEST_SUITE_P(Counts, Damage, ::testing::Values(1, 2, 100, 128, 129, 3000));

}  // namespace
}  // namespace diagon::postings
