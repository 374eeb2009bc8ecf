#define BOOST_TEST_MODULE command_line_test

#include "definitions/json.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

/// The command line against the daemon that it is made for.

using namespace quaero;
using namespace quaero::test;

namespace {

value json_of(const ended& x) {
  value out;
  std::string error;
  BOOST_REQUIRE_MESSAGE(parse_json(x.out, out, error), error << ": " << x.out);
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(what_only_looks_ends_well_on_a_fresh_daemon,
                        system_fixture) {
  start();
  for (const strings& words :
       {strings{"status"}, strings{"health"}, strings{"definitions", "list"},
        strings{"jobs", "list"}, strings{"jobs", "list", "--all"},
        strings{"documents", "list"}, strings{"documents", "stats"},
        strings{"documents", "tags"}, strings{"search", "word"},
        strings{"kv", "list"}, strings{"credentials", "list"},
        strings{"config", "show"}, strings{"scheduler"},
        strings{"top", "--once"}}) {
    auto x = cli(words);
    BOOST_TEST(x.exit == 0, words.front() << ": " << x.err);
    BOOST_TEST(!contains(x.out + x.err, "\x1b"), words.front());
  }
  auto top = json_of(cli({"top", "--once", "--json"}));
  BOOST_TEST(text_of(*top.find("status"), "state") == "idle");
}

// -- keys ---------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_secret_is_set_and_never_shown, system_fixture) {
  start();
  auto set = run_program({"/bin/sh", "-c",
                          "echo hunter2hunter2 | " + program_path("quaero")
                            + " kv set api_key --secret --from-stdin --server "
                            + url()},
                         patience);
  BOOST_TEST(set.exit == 0, set.err);
  BOOST_TEST(cli({"kv", "set", "region", "eu"}).exit == 0);
  BOOST_TEST(cli({"kv", "get", "region"}).out == "eu\n");
  auto all = cli({"kv", "list"}).out + cli({"kv", "get", "api_key"}).out
             + cli({"config", "show"}).out + cli({"kv", "list", "--json"}).out;
  BOOST_TEST(contains(all, "api_key"));
  BOOST_TEST(!contains(all, "hunter2"));
  BOOST_TEST(cli({"kv", "delete", "region"}).exit == 0);
  BOOST_TEST(cli({"kv", "get", "region"}).exit == 3);
}
