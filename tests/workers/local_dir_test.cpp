#define BOOST_TEST_MODULE local_dir
#include "actors/workers/local_dir/scan.hpp"
#include "definitions/json.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace quaero::local_dir {

namespace {

namespace fs = std::filesystem;
using strings = std::vector<std::string>;

struct fixture {
  fixture() {
    auto pattern = (fs::temp_directory_path() / "quaero-scan-XXXXXX").string();
    root = mkdtemp(pattern.data());
    config.dir_path = root.string();
  }

  ~fixture() {
    std::error_code ec;
    fs::permissions(root / "closed", fs::perms::owner_all, ec);
    fs::remove_all(root, ec);
  }

  void write(const std::string& path, const std::string& text = "text") {
    fs::create_directories((root / path).parent_path());
    std::ofstream{root / path, std::ios::binary} << text;
  }

  strings paths() {
    strings result;
    for (auto& x : scan(config).files)
      result.push_back(x.path);
    return result;
  }

  fs::path root;
  scan_config config;
};

std::string only_error(value x) {
  auto result = parse_scan_config(x);
  BOOST_TEST(result.errors.size() == 1u);
  return result.errors.empty() ? "" : result.errors.front();
}

value with(const std::string& key, value x) {
  return value::make_object({{"dir_path", "/x"}, {key, std::move(x)}});
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(scans, fixture)

BOOST_AUTO_TEST_CASE(a_config_has_defaults_and_aliases) {
  auto result = parse_scan_config(value::make_object(
    {{"path", "/x"},
     {"include_extensions", value::make_array({"CPP", ".h"})}}));
  BOOST_TEST(result.ok());
  BOOST_TEST(result.config.dir_path == "/x");
  BOOST_TEST(result.config.extensions == (strings{".cpp", ".h"}));
  BOOST_TEST(result.config.max_files == 10'000);
  BOOST_TEST(result.config.max_file_size == 1'048'576);
  auto& list = default_extensions();
  for (std::string x : {".c", ".h", ".cc", ".cpp", ".hpp", ".cmake", ".md"})
    BOOST_TEST((std::find(list.begin(), list.end(), x) != list.end()));
}

BOOST_AUTO_TEST_CASE(config_errors_name_the_rule) {
  scan_limits limits;
  BOOST_TEST(only_error(value::make_object()) == "dir_path is required");
  BOOST_TEST(only_error(value::make_object({{"path", 3}}))
             == "path must be a string");
  BOOST_TEST(only_error(with("max_files", 0))
             == "max_files must be an integer from 1 to 1000000");
  for (auto& [key, most] : std::vector<std::pair<std::string, int64_t>>{
         {"max_files", limits.max_files},
         {"max_file_size", limits.max_file_size},
         {"batch_size", limits.batch_size}}) {
    BOOST_TEST(parse_scan_config(with(key, most)).ok());
    only_error(with(key, most + 1));
  }
  BOOST_TEST(only_error(with("tags", 3)) == "tags must be a list of strings");
}

BOOST_AUTO_TEST_CASE(files_come_in_the_order_of_their_paths) {
  for (std::string x : {"b.md", "a/z.md", "a/b/c.md", "a.md", "c/a.md"})
    write(x);
  BOOST_TEST(paths()
             == (strings{"a.md", "a/b/c.md", "a/z.md", "b.md", "c/a.md"}));
  config.dir_path += '/';
  auto result = scan(config);
  BOOST_TEST(result.base_path == root.string());
  BOOST_TEST(result.files[1].folder == "a/b");
  BOOST_TEST(result.files[1].extension == ".md");
  BOOST_TEST(result.files[1].absolute_path == (root / "a/b/c.md").string());
  BOOST_TEST(result.files[1].file_size == 4u);
  BOOST_TEST(result.files[1].file_type == "markup:markdown");
}

BOOST_AUTO_TEST_CASE(what_is_left_out_is_counted) {
  write("a.md");
  write("b.exe");
  write("big.md", std::string(2000, 'x'));
  write("binary.md", std::string("a\0b", 3));
  write("node_modules/x/y.md");
  write("sub/.git/config.md");
  write("no-build/x.md");
  config.max_file_size = 1999;
  auto result = scan(config);
  BOOST_TEST(result.files.size() == 2u);
  BOOST_TEST(result.total_files_scanned == 5u);
  BOOST_TEST(result.excluded_by_extension == 1u);
  BOOST_TEST(result.excluded_by_size == 1u);
  BOOST_TEST(result.excluded_by_binary == 1u);
  BOOST_TEST(result.excluded_by_path == 2u);
  BOOST_TEST(!result.truncated);
}

BOOST_AUTO_TEST_CASE(a_zero_byte_counts_within_binary_probe_bytes) {
  auto text = std::string(binary_probe_bytes - 1, 'x');
  write("inside.md", text + '\0');
  write("beyond.md", text + 'x' + '\0');
  BOOST_TEST(paths() == (strings{"beyond.md"}));
}

BOOST_AUTO_TEST_CASE(patterns_without_a_slash_match_anywhere) {
  write("src/generated.c");
  write("src/main.c");
  config.exclude_paths = {"gener"};
  BOOST_TEST(paths() == (strings{"src/main.c"}));
}

BOOST_AUTO_TEST_CASE(extensions_are_endings_in_any_case) {
  write("A.MD");
  write("x.env.example");
  write("plain");
  BOOST_TEST(paths() == (strings{"A.MD", "x.env.example"}));
  config.extensions = {"*"};
  BOOST_TEST(paths().size() == 3u);
}

BOOST_AUTO_TEST_CASE(no_more_than_max_files_are_taken) {
  for (int i = 0; i < 5; ++i)
    write(std::to_string(i) + ".md");
  config.max_files = 3;
  auto result = scan(config);
  BOOST_TEST(result.files.size() == 3u);
  BOOST_TEST(result.truncated);
  config.max_files = 5;
  BOOST_TEST(!scan(config).truncated);
}

BOOST_AUTO_TEST_CASE(links_are_not_followed) {
  write("a/x.md");
  fs::create_directory_symlink(root, root / "a/loop");
  fs::create_symlink(root / "a/x.md", root / "link.md");
  auto result = scan(config);
  BOOST_TEST(result.files.size() == 1u);
  BOOST_TEST(result.links_skipped == 2u);
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_read_is_counted) {
  write("closed/x.md");
  write("open.md");
  fs::permissions(root / "closed", fs::perms::none);
  auto result = scan(config);
  if (geteuid() != 0) // nothing is closed to root
    BOOST_TEST(result.unreadable == 1u);
  BOOST_TEST(result.ok());
}

BOOST_AUTO_TEST_CASE(names_that_are_not_utf8_are_counted) {
  write("bad\xFF.md");
  BOOST_TEST(scan(config).excluded_by_name == 1u);
}

BOOST_AUTO_TEST_CASE(a_deep_tree_is_walked) {
  std::string path;
  for (int i = 0; i < 400; ++i)
    path += "d/";
  write(path + "x.md");
  BOOST_TEST(paths().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_folder_must_exist) {
  config.dir_path = (root / "none").string();
  BOOST_TEST(scan(config).error
             == "directory does not exist: " + config.dir_path);
  write("file.md");
  config.dir_path = (root / "file.md").string();
  BOOST_TEST(scan(config).error == "not a directory: " + config.dir_path);
}

BOOST_AUTO_TEST_CASE(batches_hold_every_file_once) {
  std::vector<file_entry> files(2500);
  auto batches = make_batches(files, 1000);
  BOOST_REQUIRE_EQUAL(batches.size(), 3u);
  BOOST_TEST(batches[0].size() == 1000u);
  BOOST_TEST(batches[2].size() == 500u);
  BOOST_TEST(make_batches({}, 10).empty());
  for (auto& file : files)
    file.file_size = batch_bytes_max / 2 + 1;
  BOOST_TEST(make_batches(files, 1000).size() == files.size());
}

BOOST_AUTO_TEST_CASE(an_entry_survives_a_round_trip) {
  write("a/b.cpp");
  auto entry = scan(config).files.front();
  file_entry back;
  BOOST_TEST(from_value(to_value(entry), back));
  BOOST_TEST((back == entry));
  BOOST_TEST(!from_value(value::make_object({{"path", "x"}}), back));
}

BOOST_AUTO_TEST_CASE(a_file_becomes_a_document) {
  write("a b/c.md", "caf\xC3\xA9 \xFF!");
  auto entry = scan(config).files.front();
  auto result = read_document(entry, root.string(), {"t"}, 1000);
  BOOST_TEST(result.ok());
  BOOST_TEST(result.doc.source_type == "local_dir");
  BOOST_TEST(result.doc.source_id == "a b/c.md");
  BOOST_TEST(result.doc.title == "c.md");
  BOOST_TEST(result.doc.content_markdown == "caf\xC3\xA9 \xEF\xBF\xBD!");
  BOOST_TEST(result.doc.url == "file://" + root.string() + "/a%20b/c.md");
  BOOST_TEST(result.doc.tags == (strings{"t"}));
  value metadata;
  std::string error;
  BOOST_REQUIRE(parse_json(result.doc.metadata, metadata, error));
  BOOST_TEST(metadata.get_string("file_path").value() == "a b/c.md");
  BOOST_TEST(metadata.get_int("file_size").value() == 8);
}

BOOST_AUTO_TEST_CASE(a_file_that_changed_is_an_error) {
  write("a.md", "1234");
  auto entry = scan(config).files.front();
  BOOST_TEST(read_document(entry, "", {}, 4).ok());
  BOOST_TEST(read_document(entry, "", {}, 3).error
             == "a.md is now larger than 3 bytes");
  fs::remove(root / "a.md");
  BOOST_TEST(read_document(entry, "", {}, 4).error == "cannot read a.md");
}

BOOST_AUTO_TEST_CASE(types_go_by_name) {
  BOOST_TEST(classify("x.go") == "code:go");
  BOOST_TEST(classify("X.YAML") == "config:yaml");
  BOOST_TEST(classify("CMakeLists.txt") == "build:cmake");
  BOOST_TEST(classify("README") == "text");
  BOOST_TEST(classify(".env.example") == "config:env");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace quaero::local_dir
