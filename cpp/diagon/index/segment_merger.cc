#include "diagon/index/segment_merger.h"

#include <algorithm>
#include <map>

#include "diagon/directory/folder.h"
#include "diagon/docvalues/column_merger.h"
#include "diagon/index/reorder.h"
#include "diagon/index/term_merger.h"
#include "diagon/postings/norms.h"
#include "diagon/stored/stored_merger.h"
#include "diagon/util/bits.h"
#include "diagon/util/error.h"

namespace diagon::index {
namespace {

using directory::FileKind;
using directory::FileWriter;
using schema::ColumnKind;
using schema::Field;
using schema::PostingsKind;

// Terms between two looks at the flag.
constexpr uint64_t kPollTerms = 256;

DocOrder order_of(std::span<const LiveSegment> inputs) {
  std::vector<DocOrder::Segment> segments;
  for (const LiveSegment& input : inputs)
    segments.push_back({input.reader->max_doc(), input.live ? input.live->data() : nullptr});
  return DocOrder(segments);
}

// The fields of all inputs, ascending.
std::vector<FieldMeta> fields_of(std::span<const LiveSegment> inputs, const std::string& folder) {
  std::map<FieldId, Field> fields;
  for (const LiveSegment& input : inputs) {
    for (const FieldMeta& meta : input.reader->meta().fields) {
      const Field& field = fields.try_emplace(meta.field.id, meta.field).first->second;
      if (field.name != meta.field.name || field.postings != meta.field.postings ||
          field.norms != meta.field.norms || field.column != meta.field.column)
        throw_corrupt(folder, "two segments define the field `" + field.name + "` in two ways");
    }
  }
  std::vector<FieldMeta> metas;
  for (const auto& [id, field] : fields) {
    metas.emplace_back();
    metas.back().field = field;
  }
  return metas;
}

class SegmentMerger {
 public:
  SegmentMerger(std::string folder, uint64_t number, const directory::SegmentId& id,
                std::span<const LiveSegment> inputs, const DocOrder& order, const CancelFlag& stop)
      : folder_(std::move(folder)), number_(number), id_(id), order_(order), stop_(stop) {
    for (const LiveSegment& input : inputs) segments_.push_back(input.reader.get());
    meta_.max_doc = order.size();
    meta_.fields = fields_of(inputs, folder_);
  }

  void write() {
    FileWriter columns = create("columns", FileKind::kColumns);
    write_terms(columns);
    write_columns(columns);
    columns.finish();
    write_stored();
    write_meta(segment_file(folder_, number_, "meta"), id_, meta_);
  }

 private:
  FileWriter create(const char* extension, FileKind kind) const {
    return FileWriter(segment_file(folder_, number_, extension), kind, id_);
  }

  // The numbers of terms go to `columns` right away.
  void write_terms(FileWriter& columns) {
    FileWriter terms_file = create("terms", FileKind::kTerms);
    FileWriter postings_file = create("postings", FileKind::kPostings);
    FileWriter positions_file = create("positions", FileKind::kPositions);
    postings::PostingsWriter writer(postings_file, &positions_file);
    termdict::TermDictWriter dictionary(terms_file);
    for (FieldMeta& f : meta_.fields)
      if (f.field.postings != PostingsKind::kNone)
        write_field_terms(f, writer, dictionary, columns);
    terms_file.finish();
    postings_file.finish();
    positions_file.finish();
  }

  void write_field_terms(FieldMeta& f, postings::PostingsWriter& writer,
                         termdict::TermDictWriter& dictionary, FileWriter& columns) {
    const bool with_positions = f.field.postings == PostingsKind::kFreqsPositions;
    std::vector<uint8_t> norms;
    if (f.field.norms) {
      std::vector<uint64_t> presence;
      norms = read_norms(f.field.id, presence);
      std::vector<uint8_t> there;
      bits::for_each(presence.data(), presence.size(),
                     [&](size_t doc) { there.push_back(norms[doc]); });
      writer.set_average_length(postings::average_length(there));
    }
    std::vector<uint64_t> seen(bits::words_for(order_.size()));
    dictionary.begin_field();
    std::vector<uint32_t> term_of_doc(f.field.column == ColumnKind::kTerms ? order_.size() : 0);
    uint32_t number = 0;
    TermMerger terms(segments_, f.field.id);
    MergedPostings postings;
    for (uint64_t n = 0; terms.next(); ++n) {
      if (n % kPollTerms == 0 || terms.doc_freq() > kPollTerms) throw_if_cancelled(stop_);
      postings.read(segments_, f.field.id, with_positions, terms.parts(), order_, norms);
      if (postings.docs().empty()) continue;  // only deleted documents have it
      for (const DocId doc : postings.docs()) bits::set(seen.data(), doc);
      if (!term_of_doc.empty())
        for (const DocId doc : postings.docs()) term_of_doc[doc] = number;
      ++number;
      dictionary.add(terms.term(), writer.write(postings.docs(), postings.freqs(),
                                                postings.positions(), postings.norms()));
    }
    f.terms = dictionary.end_field(static_cast<uint32_t>(bits::count(seen.data(), seen.size())));
    if (f.field.column == ColumnKind::kTerms)
      f.column = docvalues::write_term_numbers(columns, term_of_doc);
  }

