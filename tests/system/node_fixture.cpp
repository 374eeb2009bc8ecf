#include "tests/system/node_fixture.hpp"

#include "definitions/json.hpp"

#include <boost/test/unit_test.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <unistd.h>

namespace quaero::test {

uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  auto* address = reinterpret_cast<sockaddr*>(&at);
  const bool good
    = ::bind(fd, address, size) == 0 && ::getsockname(fd, address, &size) == 0;
  ::close(fd);
  BOOST_REQUIRE(good);
  return ntohs(at.sin_port);
}

environment clock_off_by(const std::string& what) {
  auto out = clock_said_by({});
  out.back() = {"FAKETIME", what};
  return out;
}

environment clock_said_by(const std::string& file) {
  std::string library;
  for (const auto& x : std::filesystem::directory_iterator{"/usr/lib"}) {
    const auto path = x.path() / "faketime/libfaketimeMT.so.1";
    if (std::filesystem::exists(path))
      library = path;
  }
  BOOST_REQUIRE_MESSAGE(!library.empty(), "install the package faketime");
  return {{"LD_PRELOAD", library},
          {"FAKETIME_DONT_FAKE_MONOTONIC", "1"},
          {"FAKETIME_DISABLE_SHM", "1"},
          {"FAKETIME_NO_CACHE", "1"},
          {"FAKETIME_TIMESTAMP_FILE", file}};
}

size_t resident_mib(pid_t pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/statm"};
  size_t all = 0;
  size_t resident = 0;
  in >> all >> resident;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE)) >> 20;
}

node_fixture::node_fixture() : nodes_port{free_port()} {}

void node_fixture::start_hub(const strings& more, const environment& with) {
  strings flags{"--nodes-listen",  "127.0.0.1:" + std::to_string(nodes_port),
                "--queue-lease",   "3s",
                "--drain-timeout", "1s"};
  flags.insert(flags.end(), more.begin(), more.end());
  start(flags, with);
}

strings node_fixture::joining(const std::string& name,
                              const std::string& workers, uint16_t port) const {
  const auto x = cli({"nodes", "invite", name, "--workers", workers, "--json"});
  BOOST_REQUIRE_MESSAGE(x.exit == 0, x.err);
  const auto made = json_of(x);
  const auto hub
    = port == 0 ? text_of(made, "hub") : "127.0.0.1:" + std::to_string(port);
  return {"--join", hub, "--token", text_of(made, "token")};
}

strings node_fixture::folder_of(const std::string& name) const {
  return {"--data-dir", folder() + "/" + name};
}

process& node_fixture::start_node(const std::string& name,
                                  const strings& arguments,
                                  const environment& with) {
  return start_node(program_path("quaerod"), name, arguments, with);
}

process& node_fixture::start_node(const std::string& program,
                                  const std::string& name,
                                  const strings& arguments,
                                  const environment& with) {
  strings words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  for (const auto& x : folder_of(name))
    words.push_back(x);
  words.insert(words.end(), {"--drain-timeout", "5s"});
  auto& at = nodes_[name];
  at = nullptr;
  at = std::make_unique<process>(words, with);
  return *at;
}

process& node_fixture::join(const std::string& name, uint16_t port,
                            const strings& more, const environment& with) {
  auto arguments = joining(name, "noop,test_job_generator", port);
  arguments.insert(arguments.end(), more.begin(), more.end());
  auto& out = start_node(name, arguments, with);
  BOOST_REQUIRE_MESSAGE(out.wait_for_err("node.joined", patience), out.err());
  wait_state(name, "ready");
  return out;
}

int node_fixture::stop_node(const std::string& name, int number) {
  auto& x = node(name);
  x.signal(number);
  const auto exit = x.wait(patience);
  BOOST_REQUIRE_MESSAGE(exit, "a node does not stop: " + x.err());
  return *exit;
}

void node_fixture::replace_in_record(const std::string& name,
                                     const std::string& what,
                                     const std::string& by) const {
  const auto path = folder() + "/" + name + "/node/node.json";
  std::ifstream in{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto at = text.find(what);
  BOOST_REQUIRE_MESSAGE(at != text.npos, text);
  text.replace(at, what.size(), by);
  std::ofstream{path, std::ios::binary} << text;
}

value node_fixture::row(const std::string& name) const {
  const auto all = get("/api/nodes");
  for (const auto& x : items_of(all, "nodes"))
    if (text_of(x, "name") == name)
      return x;
  return {};
}

value node_fixture::hub_row() const {
  const auto all = get("/api/nodes");
  for (const auto& x : items_of(all, "nodes"))
    if (x.get_bool("hub") == true)
      return x;
  return {};
}

void node_fixture::wait_state(const std::string& name,
                              const std::string& state) const {
  wait_until([&] {
    const auto x = row(name);
    return x.is_object() && text_of(x, "state") == state;
  });
}

void node_fixture::wait_away(const std::string& name) const {
  wait_until([&] {
    const auto x = row(name);
    return x.is_object() && x.get_bool("connected") == false;
  });
}

void node_fixture::leave_work_to_nodes() const {
  const auto name = text_of(hub_row(), "name");
  const auto x = http_client{port()}.request("PUT", "/api/nodes/" + name,
                                             R"({"running_max":1})", {});
  BOOST_REQUIRE_EQUAL(x.status, 200);
}

std::string node_fixture::start_run(int jobs, int ms,
                                    const std::string& label) const {
  const auto place
    = label.empty() ? label : "job = {requires = [\"" + label + "\"]}\n";
  return run_toml("load",
                  "[step.a]\n"
                  "type = \"test_job_generator\"\n"
                  "worker_count = "
                    + std::to_string(jobs)
                    + "\nlog_count = 1\nlog_delay_ms = " + std::to_string(ms)
                    + "\nfailure_rate = 0.0\nchild_count = 0\n"
                      "recursion_depth = 0\n"
                    + place);
}

int64_t node_fixture::ended(const std::string& run) const {
  const auto tree = get("/api/jobs/" + run + "/tree");
  int64_t out = 0;
  for (const auto& step : items_of(tree, "steps"))
    if (const auto* counts = step.find("child_summary"))
      for (auto name : {"completed", "failed", "cancelled"})
        out += std::max<int64_t>(int_of(*counts, name), 0);
  return out;
}

void node_fixture::wait_ended(const std::string& run, int64_t jobs) const {
  wait_until([&] { return ended(run) >= jobs; });
}

void node_fixture::check_once(const std::string& run, int64_t jobs) const {
  BOOST_TEST(wait_over(run) == "completed");
  check_over(run);
  const auto all_jobs = leaf_jobs(run);
  BOOST_TEST(static_cast<int64_t>(all_jobs.size()) == jobs);
  for (const auto& x : all_jobs)
    BOOST_TEST(text_of(x, "status") == "completed");
}

void node_fixture::check_database() {
  BOOST_TEST(stop(SIGTERM) == 0);
  const auto x = run_program(
    {program_path("quaerod"), "verify", "--data-dir", data_dir()}, patience);
  BOOST_TEST(x.exit == 0, x.out << x.err);
}

} // namespace quaero::test
