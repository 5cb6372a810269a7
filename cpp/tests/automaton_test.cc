// Walks over the terms that an automaton accepts, against running it over every term.
#include "diagon/termdict/automaton.h"

#include <set>

#include "tests/automata.h"
#include "tests/helpers.h"

namespace diagon::termdict {
namespace {

using diagon::testing::check_damage;
using diagon::testing::code_of;
using diagon::testing::TempFolder;
using diagon::testing::wildcard_automaton;
using directory::FileKind;
using directory::FileWriter;
using directory::MappedFile;

constexpr directory::SegmentId kId = {4};

// A dictionary of its own.
struct Dictionary {
  explicit Dictionary(const std::set<std::string>& terms) {
    FileWriter file(path(), FileKind::kTerms, kId);
    TermDictWriter writer(file);
    writer.begin_field();
    uint32_t n = 0;
    for (const std::string& term : terms) {
      ++n;
      writer.add(term, {n, n, 5, 2, 0, 0});
    }
    meta = writer.end_field(n);
    file.finish();
  }
  std::string path() const { return folder / "terms"; }
  FieldTerms open() const { return {MappedFile::open(path(), FileKind::kTerms, &kId), meta}; }
  TempFolder folder;
  FieldTermsMeta meta;
};

std::string random_word(std::mt19937& random, size_t most) {
  std::string word;
  for (size_t n = random() % most; n != 0; --n)
    word.push_back(
        "\x00\x01"
        "az\x7f\xff"[random() % 6]);
  return word;
}

std::shared_ptr<const Automaton> random_automaton(std::mt19937& random) {
  std::array<uint8_t, 256> classes{};
  const uint32_t class_count = 1 + static_cast<uint32_t>(random() % 4);
  for (uint8_t& c : classes) c = static_cast<uint8_t>(random() % class_count);
  const uint32_t states = 2 + static_cast<uint32_t>(random() % 6);
  std::vector<uint32_t> transitions(states * class_count);
  std::vector<uint8_t> accepts(states);
  for (uint32_t s = 1; s < states; ++s) {
    accepts[s] = static_cast<uint8_t>(random() % 3);
    // Dead ends, and ways that end in them, among all others.
    for (uint32_t c = 0; c < class_count; ++c)
      transitions[s * class_count + c] = static_cast<uint32_t>(random() % states);
  }
  return std::make_shared<const Automaton>(classes, class_count, std::move(transitions),
                                           std::move(accepts),
                                           static_cast<uint32_t>(random() % states));
}

uint8_t run(const Automaton& automaton, const std::string& term) {
  uint32_t state = automaton.start();
  for (const char c : term) state = automaton.next(state, static_cast<uint8_t>(c));
  return automaton.accepts(state);
}

using Found = std::vector<std::tuple<std::string, uint32_t, uint8_t>>;

// A few terms at a time, now and then.
Found walk(const FieldTerms& terms, const Automaton& automaton, uint32_t most) {
  Found found;
  AcceptedTerms at(terms, automaton);
  while (at.next(most))
    if (at.accepted() != 0) found.emplace_back(at.term(), at.meta().doc_freq, at.accepted());
  EXPECT_FALSE(at.next());
  return found;
}

TEST(AcceptedTerms, AreThoseThatTheAutomatonAccepts) {
  std::mt19937 random(1);
  for (const size_t size : {0, 1, 31, 33, 500, 3000}) {
    std::set<std::string> all;
    while (all.size() < size) {
      std::string word = random_word(random, 9);
      // Neighbours that share more than the keys of blocks tell apart.
      if (random() % 3 == 0) word = "zzzzzzzz" + word;
      if (size > 1000) word += std::to_string(random() % 1000);
      all.insert(std::move(word));
    }
    const Dictionary dictionary(all);
    const FieldTerms terms = dictionary.open();
    for (int i = 0; i < 400; ++i) {
      std::shared_ptr<const Automaton> automaton = random_automaton(random);
      if (i % 4 == 0) automaton = wildcard_automaton(random_word(random, 4) + "*");
      if (i % 4 == 1) automaton = wildcard_automaton("*" + random_word(random, 3) + "*" + "z");
      if (i % 4 == 2) automaton = wildcard_automaton("zzzzzzzz" + random_word(random, 3) + "*");
      Found expected;
      uint32_t n = 0;
      for (const std::string& term : all) {
        ++n;
        if (const uint8_t value = run(*automaton, term); value != 0)
          expected.emplace_back(term, n, value);
      }
      ASSERT_EQ(walk(terms, *automaton, i % 3 == 0 ? 1 + i % 7 : UINT32_MAX), expected);
    }
  }
}

TEST(AcceptedTerms, SkipsWhatCanNotBeAccepted) {
  std::set<std::string> all;
  for (int i = 0; i < 100'000; ++i) all.insert("a" + std::to_string(i));
  all.insert("b");
  const Dictionary dictionary(all);
  const FieldTerms terms = dictionary.open();
  const auto automaton = wildcard_automaton("a123*5");
  AcceptedTerms at(terms, *automaton);
  uint32_t looked_at = 0;
  uint32_t found = 0;
  while (at.next(1)) {
    ++looked_at;
    found += at.accepted() != 0 ? 1 : 0;
  }
  EXPECT_EQ(found, 11U);       // a1235, a123?5
  EXPECT_LT(looked_at, 130U);  // of 111 that begin so
}

TEST(AcceptedTerms, Damage) {
  std::mt19937 random(2);
  std::set<std::string> all;
  while (all.size() < 300) all.insert(random_word(random, 12));
  const Dictionary dictionary(all);
  const auto automaton = wildcard_automaton("*a*z*");
  check_damage(dictionary.path(), 500,
               [&] { return walk(dictionary.open(), *automaton, UINT32_MAX); });
}

TEST(Automaton, RefusesTablesThatDoNotFit) {
  const std::array<uint8_t, 256> classes{};
  const auto code = [&](uint32_t class_count, std::vector<uint32_t> transitions,
                        std::vector<uint8_t> accepts, uint32_t start) {
    return code_of([&] { Automaton(classes, class_count, transitions, accepts, start); });
  };
  EXPECT_NO_THROW(Automaton(classes, 1, {0, 1}, {0, 1}, 1));
  EXPECT_EQ(code(0, {}, {0, 1}, 1), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(1, {0}, {0, 1}, 1), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(1, {0, 2}, {0, 1}, 1), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(1, {0, 1}, {0, 1}, 2), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(1, {1, 1}, {0, 1}, 1), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(1, {0, 1}, {1, 1}, 1), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(1, {}, {}, 0), ErrorCode::kInvalidArgument);
  std::array<uint8_t, 256> beyond{};
  beyond[255] = 1;
  EXPECT_EQ(code_of([&] { Automaton(beyond, 1, {0, 1}, {0, 1}, 1); }), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace diagon::termdict
