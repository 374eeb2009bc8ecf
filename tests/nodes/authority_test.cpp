// The hub's own authority: its folder, invitations and certificates.

#include "actors/nodes/authority.hpp"
#include "actors/nodes/enrolment.hpp"
#include "actors/nodes/safe_files.hpp"
#include "definitions/error.hpp"
#include "tests/nodes/nodes_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

struct authority_fixture {
  authority_fixture() { open(); }

  void open() {
    std::string why;
    hub = authority::open(config(), why);
    BOOST_REQUIRE_MESSAGE(hub, why);
  }

  authority_config config() {
    authority_config out;
    out.folder = data.path();
    out.clock = &clock;
    return out;
  }

  std::string refusal() {
    std::string why;
    auto made = authority::open(config(), why);
    return made ? "none" : why;
  }

  std::string secret(const std::string& node) {
    auto token = hub->invite(node, {"noop"});
    BOOST_REQUIRE(token);
    return read_invitation(*token)->secret;
  }

  std::string check(const identity& x) {
    certificate_facts facts;
    BOOST_REQUIRE(read_facts(x.certificate, facts));
    return hub->check(facts.node, facts.serial);
  }

  std::string serial(const std::string& certificate) {
    certificate_facts facts;
    BOOST_REQUIRE(read_facts(certificate, facts));
    return facts.serial;
  }

  folder data;
  set_clock clock;
  std::unique_ptr<authority> hub;
  std::string key = make_key();
};

