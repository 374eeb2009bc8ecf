#include "actors/workers/local_dir/scan.hpp"

#include "definitions/ascii.hpp"
#include "definitions/json.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace quaero::local_dir {

namespace {

namespace fs = std::filesystem;

struct known_type {
  std::string_view ending;
  std::string_view type;
};

constexpr std::array known_types = std::to_array<known_type>({
  {".bash", "script:shell"},
  {".c", "code:c"},
  {".cc", "code:cpp"},
  {".cmake", "build:cmake"},
  {".cpp", "code:cpp"},
  {".css", "style:css"},
  {".cxx", "code:cpp"},
  {".dockerfile", "build:docker"},
  {".env.example", "config:env"},
  {".go", "code:go"},
  {".graphql", "data:graphql"},
  {".h", "code:c"},
  {".hpp", "code:cpp"},
  {".html", "markup:html"},
  {".java", "code:java"},
  {".js", "code:javascript"},
  {".json", "config:json"},
  {".jsx", "code:javascript"},
  {".less", "style:less"},
  {".md", "markup:markdown"},
  {".py", "code:python"},
  {".rs", "code:rust"},
  {".scss", "style:scss"},
  {".sh", "script:shell"},
  {".sql", "data:sql"},
  {".toml", "config:toml"},
  {".ts", "code:typescript"},
  {".tsx", "code:typescript"},
  {".xml", "markup:xml"},
  {".yaml", "config:yaml"},
  {".yml", "config:yaml"},
  {".zsh", "script:shell"},
});

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// The path of a folder ends in "/" here.
bool is_excluded(std::string_view path,
                 const std::vector<std::string>& patterns) {
  return std::ranges::any_of(patterns, [path](const std::string& x) {
    if (!x.ends_with('/'))
      return path.find(x) != std::string_view::npos;
    return path.starts_with(x) || path.find('/' + x) != std::string_view::npos;
  });
}

bool has_extension(std::string_view path,
                   const std::vector<std::string>& list) {
  auto name = to_lower(name_of(path));
  return std::ranges::any_of(list, [&name](const std::string& x) {
    return x == "*" || name.ends_with(x);
  });
}

enum class probe { text, binary, unreadable };

probe probe_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::array<char, binary_probe_bytes> head;
  in.read(head.data(), head.size());
  if (!in.is_open() || in.bad())
    return probe::unreadable;
  std::string_view seen{head.data(), static_cast<size_t>(in.gcount())};
  return seen.find('\0') == std::string_view::npos ? probe::text
                                                   : probe::binary;
}

class walker {
public:
  walker(const scan_config& config, scan_result& out)
    : config_{config}, out_{out} {}

  void run(const fs::path& base) {
    base_ = base;
    open_folder({});
    while (!open_.empty() && !out_.truncated) {
      auto next = std::move(open_.back());
      open_.pop_back();
      visit(next);
    }
  }

private:
  struct item {
    std::string path; // relative; of a folder with its final "/"
    fs::file_type type;
  };

  // Puts what is in a folder on the stack so that the first comes off first.
  void open_folder(const std::string& folder) {
    std::error_code ec;
    fs::directory_iterator pos{base_ / folder, ec};
    auto first = open_.size();
    for (; !ec && pos != fs::directory_iterator{}; pos.increment(ec))
      add(folder, *pos);
    if (ec)
      ++out_.unreadable;
    std::sort(open_.begin() + static_cast<std::ptrdiff_t>(first), open_.end(),
              [](const item& a, const item& b) { return a.path > b.path; });
  }

  void add(const std::string& folder, const fs::directory_entry& entry) {
    std::error_code ec;
    auto type = entry.symlink_status(ec).type();
    auto path = folder + entry.path().filename().native();
    if (ec)
      ++out_.unreadable;
    else if (type == fs::file_type::symlink)
      ++out_.links_skipped;
    else if (!is_utf8(path))
      ++out_.excluded_by_name;
    else if (type == fs::file_type::directory)
      open_.push_back({path + '/', type});
    else if (type == fs::file_type::regular)
      open_.push_back({path, type});
  }

  void visit(const item& x) {
    bool folder = x.type == fs::file_type::directory;
    out_.total_files_scanned += folder ? 0 : 1;
    if (is_excluded(x.path, config_.exclude_paths))
      ++out_.excluded_by_path;
    else if (folder)
      open_folder(x.path);
    else if (!has_extension(x.path, config_.extensions))
      ++out_.excluded_by_extension;
    else
      take(x.path);
  }

  void take(const std::string& path) {
    auto absolute = base_ / path;
    std::error_code ec;
    auto size = fs::file_size(absolute, ec);
    if (ec) {
      ++out_.unreadable;
      return;
    }
    if (size > static_cast<uint64_t>(config_.max_file_size)) {
      ++out_.excluded_by_size;
      return;
    }
    auto found = probe_file(absolute);
    if (found == probe::unreadable)
      ++out_.unreadable;
    else if (found == probe::binary)
      ++out_.excluded_by_binary;
    else if (out_.files.size() >= static_cast<size_t>(config_.max_files))
      out_.truncated = true;
    else
      out_.files.push_back(make_entry(path, absolute.native(), size));
  }

