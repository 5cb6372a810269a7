#include "diagon/index/segment_meta.h"

#include <algorithm>
#include <charconv>

#include "diagon/util/bytes.h"
#include "diagon/util/error.h"

namespace diagon::index {
namespace {

using docvalues::ColumnMeta;
using docvalues::NumericMeta;

void write_numeric_meta(ByteWriter& out, const NumericMeta& m) {
  out.varint(m.count);
  out.varint(m.offset);
  out.varint(m.bytes);
}

NumericMeta read_numeric_meta(ByteReader& in) {
  NumericMeta m;
  m.count = in.varint();
  m.offset = in.varint();
  m.bytes = in.varint();
  return m;
}

void write_field(ByteWriter& out, const FieldMeta& f) {
  out.varint(f.field.id);
  out.string(f.field.name);
  out.u8(static_cast<uint8_t>(f.field.postings));
  out.u8(f.field.norms ? 1 : 0);
  out.u8(static_cast<uint8_t>(f.field.column));
  if (f.field.postings != schema::PostingsKind::kNone) {
    out.varint(f.terms.term_count);
    out.varint(f.terms.offset);
    out.varint(f.terms.bytes);
    out.varint(f.terms.sum_doc_freq);
    out.varint(f.terms.sum_total_term_freq);
    out.varint(f.terms.doc_count);
  }
  if (f.field.norms) {
    out.varint(f.norms.docs_with_field);
    out.varint(f.norms.presence_offset);
    out.varint(f.norms.presence_bytes);
    out.varint(f.norms.norms_offset);
  }
  if (f.field.column != schema::ColumnKind::kNone) {
    const ColumnMeta& c = f.column;
    out.u8(static_cast<uint8_t>((c.multi ? 1 : 0) | (c.whole_doubles ? 2 : 0)));
    out.varint(c.docs_with_value);
    out.varint(c.presence_offset);
    out.varint(c.presence_bytes);
    write_numeric_meta(out, c.starts);
    write_numeric_meta(out, c.values);
    write_numeric_meta(out, c.string_starts);
    out.varint(c.string_offset);
    out.varint(c.string_bytes);
  }
}

FieldMeta read_field(ByteReader& in, const std::string& path) {
  FieldMeta f;
  f.field.id = in.varint32();
  f.field.name = std::string(in.string());
  const uint8_t postings = in.u8();
  const uint8_t norms = in.u8();
  const uint8_t column = in.u8();
  if (postings > 2 || norms > 1 || column > 6) throw_corrupt(path, "an unknown kind of field");
  f.field.postings = static_cast<schema::PostingsKind>(postings);
  f.field.norms = norms != 0;
  f.field.column = static_cast<schema::ColumnKind>(column);
  if (postings != 0) {
    f.terms.term_count = in.varint();
    f.terms.offset = in.varint();
    f.terms.bytes = in.varint();
    f.terms.sum_doc_freq = in.varint();
    f.terms.sum_total_term_freq = in.varint();
    f.terms.doc_count = in.varint32();
  }
  if (norms != 0) {
    f.norms.docs_with_field = in.varint32();
    f.norms.presence_offset = in.varint();
    f.norms.presence_bytes = in.varint();
    f.norms.norms_offset = in.varint();
  }
  if (column != 0) {
    ColumnMeta& c = f.column;
    c.kind = f.field.column;
    const uint8_t flags = in.u8();
    c.multi = (flags & 1) != 0;
    c.whole_doubles = (flags & 2) != 0;
    c.docs_with_value = in.varint32();
    c.presence_offset = in.varint();
    c.presence_bytes = in.varint();
    c.starts = read_numeric_meta(in);
    c.values = read_numeric_meta(in);
    c.string_starts = read_numeric_meta(in);
    c.string_offset = in.varint();
    c.string_bytes = in.varint();
  }
  return f;
}

std::string segment_stem(uint64_t segment) {
  char digits[17];
  const auto end = std::to_chars(digits, digits + sizeof(digits), segment, 16).ptr;
  const std::string hex(digits, end);
  return "seg-" + std::string(hex.size() < 8 ? 8 - hex.size() : 0, '0') + hex;
}

}  // namespace

std::string segment_file(const std::string& folder, uint64_t segment, const char* extension) {
  return folder + "/" + segment_stem(segment) + "." + extension;
}

std::string live_file(const std::string& folder, uint64_t segment, uint64_t generation) {
  return folder + "/" + segment_stem(segment) + "." + std::to_string(generation) + ".live";
}

bool parse_segment_file(const std::string& name, uint64_t& segment) {
  if (!name.starts_with("seg-")) return false;
  const size_t dot = name.find('.');
  if (dot == std::string::npos || dot < 12) return false;
  const auto [end, error] = std::from_chars(name.data() + 4, name.data() + dot, segment, 16);
  return error == std::errc() && end == name.data() + dot;
}

void write_meta(const std::string& path, const directory::SegmentId& id, const SegmentMeta& meta) {
  ByteWriter out;
  out.varint(meta.max_doc);
  out.varint(meta.stored.doc_count);
  out.varint(meta.stored.block_count);
  out.varint(meta.stored.index_offset);
  out.varint(meta.stored.index_bytes);
  out.varint(meta.fields.size());
  for (const FieldMeta& f : meta.fields) write_field(out, f);
  directory::FileWriter file(path, directory::FileKind::kMeta, id);
  file.append(out.bytes());
  file.finish();
}

SegmentMeta read_meta(const std::string& path, const directory::SegmentId& id) {
  const auto file = directory::MappedFile::open(path, directory::FileKind::kMeta, &id);
  ByteReader in(file->touch(0, file->size()), file->size(), path);
  SegmentMeta meta;
  meta.max_doc = in.varint32();
  if (meta.max_doc >= kNoMoreDocs) throw_corrupt(path, "too many documents");
  meta.stored.doc_count = in.varint32();
  meta.stored.block_count = in.varint32();
  meta.stored.index_offset = in.varint();
  meta.stored.index_bytes = in.varint();
  if (meta.stored.doc_count != meta.max_doc)
    throw_corrupt(path, "stored documents differ from documents");
  const uint64_t count = in.varint();
  for (uint64_t i = 0; i < count; ++i) {
    meta.fields.push_back(read_field(in, path));
    if (i > 0 && meta.fields[i].field.id <= meta.fields[i - 1].field.id)
      throw_corrupt(path, "fields out of order");
  }
  if (in.remaining() != 0) throw_corrupt(path, "it goes on after its end");
  return meta;
}

}  // namespace diagon::index
