#define BOOST_TEST_MODULE settings_test

#include "definitions/settings.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

using namespace quaero;
using namespace std::chrono_literals;

namespace {

std::string read_text(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// Compares a generated file, or writes it when QUAERO_WRITE_DOCS is set.
void check_generated(const std::string& name, const std::string& text) {
  auto path = std::string{QUAERO_SOURCE_DIR} + "/docs/" + name;
  if (std::getenv("QUAERO_WRITE_DOCS") != nullptr)
    std::ofstream{path, std::ios::binary} << text;
  BOOST_TEST(read_text(path) == text,
             name << " is out of date; run this test with QUAERO_WRITE_DOCS=1");
}

std::string first_error(std::string_view text) {
  settings out;
  auto errors = read_settings_toml(text, "q.toml", out);
  return errors.empty() ? "" : to_string(errors.front());
}

struct temp_folder {
  temp_folder() {
    auto pattern
      = (std::filesystem::temp_directory_path() / "quaero-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~temp_folder() { std::filesystem::remove_all(path); }
  std::string path;
};

std::string name_for(const setting& row) {
  std::string name = row.name;
  if (auto i = name.find("<type>"); i != std::string::npos)
    name.replace(i, 6, "crawler");
  return name;
}

template <class T>
bool holds(const setting& row) {
  return std::holds_alternative<T* (*)(settings&)>(row.where);
}

} // namespace

BOOST_AUTO_TEST_CASE(the_defaults_are_those_of_the_table) {
  settings s;
  BOOST_TEST(s.data_dir == "./data");
  BOOST_TEST(s.listen == "127.0.0.1:8085");
  BOOST_TEST(s.durability == "group");
  BOOST_TEST(s.store.write_buffer_mib == 128u);
  BOOST_TEST(s.store.compression);
  BOOST_TEST(s.queue.length_max == 5'000'000u);
  BOOST_CHECK(s.drain_timeout == 20s);
  BOOST_CHECK(s.crawler.request_timeout == 30s);
  BOOST_TEST(s.slots_of("crawler", 7) == 7u);
}

BOOST_AUTO_TEST_CASE(every_default_obeys_its_own_rule) {
  for (const auto& row : setting_table()) {
    if (std::string_view{row.name}.find('<') != std::string_view::npos)
      continue;
    settings s;
    BOOST_TEST(apply_setting(s, row.name, row.default_text) == "", row.name);
  }
}

BOOST_AUTO_TEST_CASE(every_number_has_a_least_and_a_greatest_value) {
  for (const auto& row : setting_table()) {
    bool number
      = holds<uint64_t>(row) || holds<std::map<std::string, uint64_t>>(row);
    bool duration = holds<std::chrono::nanoseconds>(row);
    if (!number && !duration)
      continue;
    auto text
      = [&](uint64_t n) { return std::to_string(n) + (duration ? "ms" : ""); };
    settings s;
    auto name = name_for(row);
    BOOST_TEST(row.max > 0u, name);
    BOOST_TEST(apply_setting(s, name, text(row.min)) == "", name);
    BOOST_TEST(apply_setting(s, name, text(row.max)) == "", name);
    BOOST_TEST(apply_setting(s, name, text(row.max + 1)) != "", name);
    if (row.min > 0)
      BOOST_TEST(apply_setting(s, name, text(row.min - 1)) != "", name);
    for (const char* bad : {"", "-1", "1.5", "x", "99999999999999999999999"})
      BOOST_TEST(apply_setting(s, name, bad) != "", name << " = " << bad);
  }
}

BOOST_AUTO_TEST_CASE(names_flags_and_variables_are_unique) {
  std::set<std::string> seen;
  for (const auto& row : setting_table()) {
    BOOST_TEST(seen.insert(row.name).second);
    BOOST_TEST(seen.insert(flag_name(row)).second);
    BOOST_TEST(seen.insert(environment_name(row)).second);
  }
}

BOOST_AUTO_TEST_CASE(a_file_sets_values_of_every_kind) {
  settings s;
  auto errors = read_settings_toml("listen = \"[::1]:0\"\n"
                                   "drain_timeout = \"1m30s\"\n"
                                   "[store]\nblock_cache_mib = 8\n"
                                   "compression = false\n"
                                   "[workers.local_dir]\nslots = 3\n"
                                   "[log]\nformat = \"json\"\n",
                                   "q.toml", s);
  BOOST_TEST(errors.empty());
  BOOST_TEST(s.listen == "[::1]:0");
  BOOST_CHECK(s.drain_timeout == 90s);
  BOOST_TEST(s.store.block_cache_mib == 8u);
  BOOST_TEST(!s.store.compression);
  BOOST_TEST(s.slots_of("local_dir", 1) == 3u);
  BOOST_TEST(s.log.format == "json");
}

BOOST_AUTO_TEST_CASE(an_unknown_name_is_an_error_with_file_line_and_proposal) {
  BOOST_TEST(first_error("\n[store]\nblock_cash_mib = 8\n")
             == "q.toml:3: store.block_cash_mib: no such setting; did you mean "
                "store.block_cache_mib?");
  BOOST_TEST(first_error("[nothing]\nlike_this = 1\n")
             == "q.toml:1: nothing: no such setting");
  BOOST_TEST(first_error("[workers.crawler]\nslot = 1\n")
               .starts_with("q.toml:2: workers.crawler.slot: no such setting"));
}

BOOST_AUTO_TEST_CASE(a_wrong_kind_or_range_is_an_error_that_names_the_rule) {
  BOOST_TEST(first_error("data_dir = 5")
             == "q.toml:1: data_dir: must be a string");
  BOOST_TEST(first_error("[store]\ncompression = \"true\"")
             == "q.toml:2: store.compression: must be true or false");
  BOOST_TEST(
    first_error("actor_threads = -1")
    == "q.toml:1: actor_threads: must be a number of threads from 0 to 1024");
  BOOST_TEST(first_error("durability = \"never\"")
             == "q.toml:1: durability: must be one of: group, buffered, each");
  BOOST_TEST(first_error("drain_timeout = 20").find("must be a duration")
             != std::string::npos);
  BOOST_TEST(first_error("listen = \"8085\"")
             == "q.toml:1: listen: must be host:port with a port from 0 to "
                "65535");
  BOOST_TEST(first_error("[workers.crawler]\nslots = 0")
             == "q.toml:2: workers.crawler.slots: must be a number of jobs "
                "from 1 to 10000");
}

BOOST_AUTO_TEST_CASE(all_errors_of_a_file_are_reported_in_its_order) {
  settings s;
  auto errors
    = read_settings_toml("zzz = 1\nactor_threads = -1\naaa = 2\n", "q.toml", s);
  BOOST_TEST_REQUIRE(errors.size() == 3u);
  BOOST_TEST(errors[0].line == 1u);
  BOOST_TEST(errors[1].line == 2u);
  BOOST_TEST(errors[2].line == 3u);
}

BOOST_AUTO_TEST_CASE(text_that_is_no_toml_is_an_error_with_its_line) {
  BOOST_TEST(
    first_error("listen = \n").starts_with("q.toml:1: is not valid TOML: "));
}

BOOST_AUTO_TEST_CASE(flags_beat_environment_beats_file_beats_default) {
  temp_folder folder;
  auto file = folder.path + "/q.toml";
  std::ofstream{file} << "data_dir = \"f\"\ndocs_dir = \"f\"\n"
                         "variables_dir = \"f\"\n";
  setting_sources sources;
  sources.environment = {{"QUAERO_CONFIG", file},
                         {"QUAERO_DATA_DIR", "e"},
                         {"QUAERO_DOCS_DIR", "e"},
                         {"QUAERO_WORKERS_LOCAL_DIR_SLOTS", "9"},
                         {"HOME", "h"}};
  sources.flags = {{"data-dir", "a"}, {"workers-crawler-slots", "5"}};
  auto result = load_settings(sources);
  BOOST_TEST(result.ok());
  BOOST_TEST(result.value.data_dir == "a");
  BOOST_TEST(result.value.docs_dir == "e");
  BOOST_TEST(result.value.variables_dir == "f");
  BOOST_TEST(result.value.definitions_dir == "");
  BOOST_TEST(result.value.slots_of("crawler", 1) == 5u);
  BOOST_TEST(result.value.slots_of("local_dir", 1) == 9u);
}

BOOST_AUTO_TEST_CASE(a_missing_or_too_large_file_is_an_error) {
  temp_folder folder;
  setting_sources sources;
  sources.file = folder.path + "/none.toml";
  BOOST_TEST(!load_settings(sources).ok());
  sources.file = folder.path + "/big.toml";
  std::ofstream{sources.file} << std::string(settings_file_bytes_max + 1, '#');
  auto result = load_settings(sources);
  BOOST_TEST_REQUIRE(result.errors.size() == 1u);
  BOOST_TEST(result.errors[0].message == "is larger than 1048576 bytes");
}

BOOST_AUTO_TEST_CASE(a_variable_close_to_a_setting_is_a_warning) {
  setting_sources sources;
  sources.environment = {{"QUAERO_LISTN", "x"}, {"QUAERO_SERVICE_HOST", "x"}};
  auto result = load_settings(sources);
  BOOST_TEST(result.ok());
  BOOST_TEST_REQUIRE(result.warnings.size() == 1u);
  BOOST_TEST(to_string(result.warnings[0])
             == "QUAERO_LISTN: no such setting; did you mean QUAERO_LISTEN?");
}

BOOST_AUTO_TEST_CASE(bad_values_of_variables_and_flags_are_errors) {
  setting_sources sources;
  sources.environment = {{"QUAERO_LOG_LEVEL", "loud"}};
  sources.flags = {{"listen", "x"}, {"lisen", "x"}};
  auto result = load_settings(sources);
  BOOST_TEST_REQUIRE(result.errors.size() == 3u);
  BOOST_TEST(to_string(result.errors[0])
             == "QUAERO_LOG_LEVEL: log.level: must be one of: debug, info, "
                "warn, error");
  BOOST_TEST(result.errors[1].source == "--listen");
  BOOST_TEST(result.errors[2].message
             == "no such setting; did you mean --listen?");
}

BOOST_AUTO_TEST_CASE(a_command_line_gives_flags_a_file_and_switches) {
  const char* arguments[] = {"--config", "q.toml",      "--data-dir=d",
                             "--listen", "127.0.0.1:0", "--store-compression",
                             "--help"};
  auto result = parse_daemon_arguments(arguments);
  BOOST_TEST(result.errors.empty());
  BOOST_TEST(result.help);
  BOOST_TEST(!result.version);
  BOOST_TEST(result.sources.file == "q.toml");
  auto loaded = load_settings(
    {.file = {}, .environment = {}, .flags = result.sources.flags});
  BOOST_TEST(loaded.ok());
  BOOST_TEST(loaded.value.data_dir == "d");
  BOOST_TEST(loaded.value.listen == "127.0.0.1:0");
}

BOOST_AUTO_TEST_CASE(a_wrong_command_line_is_reported_whole) {
  const char* arguments[] = {"--data-dri", "x", "--listen"};
  auto result = parse_daemon_arguments(arguments);
  BOOST_TEST_REQUIRE(result.errors.size() == 3u);
  BOOST_TEST(to_string(result.errors[0])
             == "--data-dri: no such setting; did you mean --data-dir?");
  BOOST_TEST(to_string(result.errors[2]) == "--listen: needs a value");
}

BOOST_AUTO_TEST_CASE(listen_addresses_are_split) {
  std::string host;
  uint16_t port = 1;
  BOOST_TEST(split_listen("[::1]:80", host, port));
  BOOST_TEST(host == "::1");
  BOOST_TEST(port == 80);
  for (const char* bad :
       {"", ":80", "a", "a:", "a:65536", "a:-1", "::1:80", "a b:80", "a:80x"})
    BOOST_TEST(!split_listen(bad, host, port), bad);
  BOOST_TEST(host == "::1");
}

BOOST_AUTO_TEST_CASE(origins_are_split_and_there_is_no_wildcard) {
  std::vector<std::string> found;
  BOOST_TEST(split_origins(" https://a.example  http://[::1]:8080", found));
  const std::vector<std::string> expected{"https://a.example",
                                          "http://[::1]:8080"};
  BOOST_TEST(found == expected, boost::test_tools::per_element());
  for (const char* bad :
       {"*", "a.example", "https://", "https://*.example", "https://a/",
        "https://A.example", "https://a:443", "http://a:80",
        "http://a:", "ftp://a", "https://a https://b/x"})
    BOOST_TEST(!split_origins(bad, found), bad);
  BOOST_TEST(found.size() == 2u);
  settings s;
  BOOST_TEST((apply_setting(s, "http.cors_origins", "*").find("no wildcard")
              != std::string::npos));
  BOOST_TEST(apply_setting(s, "http.cors_origins", "") == "");
}

BOOST_AUTO_TEST_CASE(the_settings_page_is_generated_from_the_table) {
  check_generated("settings.md", settings_markdown());
}

BOOST_AUTO_TEST_CASE(the_example_file_is_generated_and_loads_as_the_defaults) {
  check_generated("quaero.toml.example", settings_example());
  settings s;
  s.data_dir = "other";
  auto errors = read_settings_toml(settings_example(), "example", s);
  BOOST_TEST(errors.empty());
  BOOST_TEST(s.data_dir == "./data");
}

BOOST_AUTO_TEST_CASE(the_example_file_and_the_help_list_every_setting) {
  auto example = settings_example();
  auto help = settings_help();
  for (const auto& row : setting_table()) {
    std::string name = row.name;
    auto last = name.substr(name.rfind('.') + 1) + " = ";
    BOOST_TEST(example.find(last) != std::string::npos, name);
    BOOST_TEST(help.find(flag_name(row)) != std::string::npos, name);
    BOOST_TEST(help.find(environment_name(row)) != std::string::npos, name);
  }
}