  static file_entry make_entry(const std::string& path, std::string absolute,
                               uint64_t size) {
    auto name = name_of(path);
    auto dot = name.rfind('.');
    file_entry x;
    x.path = path;
    x.absolute_path = std::move(absolute);
    x.folder = path.substr(0, path.size() - name.size());
    if (!x.folder.empty())
      x.folder.pop_back();
    if (dot != std::string_view::npos)
      x.extension = to_lower(name.substr(dot));
    x.file_size = size;
    x.file_type = classify(name);
    return x;
  }

  const scan_config& config_;
  scan_result& out_;
  fs::path base_;
  std::vector<item> open_;
};

std::string file_url(std::string_view path) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view plain = "-._~/";
  std::string out = "file://";
  for (auto c : path) {
    auto byte = static_cast<unsigned char>(c);
    bool keep = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || plain.find(c) != std::string_view::npos;
    if (keep) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

std::string metadata_of(const file_entry& file, const std::string& base_path) {
  return to_json(value::make_object({
    {"type", "local_file"},
    {"base_path", base_path},
    {"file_path", file.path},
    {"absolute_path", file.absolute_path},
    {"folder", file.folder},
    {"extension", file.extension},
    {"file_size", file.file_size},
    {"file_type", file.file_type},
  }));
}

} // namespace

std::string classify(std::string_view file_name) {
  auto name = to_lower(file_name);
  if (name == "cmakelists.txt")
    return "build:cmake";
  for (auto& x : known_types)
    if (name.ends_with(x.ending))
      return std::string{x.type};
  return "text";
}

scan_result scan(const scan_config& config) {
  scan_result result;
  std::error_code ec;
  auto base = fs::absolute(config.dir_path, ec).lexically_normal();
  auto status = ec ? fs::file_status{} : fs::status(base, ec);
  if (!fs::exists(status)) {
    result.error = "directory does not exist: " + config.dir_path;
    return result;
  }
  if (!fs::is_directory(status)) {
    result.error = "not a directory: " + config.dir_path;
    return result;
  }
  if (!base.has_filename() && base.has_parent_path())
    base = base.parent_path(); // it was written with a "/" at the end
  result.base_path = base.native();
  walker{config, result}.run(base);
  return result;
}

std::vector<std::vector<file_entry>>
make_batches(const std::vector<file_entry>& files, size_t size) {
  std::vector<std::vector<file_entry>> result;
  uint64_t bytes = 0;
  for (const auto& file : files) {
    if (result.empty() || result.back().size() >= size
        || bytes + file.file_size > batch_bytes_max) {
      result.emplace_back();
      bytes = 0;
    }
    result.back().push_back(file);
    bytes += file.file_size;
  }
  return result;
}

value to_value(const file_entry& x) {
  return value::make_object({{"path", x.path},
                             {"absolute_path", x.absolute_path},
                             {"folder", x.folder},
                             {"extension", x.extension},
                             {"file_size", x.file_size},
                             {"file_type", x.file_type}});
}

bool from_value(const value& x, file_entry& out) {
  auto text = [&x](const char* key) { return x.get_string(key).value_or(""); };
  file_entry result{text("path"),
                    text("absolute_path"),
                    text("folder"),
                    text("extension"),
                    0,
                    text("file_type")};
  if (result.path.empty() || result.absolute_path.empty())
    return false;
  auto size = x.get_int("file_size").value_or(0);
  result.file_size = size > 0 ? static_cast<uint64_t>(size) : 0;
  out = std::move(result);
  return true;
}

read_result read_document(const file_entry& file, const std::string& base_path,
                          const std::vector<std::string>& tags,
                          uint64_t size_max) {
  read_result result;
  std::ifstream in{file.absolute_path, std::ios::binary};
  std::string text;
  std::array<char, 65536> chunk;
  while (in && text.size() <= size_max) {
    in.read(chunk.data(), chunk.size());
    text.append(chunk.data(), static_cast<size_t>(in.gcount()));
  }
  if (!in.is_open() || in.bad()) {
    result.error = "cannot read " + file.path;
    return result;
  }
  if (text.size() > size_max) {
    result.error = file.path + " is now larger than " + std::to_string(size_max)
                   + " bytes";
    return result;
  }
  auto& doc = result.doc;
  doc.source_type = "local_dir";
  doc.source_id = file.path;
  doc.title = name_of(file.path);
  doc.content_markdown = to_utf8(text);
  doc.metadata = metadata_of(file, base_path);
  doc.url = file_url(file.absolute_path);
  doc.tags = tags;
  return result;
}

} // namespace quaero::local_dir
