#include "storage/codec.hpp"
#include "storage/keys.hpp"
#include "storage/table_checks.hpp"
#include "storage/tables.hpp"

#include <algorithm>

namespace quaero::storage {

namespace {

constexpr std::string_view default_detail = "full";
constexpr std::string_view empty_object = "{}";

// Which fields a document has; what is absent has its default.
enum document_field : uint64_t {
  document_title = 1 << 0,
  document_content = 1 << 1,
  document_detail = 1 << 2,
  document_metadata = 1 << 3,
  document_url = 1 << 4,
  document_tags = 1 << 5,
  document_jobs = 1 << 6,
  document_hash = 1 << 7,
  document_fields_end = 1 << 8,
};

uint64_t fields_of(const document& x) {
  uint64_t result = 0;
  auto add = [&](bool present, document_field field) {
    if (present)
      result |= field;
  };
  add(!x.title.empty(), document_title);
  add(!x.content_markdown.empty(), document_content);
  add(x.detail_level != default_detail, document_detail);
  add(x.metadata != empty_object, document_metadata);
  add(!x.url.empty(), document_url);
  add(!x.tags.empty(), document_tags);
  add(!x.jobs.empty(), document_jobs);
  add(!x.content_hash.empty(), document_hash);
  return result;
}

void encode(std::string& out, const document& x) {
  auto fields = fields_of(x);
  put_byte(out, record_version);
  put_varint(out, fields);
  put_string(out, x.source_type);
  put_string(out, x.source_id);
  put_time(out, x.created_at);
  put_time_from(out, x.created_at, x.updated_at);
  auto put_text = [&](document_field field, const std::string& text) {
    if (fields & field)
      put_string(out, text);
  };
  put_text(document_title, x.title);
  put_text(document_content, x.content_markdown);
  put_text(document_detail, x.detail_level);
  put_text(document_metadata, x.metadata);
  put_text(document_url, x.url);
  if (fields & document_tags)
    put_strings(out, x.tags);
  if (fields & document_jobs)
    put_strings(out, x.jobs);
  put_text(document_hash, x.content_hash);
}

bool decode(std::string_view val, document& x) {
  record_reader in{val};
  in.expect(record_version);
  auto fields = in.take_varint(document_fields_end - 1);
  x.source_type = in.take_string();
  x.source_id = in.take_string();
  x.created_at = in.take_time();
  x.updated_at = in.take_time_from(x.created_at);
  auto take_text = [&](document_field field, std::string& text) {
    if (fields & field)
      text = in.take_string();
  };
  take_text(document_title, x.title);
  take_text(document_content, x.content_markdown);
  take_text(document_detail, x.detail_level);
  take_text(document_metadata, x.metadata);
  take_text(document_url, x.url);
  if (fields & document_tags)
    x.tags = in.take_strings();
  if (fields & document_jobs)
    x.jobs = in.take_strings();
  take_text(document_hash, x.content_hash);
  return in.done();
}

// -- the index ----------------------------------------------------------------

// What an index key is about.
constexpr char by_nothing = 'a';
constexpr char by_tag = 'g';
constexpr char by_job = 'j';
constexpr char by_source_type = 't';

std::string to_lower(std::string_view x) {
  std::string result{x};
  for (auto& c : result) {
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

/// What the index keys about one thing start with. The length before the text
/// keeps one text from being the start of another.
std::string index_prefix(char about, std::string_view text) {
  auto result = text_key(table::document_index, {&about, 1});
  put_string(result, text);
  return result;
}

/// What an index key about a document ends with: sorts the last updated first.
std::string index_suffix(const document& x) {
  constexpr uint64_t sign = 1ull << 63;
  auto count = static_cast<uint64_t>(x.updated_at.time_since_epoch().count());
  auto descending = ~(count ^ sign);
  std::string result;
  for (int shift = 56; shift >= 0; shift -= 8)
    result.push_back(static_cast<char>(descending >> shift));
  return result + x.id;
}

constexpr size_t index_time_bytes = 8;

/// All index keys of a document, sorted, each once.
std::vector<std::string> index_keys(const document& x) {
  auto suffix = index_suffix(x);
  std::vector<std::string> result;
  auto add = [&](char about, std::string_view text) {
    result.push_back(index_prefix(about, text) + suffix);
  };
  add(by_nothing, {});
  add(by_source_type, x.source_type);
  for (auto& job : x.jobs)
    add(by_job, job);
  for (auto& tag : x.tags)
    add(by_tag, to_lower(tag));
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

std::string source_key(std::string_view source_type,
                       std::string_view source_id) {
  auto result = text_key(table::document_sources, {});
  put_string(result, source_type);
  result.append(source_id);
  return result;
}

void remove_outdated_keys(write_batch& out, const document& old,
                          const document& x,
                          const std::vector<std::string>& kept) {
  for (auto& key : index_keys(old)) {
    if (!std::binary_search(kept.begin(), kept.end(), key))
      out.remove(key);
  }
  if (old.source_type != x.source_type || old.source_id != x.source_id)
    out.remove(source_key(old.source_type, old.source_id));
}

// -- queries ------------------------------------------------------------------

/// The documents that are below several prefixes of the index. All prefixes
/// have their suffixes in the same order, so that each cursor can jump to where
/// the others are.
class index_join {
public:
  index_join(const store& db, std::vector<std::string> prefixes)
    : prefixes_{std::move(prefixes)} {
    for (auto& prefix : prefixes_) {
      cursors_.push_back(db.scan());
      cursors_.back()->seek(prefix);
    }
  }

  /// Moves to the next match.
  /// @returns false at the end.
  bool next() {
    if (started_ && at_end(0))
      return false;
    if (started_)
      cursors_[0]->next();
    started_ = true;
    // `agreed` cursors in a row are at the same suffix.
    size_t agreed = 1;
    for (size_t i = 0; agreed < cursors_.size() && !at_end(i);) {
      auto other = (i + 1) % cursors_.size();
      bool same = follow(other, suffix(i));
      agreed = same ? agreed + 1 : 1;
      i = other;
    }
    for (size_t i = 0; i < cursors_.size(); ++i) {
      if (at_end(i))
        return false;
    }
    return true;
  }

  /// Of the match. REQUIRES: next() was true.
  std::string_view key() const { return cursors_[0]->key(); }
  std::string_view suffix() const { return suffix(0); }

  status state() const {
    for (auto& at : cursors_) {
      if (auto result = at->state(); !result.ok())
        return result;
    }
    return {};
  }

private:
  bool at_end(size_t i) const {
    return !cursors_[i]->valid()
           || !cursors_[i]->key().starts_with(prefixes_[i]);
  }

  std::string_view suffix(size_t i) const {
    return cursors_[i]->key().substr(prefixes_[i].size());
  }

  /// Moves cursor `i` to `to` or the first suffix behind it.
  /// @returns whether it is there.
  bool follow(size_t i, std::string_view to) {
    cursors_[i]->seek(prefixes_[i] + std::string{to});
    return !at_end(i) && suffix(i) == to;
  }

  std::vector<std::string> prefixes_;
  std::vector<std::unique_ptr<cursor>> cursors_;
  bool started_ = false;
};

std::vector<std::string> prefixes_of(const document_query& query) {
  std::vector<std::string> result;
  if (!query.source_type.empty())
    result.push_back(index_prefix(by_source_type, query.source_type));
  if (!query.job_id.empty())
    result.push_back(index_prefix(by_job, query.job_id));
  for (auto& tag : query.tags)
    result.push_back(index_prefix(by_tag, to_lower(tag)));
  if (result.empty())
    result.push_back(index_prefix(by_nothing, {}));
  return result;
}

bool has_filter(const document_query& query) {
  return !query.source_type.empty() || !query.job_id.empty()
         || !query.tags.empty();
}

/// Finds the ids of one page. Counts all matches if `count` is set, else stops
/// behind the page.
status find_page(const store& db, const document_query& query, bool count,
                 std::vector<std::string>& ids, uint64_t& total) {
  index_join join{db, prefixes_of(query)};
  for (total = 0; count || ids.size() < query.limit; ++total) {
    if (!join.next())
      break;
    auto suffix = join.suffix();
    if (suffix.size() < index_time_bytes)
      return damaged(join.key());
    if (total >= query.offset && ids.size() < query.limit)
      ids.emplace_back(suffix.substr(index_time_bytes));
  }
  return join.state();
}

} // namespace

std::vector<std::string> document_index_keys(const document& x) {
  return index_keys(x);
}

std::string document_source_key(const document& x) {
  return source_key(x.source_type, x.source_id);
}

std::string document_of_index_key(std::string_view key) {
  if (key.size() < 2)
    return {};
  record_reader in{key.substr(2)}; // Behind the table and what it is about.
  in.take_string();
  in.take_be64(); // The time.
  auto id = in.take_rest();
  return in.failed() ? std::string{} : id;
}

void put_document(write_batch& out, const document& x, const document* old) {
  auto keys = index_keys(x);
  if (old)
    remove_outdated_keys(out, *old, x, keys);
  encode(out.begin_put(text_key(table::documents, x.id)), x);
  out.end_put();
  out.put(source_key(x.source_type, x.source_id), x.id);
  for (auto& key : keys)
    out.put(key, {});
}

void remove_document(write_batch& out, const document& x) {
  out.remove(text_key(table::documents, x.id));
  out.remove(source_key(x.source_type, x.source_id));
  for (auto& key : index_keys(x))
    out.remove(key);
}

status read_document(const store& db, std::string_view id, document& out) {
  document found;
  auto result
    = read_record(db, text_key(table::documents, id),
                  [&](std::string_view val) { return decode(val, found); });
  if (result.ok()) {
    found.id = id;
    out = std::move(found);
  }
  return result;
}

status read_document_id(const store& db, std::string_view source_type,
                        std::string_view source_id, std::string& id) {
  return db.read(source_key(source_type, source_id), id);
}

status read_documents(const store& db, const document_query& query,
                      std::vector<document>& out, uint64_t& total) {
  out.clear();
  bool filtered = has_filter(query);
  std::vector<std::string> ids;
  if (auto result = find_page(db, query, filtered, ids, total); !result.ok())
    return result;
  if (!filtered) {
    totals stored;
    if (auto result = read_totals(db, stored); !result.ok())
      return result;
    total = stored.documents;
  }
  for (auto& id : ids) {
    document found;
    auto result = read_document(db, id, found);
    if (result.code == errc::not_found)
      continue; // Removed since the index was read.
    if (!result.ok())
      return result;
    out.push_back(std::move(found));
  }
  return {};
}

// -- walks --------------------------------------------------------------------

namespace {

/// What a document is sorted by.
struct sort_entry {
  timestamp at;
  std::string id;

  auto operator<=>(const sort_entry&) const = default;
};

bool within(const document_query& query, const document& x) {
  return (query.created_after == timestamp{}
          || x.created_at > query.created_after)
         && (query.created_before == timestamp{}
             || x.created_at < query.created_before);
}

/// The text of an index key behind its table and subject, and what follows.
bool split_index_key(std::string_view key, std::string& text,
                     std::string_view& suffix) {
  constexpr size_t head = 2;
  record_reader in{key.substr(std::min(head, key.size()))};
  text = in.take_string();
  if (in.failed())
    return false;
  auto prefix = index_prefix(key[1], text);
  suffix = key.substr(std::min(prefix.size(), key.size()));
  return suffix.size() >= index_time_bytes;
}

timestamp time_of(std::string_view suffix) {
  constexpr uint64_t sign = 1ull << 63;
  uint64_t descending = 0;
  for (size_t i = 0; i < index_time_bytes; ++i)
    descending = descending << 8 | static_cast<unsigned char>(suffix[i]);
  return timestamp{
    std::chrono::nanoseconds{static_cast<int64_t>(~descending ^ sign)}};
}

status find_sorted(const store& db, const document_query& query,
                   size_t scan_max, std::vector<sort_entry>& out,
                   bool& complete) {
  index_join join{db, prefixes_of(query)};
  complete = true;
  for (size_t seen = 0; join.next(); ++seen) {
    if (seen == scan_max) {
      complete = false;
      break;
    }
    auto suffix = join.suffix();
    if (suffix.size() < index_time_bytes)
      return damaged(join.key());
    document found;
    std::string id{suffix.substr(index_time_bytes)};
    auto result = read_document(db, id, found);
    if (result.code == errc::not_found)
      continue;
    if (!result.ok())
      return result;
    if (within(query, found))
      out.push_back({query.by_creation ? found.created_at : found.updated_at,
                     std::move(id)});
  }
  return join.state();
}

} // namespace

status sort_documents(const store& db, const document_query& query,
                      size_t scan_max, std::vector<document>& out,
                      uint64_t& total, bool& complete) {
  out.clear();
  std::vector<sort_entry> found;
  auto result = find_sorted(db, query, scan_max, found, complete);
  if (!result.ok() || !complete)
    return result;
  std::sort(found.begin(), found.end());
  if (!query.ascending)
    std::reverse(found.begin(), found.end());
  total = found.size();
  for (size_t i = query.offset; i < found.size() && out.size() < query.limit;
       ++i) {
    document one;
    result = read_document(db, found[i].id, one);
    if (result.ok())
      out.push_back(std::move(one));
    else if (result.code != errc::not_found)
      return result;
  }
  return {};
}

status visit_documents(const store& db,
                       const std::function<bool(document&&, size_t)>& f) {
  status error;
  const auto prefix = index_prefix(by_nothing, {});
  auto result
    = for_each(db, prefix, [&](std::string_view key, std::string_view) {
        auto suffix = key.substr(prefix.size());
        if (suffix.size() < index_time_bytes) {
          error = damaged(key);
          return false;
        }
        const auto id = suffix.substr(index_time_bytes);
        size_t bytes = 0;
        document found;
        auto one = read_record(db, text_key(table::documents, id),
                               [&](std::string_view val) {
                                 bytes = val.size();
                                 return decode(val, found);
                               });
        if (one.code == errc::not_found)
          return true; // Removed since the walk began.
        if (!one.ok()) {
          error = one;
          return false;
        }
        found.id = id;
        return f(std::move(found), bytes);
      });
  return error.ok() ? result : error;
}

status read_document_ids(const store& db, std::string_view after, size_t limit,
                         std::vector<std::string>& out) {
  out.clear();
  const auto from = text_key(table::documents, after);
  return for_each(
    db, text_key(table::documents, {}),
    [&](std::string_view key, std::string_view) {
      if (after.empty() || key != from)
        out.emplace_back(key.substr(1));
      return out.size() < limit;
    },
    from);
}

status count_documents(const store& db, document_counts& out) {
  out = {};
  status error;
  auto result = for_each(
    db, text_key(table::document_index, {&by_source_type, 1}),
    [&](std::string_view key, std::string_view) {
      std::string text;
      std::string_view suffix;
      if (!split_index_key(key, text, suffix)) {
        error = damaged(key);
        return false;
      }
      if (out.by_source.empty() || out.by_source.back().first != text)
        out.by_source.emplace_back(std::move(text), 0);
      ++out.by_source.back().second;
      out.last_updated = std::max(out.last_updated, time_of(suffix));
      return true;
    });
  return error.ok() ? result : error;
}

status read_document_tags(const store& db, size_t limit,
                          std::vector<std::string>& out) {
  out.clear();
  const auto start = text_key(table::document_index, {&by_tag, 1});
  auto at = db.scan();
  for (at->seek(start);
       at->valid() && at->key().starts_with(start) && out.size() < limit;) {
    std::string text;
    std::string_view suffix;
    if (!split_index_key(at->key(), text, suffix))
      return damaged(at->key());
    // Over all documents that have it.
    at->seek(prefix_end(index_prefix(by_tag, text)));
    out.push_back(std::move(text));
  }
  std::sort(out.begin(), out.end());
  return at->state();
}

} // namespace quaero::storage