unsigned mode_of(const std::string& path) {
  struct stat facts {};
  BOOST_REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 0777;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(authorities, authority_fixture)

BOOST_AUTO_TEST_CASE(nobody_else_may_read_the_folder) {
  join(*hub, "alpha");
  BOOST_TEST(mode_of(data.path()) == 0700u);
  size_t files = 0;
  for (const auto& x : std::filesystem::directory_iterator{data.path()}) {
    ++files;
    BOOST_TEST(mode_of(x.path()) == 0600u, x.path());
  }
  BOOST_TEST(files == 5u);
}

BOOST_AUTO_TEST_CASE(certificates_say_what_they_are_for_and_nothing_more) {
  certificate_facts own;
  BOOST_REQUIRE(read_facts(hub->certificate(), own));
  BOOST_TEST((own.use == certificate_use::authority));
  BOOST_TEST(own.fingerprint == hub->fingerprint());
  certificate_facts server;
  BOOST_REQUIRE(read_facts(hub->hub().certificate, server));
  BOOST_TEST((server.use == certificate_use::hub));
  BOOST_TEST((server.hosts
              == std::vector<std::string>{"localhost", "127.0.0.1", "::1"}));
  certificate_facts node;
  BOOST_REQUIRE(read_facts(join(*hub, "alpha").certificate, node));
  BOOST_TEST((node.use == certificate_use::node));
  BOOST_TEST(node.node == "alpha");
  BOOST_TEST(node.serial.size() == 32u);
  BOOST_TEST(node.hosts.empty());
  // Within a second, which a certificate counts in.
  BOOST_TEST((node.until <= clock.now() + config().node_validity));
  BOOST_TEST((node.until > clock.now() + config().node_validity - 1s));
  BOOST_TEST((node.from <= clock.now() - config().backdate));
}

BOOST_AUTO_TEST_CASE(a_restart_knows_what_was_known) {
  const auto print = hub->fingerprint();
  const auto server = hub->hub().certificate;
  auto alpha = join(*hub, "alpha");
  auto beta = join(*hub, "beta");
  auto open_secret = secret("gamma");
  BOOST_TEST(!hub->revoke("beta"));
  BOOST_TEST(!hub->set_draining("alpha", true));
  BOOST_TEST(!!hub->set_draining("gamma", true)); // Nobody has joined.
  open();
  BOOST_TEST(hub->fingerprint() == print);
  BOOST_TEST(hub->hub().certificate == server);
  BOOST_TEST(check(alpha) == "");
  BOOST_TEST(check(beta) == "the node was revoked");
  BOOST_TEST(hub->nodes().size() == 2u);
  BOOST_TEST(hub->nodes()[0].workers.at(0) == "noop");
  BOOST_TEST(hub->nodes()[0].draining);
  BOOST_TEST(!hub->nodes()[1].draining);
  BOOST_REQUIRE_EQUAL(hub->invitations(), 1u);
  BOOST_TEST(hub->invited()[0].node == "gamma");
  // Times are written in milliseconds.
  const auto ends = clock.now() + config().invitation_validity;
  BOOST_TEST((hub->invited()[0].expires_at <= ends));
  BOOST_TEST((hub->invited()[0].expires_at > ends - 1s));
  BOOST_TEST(!!hub->redeem(open_secret, make_request(key, "gamma")));
}

BOOST_AUTO_TEST_CASE(the_hub_gets_another_certificate_when_its_names_change) {
  const auto before = hub->hub().certificate;
  auto with = config();
  with.hosts = {"hub.example", "192.0.2.7"};
  std::string why;
  hub = authority::open(with, why);
  BOOST_REQUIRE(hub);
  BOOST_TEST(hub->hub().certificate != before);
  certificate_facts facts;
  BOOST_REQUIRE(read_facts(hub->hub().certificate, facts));
  BOOST_TEST(facts.hosts.size() == 5u);
  with.hosts = {"hub,DNS:evil.example"};
  BOOST_TEST(!authority::open(with, why));
  BOOST_TEST(why.find("is no name of a host") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_hub_gets_another_certificate_before_its_own_ends) {
  const auto before = hub->hub().certificate;
  clock.move(config().hub_validity - config().renew_before - 1h);
  open();
  BOOST_TEST(hub->hub().certificate == before);
  clock.move(2h);
  open();
  BOOST_TEST(hub->hub().certificate != before);
  const auto second = hub->hub().certificate;
  BOOST_TEST(hub->renew_hub() == "");
  BOOST_TEST(hub->hub().certificate == second);
  clock.move(config().hub_validity - config().renew_before);
  BOOST_TEST(hub->renew_hub() == "");
  const auto third = hub->hub().certificate;
  BOOST_TEST(third != second);
  open();
  BOOST_TEST(hub->hub().certificate == third);
  clock.move(config().authority_validity);
  BOOST_TEST(refusal().find("has expired") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_used_are_refused_and_left_alone) {
  ::chmod(data.path("authority/authority.key").c_str(), 0640);
  BOOST_TEST(refusal().find("can be used by others") != std::string::npos);
  ::chmod(data.path("authority/authority.key").c_str(), 0600);
  BOOST_TEST(refusal() == "none");
  BOOST_TEST(write_private(data.path("authority/authority.key"), make_key())
             == "");
  BOOST_TEST(refusal().find("all nodes have to join again")
             != std::string::npos);
  BOOST_TEST(write_private(data.path("authority/nodes.json"), "{}") == "");
  BOOST_TEST(refusal() != "none");
}

BOOST_AUTO_TEST_CASE(an_invitation_lets_one_key_join_once) {
  const auto one = secret("alpha");
  auto first = hub->redeem(one, make_request(key, "alpha"));
  BOOST_REQUIRE(first);
  BOOST_TEST(belongs({first->certificate, key}));
  auto other = hub->redeem(one, make_request(make_key(), "alpha"));
  BOOST_REQUIRE(!other);
  BOOST_TEST(message_of(other.error()) == "the invitation was used already");
  // Who did not get the answer asks again, and has one certificate then.
  auto again = hub->redeem(one, make_request(key, "alpha"));
  BOOST_REQUIRE(again);
  BOOST_TEST(check({first->certificate, key})
             == "the certificate was replaced by another one");
  BOOST_TEST(check({again->certificate, key}) == "");
  BOOST_TEST(hub->invitations() == 0u);
}

BOOST_AUTO_TEST_CASE(an_invitation_ends) {
  const auto one = secret("alpha");
  clock.move(config().invitation_validity - 1s);
  BOOST_TEST(hub->invitations() == 1u);
  clock.move(1s);
  auto late = hub->redeem(one, make_request(key, "alpha"));
  BOOST_REQUIRE(!late);
  BOOST_TEST((late.error() == ec::not_found));
  BOOST_TEST(hub->nodes().empty());
}

BOOST_AUTO_TEST_CASE(a_new_invitation_takes_the_place_of_the_former) {
  const auto one = secret("alpha");
  const auto two = secret("alpha");
  BOOST_TEST(!hub->redeem(one, make_request(key, "alpha")));
  BOOST_TEST(!!hub->redeem(two, make_request(key, "alpha")));
}

BOOST_AUTO_TEST_CASE(secrets_are_not_kept) {
  auto token = hub->invite("alpha", {"noop"});
  BOOST_REQUIRE(token);
  std::ifstream in{data.path("authority/nodes.json")};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  BOOST_TEST(text.find(sha256_hex(read_invitation(*token)->secret))
             != std::string::npos);
  BOOST_TEST(text.find(*token) == std::string::npos);
  BOOST_TEST(text.find(read_invitation(*token)->secret) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_revoked_stops_counting_at_once) {
  auto alpha = join(*hub, "alpha");
  const auto open_secret = secret("alpha");
  BOOST_TEST(check(alpha) == "");
  BOOST_TEST(!hub->revoke("alpha"));
  BOOST_TEST(check(alpha) == "the node was revoked");
  BOOST_TEST(!hub->renew("alpha", serial(alpha.certificate),
                         make_request(key, "alpha")));
  BOOST_TEST(!hub->redeem(open_secret, make_request(key, "alpha")));
  BOOST_TEST((hub->revoke("nobody") == ec::not_found));
  auto back = join(*hub, "alpha");
  BOOST_TEST(check(back) == "");
  BOOST_TEST(check(alpha) == "the certificate was replaced by another one");
  BOOST_TEST(!hub->remove("alpha"));
  BOOST_TEST(check(back) == "no node alpha is known");
}

BOOST_AUTO_TEST_CASE(a_renewed_certificate_leaves_the_former_until_it_is_used) {
  auto alpha = join(*hub, "alpha");
  const auto first = serial(alpha.certificate);
  auto second = hub->renew("alpha", first, make_request(key, "alpha"));
  BOOST_REQUIRE(second);
  BOOST_TEST(hub->check("alpha", first) == "");
  // The answer was lost; asked again, the lost one does not count.
  auto third = hub->renew("alpha", first, make_request(key, "alpha"));
  BOOST_REQUIRE(third);
  BOOST_TEST(hub->check("alpha", serial(second->certificate)) != "");
  auto fourth = hub->renew("alpha", serial(third->certificate),
                           make_request(key, "alpha"));
  BOOST_REQUIRE(fourth);
  BOOST_TEST(hub->check("alpha", first) != "");
  BOOST_TEST(hub->check("alpha", serial(fourth->certificate)) == "");
}

BOOST_AUTO_TEST_CASE(limits_are_kept) {
  auto with = config();
  with.nodes_max = 2;
  with.invitations_max = 2;
  std::string why;
  hub = authority::open(with, why);
  BOOST_REQUIRE(hub);
  join(*hub, "alpha");
  const auto b = secret("beta");
  const auto c = hub->invite("gamma", {"noop"});
  BOOST_REQUIRE(!c); // One of alpha, used, and one of beta.
  BOOST_TEST((c.error() == ec::limit_reached));
  clock.move(config().invitation_validity);
  join(*hub, "beta");
  clock.move(config().invitation_validity);
  BOOST_TEST((hub->invite("gamma", {"noop"}).error() == ec::limit_reached));
  BOOST_TEST(!!hub->invite("alpha", {"noop"}));
  BOOST_TEST(!hub->invite("alpha", {}));
  BOOST_TEST(!hub->invite("alpha", std::vector<std::string>(201, "x")));
  for (const auto* name : {"", "-a", "a b", "a/b", "\xC3\xA4"})
    BOOST_TEST((hub->invite(name, {"noop"}).error() == ec::invalid_argument),
               name);
  BOOST_TEST(!hub->invite(std::string(64, 'a'), {"noop"}));
  BOOST_TEST(is_node_name(std::string(63, 'a')));
}

BOOST_AUTO_TEST_CASE(requests_that_are_none_are_refused) {
  const auto one = secret("alpha");
  auto request = make_request(key, "alpha");
  BOOST_TEST(requested_key(request).size() == 64u);
  // What is asked for is not taken over: the name is the invitation's.
  auto issued = hub->redeem(one, make_request(key, "mallory"));
  BOOST_REQUIRE(issued);
  certificate_facts facts;
  BOOST_REQUIRE(read_facts(issued->certificate, facts));
  BOOST_TEST(facts.node == "alpha");
  for (const auto& broken :
       {std::string{}, std::string{"x"}, request.substr(0, 100),
        hub->certificate(), std::string(20'000, 'x')})
    BOOST_TEST(
      (hub->redeem(secret("beta"), broken).error() == ec::invalid_argument));
  // Signed with another key than it asks for.
  auto damaged = request;
  damaged[damaged.size() - 60]
    = damaged[damaged.size() - 60] == 'A' ? 'B' : 'A';
  BOOST_TEST(requested_key(damaged) == "");
}

BOOST_AUTO_TEST_CASE(a_full_disk_changes_nothing) {
  const auto one = secret("alpha");
  // What would be written is in the way.
  std::filesystem::create_directory(data.path("authority/nodes.json.new"));
  std::filesystem::create_directory(data.path("authority/nodes.json.new/x"));
  auto failed = hub->redeem(one, make_request(key, "alpha"));
  BOOST_REQUIRE(!failed);
  BOOST_TEST((failed.error() == ec::storage_failed));
  BOOST_TEST(hub->nodes().empty());
  std::filesystem::remove_all(data.path("authority/nodes.json.new"));
  BOOST_TEST(!!hub->redeem(one, make_request(key, "alpha")));
}

BOOST_AUTO_TEST_CASE(an_invitation_is_one_text) {
  const invitation x{"alpha", std::string(32, 'a'), std::string(32, '\xFF')};
  const auto text = to_string(x);
  BOOST_TEST(text.starts_with("qn1."));
  BOOST_TEST((read_invitation(text) == x));
  BOOST_TEST(text.find_first_of("+/= \n") == std::string::npos);
  for (size_t i = 0; i < text.size(); ++i)
    BOOST_TEST((read_invitation(text.substr(0, i)) != x));
  BOOST_TEST(!read_invitation(text + "A"));
  BOOST_TEST(!read_invitation("qn2." + text.substr(4)));
  BOOST_TEST(!read_invitation(text.substr(0, 20) + "*" + text.substr(21)));
  BOOST_TEST(!read_invitation("qn1." + std::string(300, 'A')));
}

BOOST_AUTO_TEST_SUITE_END()
