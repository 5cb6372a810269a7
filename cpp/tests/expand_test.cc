// Expansions over several segments, against all terms of all documents.
#include "diagon/search/expand.h"

#include <algorithm>
#include <map>

#include "tests/queries.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

std::map<std::string, uint64_t> doc_freqs(const Corpus& corpus, FieldId field) {
  std::map<std::string, uint64_t> all;
  for (const Doc& doc : corpus.docs) {
    std::set<std::string> terms;
    const auto tokens = doc.tokens.find(field);
    if (tokens == doc.tokens.end()) continue;
    for (const auto& [term, position] : tokens->second) terms.insert(term);
    for (const std::string& term : terms) ++all[term];
  }
  return all;
}

// Accepts words of "w" and digits with 1 more than the last digit modulo 3.
std::shared_ptr<const termdict::Automaton> graded() {
  std::array<uint8_t, 256> classes{};
  for (uint8_t digit = 0; digit < 10; ++digit)
    classes['0' + digit] = static_cast<uint8_t>(1 + digit % 3);
  classes['w'] = 4;
  std::vector<uint32_t> transitions(5 * 5);
  transitions[1 * 5 + 4] = 1;
  for (uint32_t state = 1; state < 5; ++state)
    for (uint32_t c = 1; c < 4; ++c) transitions[state * 5 + c] = c + 1;
  return std::make_shared<const termdict::Automaton>(classes, 5, transitions,
                                                     std::vector<uint8_t>{0, 0, 1, 2, 3}, 1);
}

TEST(Expand, TheFirstAndTheMostSimilarTerms) {
  const Corpus corpus({300, 40, 1, 90}, 5, 20);
  const auto pattern = wildcard_automaton("w*1*");
  const auto grades = graded();
  for (const FieldId field : {kBody, kTag, kCode, FieldId{77}}) {
    const std::map<std::string, uint64_t> all = doc_freqs(corpus, field);
    for (uint32_t most = 1; most < 40; most += 1 + most / 4) {
      std::vector<ExpandedTerm> expected;
      for (const auto& [term, doc_freq] : all)
        if (term[0] == 'w' && term.find('1') != std::string::npos && expected.size() < most)
          expected.push_back({term, doc_freq, 1});
      const auto same = [](const ExpandedTerm& a, const ExpandedTerm& b) {
        return a.term == b.term && a.doc_freq == b.doc_freq && a.similarity == b.similarity;
      };
      auto found = expand_first(*corpus.snapshot, field, *pattern, most, {});
      EXPECT_TRUE(std::ranges::equal(found, expected, same)) << most;

      expected.clear();
      for (const auto& [term, doc_freq] : all) {
        if (term[0] != 'w') continue;
        const auto edits = static_cast<float>((term.back() - '0') % 3);
        const float similarity =
            edits == 0 ? 1.0f : 1.0f - edits / std::min(2.0f, static_cast<float>(term.size()));
        expected.push_back({term, doc_freq, similarity});
      }
      std::ranges::stable_sort(expected, std::greater{}, &ExpandedTerm::similarity);
      expected.resize(std::min<size_t>(expected.size(), most));
      std::ranges::sort(expected, {}, &ExpandedTerm::term);
      found = expand_similar(*corpus.snapshot, field, *grades, most, 2, {});
      EXPECT_TRUE(std::ranges::equal(found, expected, same)) << most;
    }
  }
}

TEST(Expand, IsStopped) {
  const Corpus corpus({30}, 6, 0);
  const auto cancelled = std::make_shared<CancelFlag>();
  cancelled->cancel();
  const Interrupt interrupt(cancelled, Interrupt::Clock::time_point::max());
  const auto all = wildcard_automaton("*");
  EXPECT_EQ(code_of([&] { expand_first(*corpus.snapshot, kBody, *all, 5, interrupt); }),
            ErrorCode::kCancelled);
  EXPECT_EQ(code_of([&] { expand_similar(*corpus.snapshot, kBody, *all, 5, 1, interrupt); }),
            ErrorCode::kCancelled);
}

}  // namespace
}  // namespace diagon::search
