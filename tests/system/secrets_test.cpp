#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

/// Secrets in the real daemon: what it answers, writes and leaves on disk.

using namespace quaero;
using namespace quaero::test;

namespace {

const std::string canary = "cAnArY-0123456789";

// A crawl that fails and keeps its URL, a folder that is not there, and jobs
// that have everything in their configuration.
const std::string definition = R"(
[step.folder]
type = "local_dir"
dir_path = "/nowhere/{canary-key}"
[step.site]
type = "crawler"
start_urls = ["http://127.0.0.1:1/?k={canary-key}"]
retry_attempts = 1
user_agent = "{canary-key}"
tags = ["{canary-key}"]
[step.words]
type = "test_job_generator"
worker_count = 2
log_count = 1
log_delay_ms = 0
tags = ["{canary-key}"]
)";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Finds the canary in the files of a folder that is not compressed, except
/// where it stands in the record of its pair.
void check_folder(const std::string& folder) {
  size_t own = 0;
  for (const auto& x : std::filesystem::recursive_directory_iterator(folder)) {
    if (!x.is_regular_file())
      continue;
    const auto text = read_file(x.path());
    for (auto at = text.find(canary); at != text.npos;
         at = text.find(canary, at + 1)) {
      constexpr size_t head_max = 24; // Key, lengths, version, fields.
      const auto start = at < head_max ? 0 : at - head_max;
      const auto before = text.substr(start, at - start);
      BOOST_TEST(contains(before, "kcanary-key"), x.path().string());
      ++own;
    }
  }
  BOOST_TEST(own > 0u);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(secrets, system_fixture)

BOOST_AUTO_TEST_CASE(a_secret_is_on_disk_in_its_own_record_only) {
  start({"--store-compression=false", "--log-level", "debug"});
  http_client client{port()};
  auto made = client.request("POST", "/api/kv",
                             R"({"key":"canary-key","secret":true,"value":")"
                               + canary + R"("})");
  BOOST_TEST(made.status == 201, made.body);
  const auto job = run_toml("leaky", definition);
  wait_over(job);
  std::string said = made.body;
  for (auto part : {"", "/tree", "/children", "/logs/aggregated?level=all"})
    said += client.get("/api/jobs/" + job + part).body;
  const auto children = get("/api/jobs/" + job + "/children");
  for (const auto& step : items_of(children, "jobs"))
    for (auto part : {"", "/children", "/logs?level=all"})
      said += client.get("/api/jobs/" + text_of(step, "id") + part).body;
  for (auto target : {"/api/documents", "/api/kv", "/api/kv/canary-key",
                      "/api/config", "/api/status", "/api/job-definitions"})
    said += client.get(target).body;
  BOOST_TEST(contains(said, "{canary-key}"));
  BOOST_TEST(!contains(said, canary), said);
  BOOST_TEST(stop(SIGTERM) == 0);
  check_folder(data_dir());
}

BOOST_AUTO_TEST_CASE(the_log_and_the_command_line_have_no_secret) {
  start({"--log-level", "debug"});
  http_client client{port()};
  client.request("PUT", "/api/kv/canary-key",
                 R"({"secret":true,"value":")" + canary + R"("})");
  client.request("PUT", "/api/kv/canary-key", R"({"value":")" + canary);
  client.request("POST", "/api/auth", R"({"baseUrl":")" + canary + R"("})");
  wait_over(run_toml("leaky", definition));
  const auto line
    = read_file("/proc/" + std::to_string(daemon().pid()) + "/cmdline");
  BOOST_TEST(!contains(line, canary));
  BOOST_TEST(stop(SIGTERM) == 0);
  BOOST_TEST(!contains(daemon().err() + daemon().out(), canary));
}

BOOST_AUTO_TEST_CASE(the_folder_of_the_data_is_for_its_user_alone) {
  start();
  const auto rights = std::filesystem::status(data_dir()).permissions();
  BOOST_TEST(
    ((rights & std::filesystem::perms(077)) == std::filesystem::perms::none));
}

BOOST_AUTO_TEST_CASE(the_daemon_stops_when_it_is_asked_to) {
  start();
  http_client client{port()};
  BOOST_TEST(client.request("POST", "/api/shutdown").status == 200);
  BOOST_TEST((daemon().wait(patience) == 0));
  BOOST_TEST(endpoint() == "");
}

BOOST_AUTO_TEST_CASE(files_are_read_again_while_the_daemon_runs) {
  const auto definitions = folder() + "/definitions";
  const auto variables = folder() + "/variables";
  std::filesystem::create_directories(definitions);
  std::filesystem::create_directories(variables);
  write("variables/a.toml", "[where]\nvalue = \"/first\"\n");
  start({"--definitions-dir", definitions, "--variables-dir", variables});
  write("definitions/d.toml",
        "id = \"d\"\nname = \"D\"\n[step.s]\ntype = \"local_dir\"\n"
        "dir_path = \"{where}\"\n");
  http_client client{port()};
  auto reply = client.request("POST", "/api/job-definitions/reload");
  BOOST_TEST(contains(reply.body, "\"loaded\":1"), reply.body);
  auto said = [&] {
    const auto job = run("d");
    wait_over(job);
    return client.get("/api/jobs/" + job + "/logs/aggregated?level=all").body;
  };
  BOOST_TEST(contains(said(), "/first"));
  write("variables/a.toml", "[where]\nvalue = \"/second\"\n");
  write("variables/b.toml", "wrong");
  reply = client.request("POST", "/api/config/reload");
  BOOST_TEST(contains(reply.body, "\"success\":false"), reply.body);
  BOOST_TEST(contains(said(), "/first"));
  std::filesystem::remove(variables + "/b.toml");
  reply = client.request("POST", "/api/config/reload");
  BOOST_TEST(contains(reply.body, "\"success\":true"), reply.body);
  BOOST_TEST(contains(said(), "/second"));
}

BOOST_AUTO_TEST_SUITE_END()
