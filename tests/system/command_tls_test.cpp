#include "tests/support/certificate.hpp"
#include "tests/system/fixture.hpp"

#include <boost/test/unit_test.hpp>

/// The command line and a daemon that speaks TLS.

using namespace quaero;
using namespace quaero::test;

namespace {

struct tls_daemon : system_fixture {
  tls_daemon() {
    start({"--tls-certificate", own.path(), "--tls-key", own.key()});
    BOOST_REQUIRE(url().starts_with("https://127.0.0.1:"));
  }

  certificate own;
};

} // namespace

BOOST_FIXTURE_TEST_CASE(who_names_the_certificate_may_do_everything,
                        tls_daemon) {
  auto trusting = [this](strings words) {
    words.insert(words.end(), {"--ca", own.path()});
    return cli(words);
  };
  BOOST_TEST(trusting({"status"}).exit == 0);
  auto file = write("d.toml", "id = \"d\"\nname = \"d\"\n"
                              "[step.a]\ntype = \"noop\"\ncount = 3\n");
  BOOST_TEST(trusting({"definitions", "apply", file}).exit == 0);
  auto run = trusting({"run", "d", "--follow"});
  BOOST_TEST(run.exit == 0, run.err);
  auto made = trusting({"enqueue", "noop", "--follow"});
  BOOST_TEST(made.exit == 0, made.err);
  auto events = trusting({"events"}); // a stream
  BOOST_TEST(events.exit == 0, events.err);
  auto by_variable = cli({"health"}, {{"QUAERO_CA_FILE", own.path()}});
  BOOST_TEST(by_variable.exit == 0, by_variable.err);
}

BOOST_FIXTURE_TEST_CASE(a_certificate_that_nobody_named_is_not_trusted,
                        tls_daemon) {
  certificate other;
  for (const auto& x : {cli({"status"}), cli({"status", "--ca", other.path()}),
                        cli({"status", "--ca", other.path()},
                            {{"QUAERO_CA_FILE", own.path()}})}) {
    BOOST_TEST(x.exit == 4);
    BOOST_TEST(contains(x.err, "its certificate is not trusted. Name the one "
                               "to trust with --ca FILE or QUAERO_CA_FILE\n"),
               x.err);
    BOOST_TEST(x.out == "");
  }
  for (const auto& file : {folder() + "/nothing", own.key()}) {
    auto x = cli({"status", "--ca", file});
    BOOST_TEST(x.exit == 4);
    BOOST_TEST(contains(x.err, "Name another one with --ca FILE"), x.err);
  }
}

BOOST_FIXTURE_TEST_CASE(http_and_https_are_not_taken_for_each_other,
                        tls_daemon) {
  auto at = [](const std::string& address) {
    return run_program({program_path("quaero"), "status", "--server", address},
                       patience);
  };
  auto plain = at("http://127.0.0.1:" + std::to_string(port()));
  BOOST_TEST(plain.exit == 4);
  BOOST_TEST(contains(plain.err, "its address begins with https://"),
             plain.err);
  system_fixture without;
  without.start();
  auto wrong = at("https://127.0.0.1:" + std::to_string(without.port()));
  BOOST_TEST(wrong.exit == 4);
  BOOST_TEST(contains(wrong.err, "no TLS connection could be made"), wrong.err);
}
