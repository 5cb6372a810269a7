#include "diagon/search/sloppy_frequency.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/naive_phrase.h"

namespace diagon::search {
namespace {

using diagon::testing::NaivePhrase;

using Positions = std::vector<std::vector<uint32_t>>;

// The positions of each slot's terms in a text of words of one letter.
Positions positions_in(const std::vector<PhraseSlot>& slots, const std::string& text) {
  Positions positions(slots.size());
  for (size_t s = 0; s < slots.size(); ++s)
    for (uint32_t p = 0; p < text.size(); ++p)
      for (const std::string& term : slots[s].terms)
        if (term[0] == text[p]) positions[s].push_back(p);
  return positions;
}

float frequency(const std::vector<PhraseSlot>& slots, uint32_t slop, const std::string& text) {
  return SloppyFrequency(slots, slop).count(positions_in(slots, text), false);
}

TEST(SloppyFrequency, OfPlainPhrases) {
  const std::vector<PhraseSlot> ab = {{0, {"a"}}, {1, {"b"}}};
  EXPECT_EQ(frequency(ab, 0, "ab"), 1.0f);
  EXPECT_EQ(frequency(ab, 2, "ab"), 1.0f);
  EXPECT_EQ(frequency(ab, 1, "axb"), 0.5f);
  EXPECT_EQ(frequency(ab, 0, "axb"), 0.0f);
  EXPECT_EQ(frequency(ab, 2, "ba"), 1.0f / 3.0f);
  EXPECT_EQ(frequency(ab, 1, "ba"), 0.0f);
  EXPECT_EQ(frequency(ab, 2, "xabay"), 1.0f + 1.0f / 3.0f);
}

TEST(SloppyFrequency, OfRepeatedTerms) {
  const std::vector<PhraseSlot> aa = {{0, {"a"}}, {1, {"a"}}};
  EXPECT_EQ(frequency(aa, 3, "a"), 0.0f);
  EXPECT_EQ(frequency(aa, 3, "aa"), 1.0f);
  EXPECT_EQ(frequency(aa, 3, "axxa"), 1.0f / 3.0f);
  // A slot never takes the other one's place.
  const std::vector<PhraseSlot> aba = {{0, {"a"}}, {1, {"b"}}, {2, {"a"}}};
  EXPECT_EQ(frequency(aba, 1, "abx"), 0.0f);
  EXPECT_EQ(frequency(aba, 1, "aba"), 1.0f);
}

TEST(SloppyFrequency, IsThatOfItsNaiveTwin) {
  std::mt19937 random(3);
  const auto below = [&](size_t n) { return static_cast<uint32_t>(random() % n); };
  uint32_t matched = 0;
  for (int round = 0; round < 60'000; ++round) {
    const uint32_t letters = 2 + below(5);
    const auto letter = [&] { return std::string(1, static_cast<char>('a' + below(letters))); };
    std::vector<PhraseSlot> slots(2 + below(3));
    const bool alternatives = below(3) == 0;
    uint32_t position = below(3);
    for (PhraseSlot& slot : slots) {
      slot.position = position;
      position += 1 + below(2) * below(2);
      slot.terms = {letter()};
      if (const std::string other = letter(); alternatives && other != slot.terms[0])
        slot.terms.push_back(other);
    }
    std::string text(below(14), 'x');
    for (char& c : text)
      if (below(8) != 0) c = letter()[0];
    const Positions positions = positions_in(slots, text);
    NaivePhrase naive;
    naive.slop = 1 + below(6);
    for (size_t s = 0; s < slots.size(); ++s)
      naive.slots.push_back({slots[s].position,
                             {slots[s].terms.begin(), slots[s].terms.end()},
                             {positions[s].begin(), positions[s].end()}});
    const auto is_empty = [](const auto& of_slot) { return of_slot.empty(); };
    if (std::ranges::any_of(positions, is_empty)) continue;
    SloppyFrequency sloppy(slots, naive.slop);
    const float expected = naive.frequency();
    std::string phrase;
    for (const PhraseSlot& slot : slots) {
      phrase += " " + std::to_string(slot.position) + ":";
      for (const std::string& term : slot.terms) phrase += term;
    }
    SCOPED_TRACE(text + " in" + phrase + " slop " + std::to_string(naive.slop));
    ASSERT_EQ(sloppy.count(positions, false), expected);
    // Nothing is left behind by one document for the next one.
    ASSERT_EQ(sloppy.count(positions, true) != 0, expected != 0);
    ASSERT_EQ(sloppy.count(positions, false), expected);
    matched += expected != 0 ? 1 : 0;
  }
  EXPECT_GT(matched, 10'000U);
}

}  // namespace
}  // namespace diagon::search
