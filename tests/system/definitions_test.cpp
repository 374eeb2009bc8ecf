#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

/// Definitions that are wrong, given by every way that there is.

using namespace quaero;
using namespace quaero::test;

namespace {

struct wrong_definition {
  const char* what;
  std::string text;
  strings said; ///< Parts of the message.
};

const std::string head = "id = \"bad\"\nname = \"Bad\"\n";

std::string step(const std::string& name, const std::string& more = "",
                 const std::string& type = "noop") {
  return "[step." + name + "]\ntype = \"" + type + "\"\n" + more;
}

std::vector<wrong_definition> wrong_definitions() {
  return {
    {"broken TOML", head + "[step.a\n", {":3", "TOML"}},
    {"worker type", head + step("a", "", "crowler"), {":4", "step.a.type"}},
    {"cycle",
     head + step("a", "depends = \"b\"\n") + step("b", "depends = \"a\"\n"),
     {"step.", "depends"}},
    {"no steps", head, {"step"}},
    {"cron",
     head + "schedule = \"61 * * * *\"\n" + step("a"),
     {":3", "schedule"}},
    {"duplicate step", head + step("a") + step("a"), {":5", "step.a"}},
    {"wrong kind",
     head + "enabled = \"perhaps\"\n" + step("a"),
     {":3", "enabled"}},
    {"wrong kind of a list", head + "tags = 7\n" + step("a"), {":3", "tags"}},
    {"no text", head + "description = \"\xff\xfe\"\n" + step("a"), {"UTF-8"}},
    {"rate",
     head + step("a", "failure_rate = 2\n", "test_job_generator"),
     {"step.a", "failure_rate", "from 0 to 1"}},
    {"unknown key", head + step("a", "cuont = 2\n"), {"step.a", "cuont"}},
    {"no folder", head + step("a", "", "local_dir"), {"step.a", "dir_path"}},
    {"start",
     head + step("a", "start_urls = [\"ftp://x/\"]\n", "crawler"),
     {"step.a", "start_urls"}},
  };
}

// Takes ":3" for "line 3" also, as `apply` says it below the file's name.
bool says(const std::string& text, const std::string& part) {
  return contains(text, part)
         || (part[0] == ':' && contains(text, "line " + part.substr(1) + ":"));
}

void check_refused(const ended& x, const wrong_definition& wrong,
                   const std::string& file) {
  BOOST_TEST(x.exit == 1, wrong.what << ": exit " << x.exit << ' ' << x.err);
  BOOST_TEST(x.out == "", wrong.what);
  BOOST_TEST(contains(x.err, file), wrong.what << ": " << x.err);
  for (const auto& part : wrong.said)
    BOOST_TEST(says(x.err, part),
               wrong.what << " does not say '" << part << "': " << x.err);
}

void check_nothing_stored(const system_fixture& x) {
  BOOST_TEST(x.number("/api/job-definitions", "total_count") == 1);
  BOOST_TEST(x.number("/api/documents", "total_count") == 0);
  BOOST_TEST(x.number("/api/jobs/stats", "total_jobs") == 0);
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_wrong_definition_is_refused_and_not_stored,
                        system_fixture) {
  start();
  apply("id = \"good\"\nname = \"Good\"\n" + step("a"));
  for (const auto& wrong : wrong_definitions()) {
    auto file = write("wrong.toml", wrong.text);
    check_refused(cli({"definitions", "validate", file}), wrong, file);
    check_refused(cli({"definitions", "apply", file}), wrong, file);
  }
  check_nothing_stored(*this);
  BOOST_TEST(cli({"definitions", "show", "bad"}).exit == 3);
}

BOOST_FIXTURE_TEST_CASE(a_huge_definition_is_refused, system_fixture) {
  start();
  apply("id = \"good\"\nname = \"Good\"\n" + step("a"));
  auto text = head + step("a") + "# " + std::string(10 << 20, 'x') + "\n";
  auto file = write("huge.toml", text);
  for (auto verb : {"apply", "validate"}) {
    auto x = cli({"definitions", verb, file});
    BOOST_TEST(x.exit != 0);
    BOOST_TEST(contains(x.err, "1048576 bytes"), x.err);
  }
  // The daemon must not rely on the manners of the program.
  auto reply
    = http_client{port()}.request("POST", "/api/job-definitions/upload", text);
  BOOST_TEST((reply.status == 413 || reply.status == 400), reply.status);
  check_nothing_stored(*this);
}

BOOST_FIXTURE_TEST_CASE(one_wrong_file_does_not_keep_the_others_out,
                        system_fixture) {
  start();
  auto good
    = write("good.toml", "id = \"good\"\nname = \"Good\"\n" + step("a"));
  auto wrong = write("wrong.toml", head);
  auto x = cli({"definitions", "apply", wrong, good});
  BOOST_TEST(x.exit == 1);
  BOOST_TEST(x.out == "good created\n");
  BOOST_TEST(cli({"definitions", "apply", good}).out == "good updated\n");
  check_nothing_stored(*this);
}

BOOST_FIXTURE_TEST_CASE(an_unknown_definition_is_not_found, system_fixture) {
  start();
  for (const strings& words :
       {strings{"run", "nobody"}, strings{"definitions", "show", "nobody"},
        strings{"definitions", "delete", "nobody"}}) {
    auto x = cli(words);
    BOOST_TEST(x.exit == 3, x.err);
    BOOST_TEST(contains(x.err, "nobody"), x.err);
    BOOST_TEST(x.out == "");
  }
  auto x = cli({"definitions", "apply", folder() + "/none.toml"});
  BOOST_TEST(x.exit == 2);
  BOOST_TEST(contains(x.err, "none.toml"), x.err);
}

BOOST_FIXTURE_TEST_CASE(a_wrong_file_at_start_is_logged_and_left_out,
                        system_fixture) {
  write("definitions/good.toml",
        "id = \"good\"\nname = \"Good\"\n" + step("a"));
  size_t n = 0;
  const auto all_wrong = wrong_definitions();
  for (const auto& wrong : all_wrong)
    write("definitions/wrong" + std::to_string(++n) + ".toml", wrong.text);
  write("definitions/huge.toml",
        head + step("a") + "# " + std::string(10 << 20, 'x') + "\n");
  start({"--definitions-dir", folder() + "/definitions"});
  const auto log = daemon().err();
  BOOST_TEST(contains(log, "wrong1.toml:3"), log);
  for (size_t i = 1; i <= n; ++i) {
    auto at = log.find("wrong" + std::to_string(i) + ".toml");
    BOOST_TEST_REQUIRE(at != std::string::npos, all_wrong[i - 1].what);
    auto line = log.substr(at, log.find('\n', at) - at);
    for (const auto& part : all_wrong[i - 1].said)
      BOOST_TEST(says(line, part), all_wrong[i - 1].what << ": " << line);
  }
  BOOST_TEST(contains(log, "huge.toml"), log);
  check_nothing_stored(*this);
}