  // A byte a document, 0 where it lacks the field; and the bits of those that have it.
  std::vector<uint8_t> read_norms(FieldId field, std::vector<uint64_t>& presence) const {
    std::vector<NormsView> views;
    for (const SegmentReader* segment : segments_) views.push_back(segment->norms(field));
    std::vector<uint8_t> norms(order_.size());
    presence.assign(bits::words_for(order_.size()), 0);
    for (DocId doc = 0; doc < order_.size(); ++doc) {
      const auto [segment, old] = order_.source(doc);
      const NormsView& view = views[segment];
      if (view.norms == nullptr || !bits::test(view.presence, old)) continue;
      norms[doc] = view.norms[old];
      bits::set(presence.data(), doc);
    }
    return norms;
  }

  void write_columns(FileWriter& file) {
    std::vector<const docvalues::ColumnReader*> inputs(segments_.size());
    for (FieldMeta& f : meta_.fields) {
      throw_if_cancelled(stop_);
      if (f.field.column != ColumnKind::kNone && f.field.column != ColumnKind::kTerms) {
        for (size_t s = 0; s < segments_.size(); ++s) inputs[s] = segments_[s]->column(f.field.id);
        f.column = docvalues::merge_columns(file, f.field.column, inputs, order_, stop_);
      }
      if (f.field.norms) write_norms(file, f);
    }
  }

  void write_norms(FileWriter& file, FieldMeta& f) const {
    std::vector<uint64_t> presence;
    const std::vector<uint8_t> norms = read_norms(f.field.id, presence);
    f.norms.docs_with_field = static_cast<uint32_t>(bits::count(presence.data(), presence.size()));
    file.align(8);
    f.norms.presence_offset = file.offset();
    f.norms.presence_bytes = presence.size() * sizeof(uint64_t);
    file.append(presence.data(), presence.size() * sizeof(uint64_t));
    f.norms.norms_offset = file.offset();
    file.append(norms);
  }

  void write_stored() {
    FileWriter file = create("stored", FileKind::kStored);
    std::vector<const stored::StoredReader*> inputs;
    for (const SegmentReader* segment : segments_) inputs.push_back(&segment->stored());
    meta_.stored = stored::merge_stored(file, inputs, order_, stop_);
    file.finish();
  }

  std::string folder_;
  uint64_t number_;
  directory::SegmentId id_;
  const DocOrder& order_;
  const CancelFlag& stop_;
  std::vector<const SegmentReader*> segments_;
  SegmentMeta meta_;
};

}  // namespace

DocOrder merge_segments(const std::string& folder, uint64_t number, const directory::SegmentId& id,
                        std::span<const LiveSegment> inputs, const MergeOptions& options,
                        const CancelFlag& stop) {
  DocOrder order = order_of(inputs);
  if (options.reorder) {
    std::vector<const SegmentReader*> segments;
    for (const LiveSegment& input : inputs) segments.push_back(input.reader.get());
    reorder_by_similarity(segments, order, {}, stop);
  }
  SegmentMerger(folder, number, id, inputs, order, stop).write();
  return order;
}

void sync_segment(const std::string& folder, uint64_t number) {
  for (const char* extension : kSegmentExtensions)
    directory::sync_file(segment_file(folder, number, extension));
}

void remove_segment(const std::string& folder, uint64_t number) {
  for (const char* extension : kSegmentExtensions)
    directory::remove_file(segment_file(folder, number, extension));
}

}  // namespace diagon::index
