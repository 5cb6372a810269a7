// Patterns over terms, and queries that stand for many of them.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "diagon/bridge/bridge.h"
#include "diagon/search/expand.h"
#include "diagon/util/error.h"
#include "src/bridge/ffi.rs.h"

namespace diagon::bridge {
namespace {

using search::QueryKind;

std::string string_of(rust::Slice<const uint8_t> bytes) {
  const uint8_t* data = bytes.data();
  return {data, data + bytes.size()};
}

template <typename T>
std::vector<T> vector_of(rust::Slice<const T> items) {
  const T* data = items.data();
  return {data, data + items.size()};
}

std::unique_ptr<QueryNode> node(QueryKind kind, uint32_t field, float boost) {
  auto query = std::make_unique<QueryNode>();
  query->rep.kind = kind;
  query->rep.field = field;
  query->rep.boost = boost;
  return query;
}

}  // namespace

std::shared_ptr<Automaton> automaton_new(rust::Slice<const uint8_t> classes, uint32_t class_count,
                                         rust::Slice<const uint32_t> transitions,
                                         rust::Slice<const uint8_t> accepts, uint32_t start) {
  const std::vector<uint8_t> class_of = vector_of(classes);
  std::array<uint8_t, 256> table;
  if (class_of.size() != table.size()) throw_invalid("an automaton needs a class for each byte");
  std::copy(class_of.begin(), class_of.end(), table.begin());
  return std::make_shared<Automaton>(Automaton{std::make_shared<const termdict::Automaton>(
      table, class_count, vector_of(transitions), vector_of(accepts), start)});
}

void expand_terms(const Snapshot& snapshot, uint32_t field, const Automaton& automaton,
                  uint32_t most, uint32_t word_chars, const Cancel& cancel, uint64_t timeout_ns,
                  rust::Vec<uint8_t>& terms, rust::Vec<uint32_t>& ends,
                  rust::Vec<uint64_t>& doc_freqs, rust::Vec<float>& similarities) {
  const Interrupt interrupt = interrupt_of(cancel, timeout_ns);
  const std::vector<search::ExpandedTerm> found =
      word_chars == 0 ? search::expand_first(*snapshot.rep, field, *automaton.rep, most, interrupt)
                      : search::expand_similar(*snapshot.rep, field, *automaton.rep, most,
                                               word_chars, interrupt);
  uint64_t end = 0;
  for (const search::ExpandedTerm& term : found) {
    end += term.term.size();
    if (end > UINT32_MAX) throw Error(ErrorCode::kTooLarge, "more than 4 GiB of terms");
    const auto* bytes = reinterpret_cast<const uint8_t*>(term.term.data());
    extend_bytes(terms, {bytes, term.term.size()});
    ends.push_back(static_cast<uint32_t>(end));
    doc_freqs.push_back(term.doc_freq);
    similarities.push_back(term.similarity);
  }
}

void query_set_doc_freq(QueryNode& query, uint64_t doc_freq) noexcept {
  query.rep.doc_freq = doc_freq;
}

std::unique_ptr<QueryNode> query_sloppy_phrase(uint32_t field, uint32_t slop, float boost) {
  auto query = node(QueryKind::kSloppyPhrase, field, boost);
  query->rep.slop = slop;
  return query;
}

void query_push_alternative(QueryNode& query, rust::Slice<const uint8_t> term) {
  if (query.rep.slots.empty()) throw_invalid("there is nothing that a term is an alternative to");
  query.rep.terms.push_back(string_of(term));
  query.rep.positions.push_back(query.rep.positions.back());
  query.rep.slots.push_back(query.rep.slots.back());
}

std::unique_ptr<QueryNode> query_multi_term(uint32_t field, const Automaton& automaton,
                                            float boost) {
  auto query = node(QueryKind::kMultiTerm, field, boost);
  query->rep.automaton = automaton.rep;
  return query;
}

}  // namespace diagon::bridge
