#include "tests/system/fixture.hpp"

#include "definitions/json.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>

namespace quaero::test {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

namespace {

// Between two questions whether something has happened.
constexpr milliseconds pace{5};

std::string read_text(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

value parsed(const std::string& text) {
  value out;
  std::string error;
  json_limits limits;
  limits.bytes_max = 64 * 1024 * 1024;
  BOOST_REQUIRE_MESSAGE(parse_json(text, out, error, limits),
                        error << ": " << text);
  return out;
}

bool is_over(const std::string& status) {
  return status != "pending" && status != "running";
}

std::string step_log(const std::string& step) {
  return "/api/jobs/" + step
         + "/logs/aggregated?level=all&order=asc&limit=5000";
}

} // namespace

std::string text_of(const value& x, const std::string& name) {
  return x.get_string(name).value_or("");
}

int64_t int_of(const value& x, const std::string& name) {
  return x.get_int(name).value_or(-1);
}

const value::array& items_of(const value& x, const std::string& name) {
  static const value::array none;
  const auto* found = x.find(name);
  return found != nullptr && found->is_array() ? found->as_array() : none;
}

value json_of(const ended& x) {
  return parsed(x.out);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string source_path(const std::string& name) {
  return QUAERO_SOURCE_DIR "/" + name;
}

std::string program_path(const std::string& name) {
  return QUAERO_BIN_DIR "/" + name;
}

// -- the daemon ---------------------------------------------------------------

system_fixture::system_fixture() {
  folder_ = (fs::temp_directory_path() / "quaero_system_XXXXXX").string();
  if (::mkdtemp(folder_.data()) == nullptr)
    throw std::runtime_error("no temporary folder");
}

system_fixture::~system_fixture() {
  daemon_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

strings system_fixture::daemon_words(const std::string& limits,
                                     const strings& flags) const {
  strings words;
  if (!limits.empty())
    words = {"/bin/sh", "-c", limits + R"(; exec "$@")", "sh"};
  words.insert(words.end(), {program_path("quaerod"), "--data-dir", data_dir(),
                             "--listen", "127.0.0.1:0"});
  words.insert(words.end(), flags.begin(), flags.end());
  return words;
}

void system_fixture::start(const strings& flags, const environment& more) {
  start_words(daemon_words({}, flags), more);
}

void system_fixture::start_under(const std::string& limits,
                                 const strings& flags) {
  start_words(daemon_words(limits, flags), {});
}

void system_fixture::start_words(strings words, const environment& more) {
  daemon_ = std::make_unique<process>(std::move(words), more);
  if (!daemon_->wait_for_err("daemon.ready", patience))
    throw std::runtime_error("the daemon is not ready: " + daemon_->err());
}

ended system_fixture::start_in_vain(const strings& flags,
                                    const environment& more) {
  return run_program(daemon_words({}, flags), patience, more);
}

ended system_fixture::start_in_vain_under(const std::string& limits,
                                          const strings& flags) {
  return run_program(daemon_words(limits, flags), patience);
}

int system_fixture::stop(int number) {
  daemon_->signal(number);
  auto exit = daemon_->wait(patience);
  BOOST_REQUIRE_MESSAGE(exit, "the daemon does not stop: " + daemon_->err());
  return *exit;
}

void system_fixture::kill() {
  BOOST_REQUIRE_EQUAL(stop(SIGKILL), 128 + SIGKILL);
}

std::string system_fixture::endpoint() const {
  return read_text(data_dir() + "/endpoint");
}

std::string system_fixture::url() const {
  auto text = endpoint();
  return text.substr(0, text.find('\n'));
}

uint16_t system_fixture::port() const {
  auto text = url();
  auto colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size())
    throw std::runtime_error("no endpoint");
  return static_cast<uint16_t>(std::stoul(text.substr(colon + 1)));
}

size_t system_fixture::peak_memory_mib() const {
  auto text = read_text("/proc/" + std::to_string(daemon_->pid()) + "/status");
  auto at = text.find("VmHWM:");
  return at == std::string::npos ? 0 : std::stoul(text.substr(at + 6)) / 1024;
}

// -- the command line ---------------------------------------------------------

strings system_fixture::cli_words(const strings& arguments) const {
  strings words{program_path("quaero")};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.insert(words.end(), {"--data-dir", data_dir()});
  return words;
}

ended system_fixture::cli(const strings& arguments,
                          const environment& more) const {
  return run_program(cli_words(arguments), patience, more);
}

ended system_fixture::cli_reading(const std::string& text,
                                  const strings& arguments) const {
  strings words{"/bin/sh", "-c", R"(from=$1; shift; exec "$@" < "$from")", "sh",
                write("input", text)};
  auto program = cli_words(arguments);
  words.insert(words.end(), program.begin(), program.end());
  return run_program(std::move(words), patience);
}

// -- the API ------------------------------------------------------------------

value system_fixture::get(const std::string& target) const {
  auto reply = http_client{port()}.get(target);
  BOOST_REQUIRE_MESSAGE(reply.status == 200,
                        target << ": " << reply.status << ' ' << reply.body);
  return parsed(reply.body);
}

int64_t system_fixture::number(const std::string& target,
                               const std::string& name) const {
  return int_of(get(target), name);
}

std::vector<value> system_fixture::all(const std::string& target,
                                       const std::string& name) const {
  const auto mark = contains(target, "?") ? "&" : "?";
  std::vector<value> out;
  for (;;) {
    auto page
      = get(target + mark + "limit=500&offset=" + std::to_string(out.size()));
    const auto& items = items_of(page, name);
    out.insert(out.end(), items.begin(), items.end());
    if (items.empty() || int64_t(out.size()) >= int_of(page, "total_count"))
      return out;
  }
}

std::vector<value> system_fixture::documents() const {
  return all("/api/documents", "documents");
}

// -- runs ---------------------------------------------------------------------

void system_fixture::apply(const std::string& toml) const {
  auto x = cli({"definitions", "apply", write("definition.toml", toml)});
  BOOST_REQUIRE_MESSAGE(x.exit == 0, x.err);
}

std::string system_fixture::run(const std::string& definition) const {
  auto x = cli({"run", definition});
  BOOST_REQUIRE_MESSAGE(x.exit == 0, x.err);
  return x.out.substr(0, x.out.find('\n'));
}

std::string system_fixture::run_toml(const std::string& id,
                                     const std::string& toml) const {
  apply("id = \"" + id + "\"\nname = \"" + id + "\"\n" + toml);
  return run(id);
}

void system_fixture::wait_until(const std::function<bool()>& satisfied) const {
  auto end = std::chrono::steady_clock::now() + patience;
  while (!satisfied()) {
    BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < end,
                          "takes too long: " + daemon_->err());
    BOOST_REQUIRE_MESSAGE(daemon_->runs_for(pace),
                          "the daemon is gone: " + daemon_->err());
  }
}

std::string system_fixture::wait_over(const std::string& job) const {
  std::string status;
  wait_until([&] {
    status = text_of(get("/api/jobs/" + job), "status");
    return is_over(status);
  });
  return status;
}

std::vector<value> system_fixture::leaf_jobs(const std::string& job) const {
  std::vector<value> out;
  for (const auto& step : all("/api/jobs?parent_id=" + job, "jobs"))
    for (auto& x : all("/api/jobs?parent_id=" + text_of(step, "id"), "jobs"))
      out.push_back(std::move(x));
  return out;
}

void system_fixture::check_line_numbers(const std::string& job) const {
  int64_t total = 0;
  for (const auto& step : all("/api/jobs?parent_id=" + job, "jobs")) {
    auto log = get(step_log(text_of(step, "id")));
    int64_t expected = 0;
    for (const auto& line : items_of(log, "logs"))
      BOOST_TEST_REQUIRE(int_of(line, "line_number") == ++expected);
    BOOST_TEST(int_of(log, "total_count") == expected);
    total += expected;
  }
  BOOST_TEST(total > 0);
}

void system_fixture::check_over(const std::string& job) const {
  std::map<std::string, int64_t> found;
  std::set<std::string> ids;
  for (const auto& x : leaf_jobs(job)) {
    ++found[text_of(x, "status")];
    BOOST_TEST(ids.insert(text_of(x, "id")).second);
  }
  std::map<std::string, int64_t> told;
  auto tree = get("/api/jobs/" + job + "/tree");
  int64_t steps = 0;
  for (const auto& step : items_of(tree, "steps")) {
    ++steps;
    BOOST_TEST(is_over(text_of(step, "status")));
    for (auto name : {"completed", "failed", "cancelled"})
      told[name] += int_of(*step.find("child_summary"), name);
  }
  auto stats = get("/api/jobs/stats");
  for (auto name : {"completed", "failed", "cancelled"})
    BOOST_TEST(found[name] == told[name],
               name << ": " << found[name] << " jobs, tree " << told[name]);
  BOOST_TEST(found["pending"] + found["running"] == 0);
  BOOST_TEST(int_of(stats, "pending_jobs") + int_of(stats, "running_jobs")
             == 0);
  BOOST_TEST(int_of(stats, "total_jobs") == int64_t(ids.size()) + steps + 1);
  BOOST_TEST(number("/api/jobs/queue", "total") == 0);
}

// -- files --------------------------------------------------------------------

std::string system_fixture::write(const std::string& name,
                                  const std::string& text) const {
  auto path = fs::path{folder_} / name;
  fs::create_directories(path.parent_path());
  std::ofstream{path, std::ios::binary} << text;
  return path.string();
}

} // namespace quaero::test
