// A small index whose files are changed as the input says, with checksums made right again: it is
// checked, read and searched. Errors are kCorrupt (or kUnsupportedFormat), and name a file.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "diagon/codec/checksum.h"
#include "diagon/index/check.h"
#include "diagon/search/gather.h"
#include "diagon/search/top_docs.h"
#include "diagon/search/weight.h"
#include "fuzz_folder.h"
#include "tests/documents.h"

namespace diagon::fuzz {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace): field numbers
using Bytes = std::vector<uint8_t>;
using search::Occur;
using search::Query;
using search::QueryKind;

constexpr size_t kHeader = 64;
constexpr size_t kFooter = 24;

Bytes read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const std::string& path, const Bytes& bytes) {
  std::filesystem::remove(path);
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

// A file of that payload, with the header of another.
Bytes file_of(const Bytes& like, const Bytes& payload) {
  Bytes file(like.begin(), like.begin() + kHeader);
  file.insert(file.end(), payload.begin(), payload.end());
  Bytes table;
  for (size_t at = 0; at < payload.size(); at += directory::kChecksumBlock) {
    const size_t len = std::min<size_t>(directory::kChecksumBlock, payload.size() - at);
    const uint32_t crc = codec::crc32c(0, payload.data() + at, len);
    table.resize(table.size() + 4);
    store(table.data() + table.size() - 4, crc);
  }
  const size_t footer = table.size();
  table.insert(table.end(), like.end() - kFooter, like.end());
  store(table.data() + footer, uint64_t{payload.size()});
  store(table.data() + footer + 12, codec::crc32c(0, table.data(), footer + 12));
  file.insert(file.end(), table.begin(), table.end());
  return file;
}

// The index as it was made.
class Corpus {
 public:
  Corpus() {
    std::mt19937 random(1);
    const auto word = [&] { return "w" + std::to_string(random() % (1 + random() % 40)); };
    const auto writer = open_writer(folder_.path());
    for (int d = 0; d < 330; ++d) {
      Doc doc;
      doc.id = "id" + std::to_string(d);
      doc.source = "source " + std::to_string(d);
      std::vector<std::string> words;
      for (size_t n = random() % 30; n != 0; --n) words.push_back(word());
      doc.text(kBody, words);
      doc.text(kTitle, {word(), word()});
      doc.strings[kTitle] = {words.empty() ? "" : words[0]};
      if (d % 3 != 0) doc.keyword(kTag, word());
      if (d % 4 != 0) doc.numbers[kYear] = {random() % 100, random() % 9};
      if (d % 5 != 0) doc.numbers[kPrice] = {random()};
      doc.numbers[kFlag] = {random() % 2};
      add(*writer, {doc});
      if (d == 270) writer->refresh();
    }
    for (int d = 0; d < 330; d += 30) writer->delete_document("id" + std::to_string(d));
    writer->commit("the mapping");
    for (const std::string& name : directory::list(folder_.path()))
      if (name != index::kLockName)
        files_.push_back({name, read_file(folder_.path() + "/" + name)});
  }

  // Changes files as the input says; they are right again when the result is destroyed.
  void damage(const uint8_t* data, size_t size) {
    std::map<size_t, Bytes> changed;
    ByteReader in(data, size, folder_.path());
    try {
      while (in.remaining() != 0) {
        const size_t which = in.u8() % files_.size();
        const Bytes& good = files_[which].second;
        if (!changed.contains(which))
          changed[which] = {
              good.begin() + kHeader,
              good.begin() + kHeader + load<int64_t>(good.data() + good.size() - kFooter)};
        Bytes& payload = changed[which];
        const uint8_t how = in.u8();
        size_t at = in.fixed<uint16_t>();
        // Half of the places from the end.
        if ((how & 4) != 0) at = payload.size() - 1 - at;
        if (at >= payload.size()) continue;
        const uint8_t value = in.u8();
        switch (how & 3) {
          case 0:
            payload[at] = value;
            break;
          case 1:
            payload[at] = static_cast<uint8_t>(payload[at] ^ (1u << (value & 7)));
            break;
          case 2:
            payload.resize(at);
            break;
          default:
            payload.insert(payload.begin() + static_cast<ptrdiff_t>(at), value, value);
        }
      }
    } catch (const Error&) {  // the end of the input
    }
    for (const auto& [which, payload] : changed) {
      const auto& [name, good] = files_[which];
      write_file(folder_.path() + "/" + name, file_of(good, payload));
      changed_.push_back(which);
    }
  }
  void restore() {
    for (const size_t which : changed_)
      write_file(folder_.path() + "/" + files_[which].first, files_[which].second);
    changed_.clear();
  }
  const std::string& path() const { return folder_.path(); }

 private:
  Folder folder_;
  std::vector<std::pair<std::string, Bytes>> files_;
  std::vector<size_t> changed_;
};

std::unique_ptr<Query> make(QueryKind kind, FieldId field, std::vector<std::string> terms = {}) {
  auto query = std::make_unique<Query>();
  query->kind = kind;
  query->field = field;
  query->terms = std::move(terms);
  for (uint32_t i = 0; i < query->terms.size(); ++i) query->positions.push_back(i);
  return query;
}

void search_all(const std::shared_ptr<const index::Snapshot>& snapshot) {
  std::vector<std::unique_ptr<Query>> queries;
  queries.push_back(make(QueryKind::kTerm, kBody, {"w0"}));
  queries.push_back(make(QueryKind::kTermSet, kTag, {"w1", "w2"}));
  queries.push_back(make(QueryKind::kPhrase, kBody, {"w0", "w1"}));
  queries.push_back(make(QueryKind::kExists, kTitle));
  queries.push_back(make(QueryKind::kRangeI64, kYear));
  queries.back()->lo_i64 = 3;
  queries.back()->hi_i64 = 60;
  queries.push_back(make(QueryKind::kRangeStr, kTag));
  queries.back()->has_lo = true;
  queries.back()->lo_str = "w1";
  auto either = make(QueryKind::kBool, 0);
  either->clauses.push_back({Occur::kShould, make(QueryKind::kTerm, kBody, {"w1"})});
  either->clauses.push_back({Occur::kShould, make(QueryKind::kTerm, kBody, {"w3"})});
  queries.push_back(std::move(either));
  auto both = make(QueryKind::kBool, 0);
  both->clauses.push_back({Occur::kMust, make(QueryKind::kTerm, kBody, {"w0"})});
  both->clauses.push_back({Occur::kMust, make(QueryKind::kTerm, kBody, {"w2"})});
  queries.push_back(std::move(both));
  for (auto& query : queries) {
    const search::PreparedQuery prepared(snapshot, std::move(query), true);
    search_top(prepared, {.k = 10, .count_up_to = 5}, Interrupt());
    search_top(prepared, {.k = 10}, Interrupt());
  }
}

void gather_all(const index::Snapshot& snapshot) {
  using search::GatherType;
  constexpr std::pair<FieldId, GatherType> kColumns[] = {{kTag, GatherType::kStr},
                                                         {kTitle, GatherType::kStr},
                                                         {kYear, GatherType::kI64},
                                                         {kPrice, GatherType::kF64},
                                                         {kFlag, GatherType::kBool}};
  for (size_t s = 0; s < snapshot.size(); ++s) {
    const auto& reader = snapshot.segment(s).reader;
    std::vector<DocId> docs(std::min<DocId>(reader->max_doc(), kBatchCapacity));
    for (DocId d = 0; d < docs.size(); ++d) docs[d] = d;
    for (const auto& [field, type] : kColumns) {
      for (const bool list : {false, true}) {
        search::Gatherer gatherer(reader, field, type, list, nullptr);
        gatherer.measure(docs);
      }
    }
  }
}

// Runs it; an error must be one of damage, with the file.
template <typename Call>
void guarded(const std::string& folder, Call&& call) {
  try {
    call();
  } catch (const Error& e) {
    const bool damage =
        e.code() == ErrorCode::kCorrupt || e.code() == ErrorCode::kUnsupportedFormat;
    if (damage && std::string(e.what()).find(folder) != std::string::npos) return;
    // A field that is of another kind now is the query's fault.
    if (e.code() == ErrorCode::kInvalidArgument) return;
    std::abort();
  }
}

}  // namespace
}  // namespace diagon::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace diagon;  // NOLINT(google-build-using-namespace)
  static fuzz::Corpus corpus;
  corpus.damage(data, size);
  fuzz::guarded(corpus.path(), [&] { index::check_index(corpus.path()); });
  fuzz::guarded(corpus.path(), [&] {
    const auto snapshot = index::Snapshot::open(corpus.path());
    fuzz::guarded(corpus.path(), [&] { fuzz::search_all(snapshot); });
    fuzz::guarded(corpus.path(), [&] { fuzz::gather_all(*snapshot); });
  });
  corpus.restore();
  return 0;
}
