// Who may do what: the rules alone, without a connection.

#include "actors/gateway/access_control.hpp"
#include "actors/gateway/gatekeeper.hpp"
#include "actors/gateway/problem.hpp"
#include "actors/token_secret.hpp"
#include "definitions/json.hpp"

#include <boost/test/unit_test.hpp>

using namespace quaero;
using namespace std::chrono_literals;

namespace {

const timestamp start = timestamp{std::chrono::hours{24 * 365 * 56}};

struct still_clock final : wall_clock {
  timestamp at = start;
  timestamp now() const override { return at; }
};

std::string field_of(const http_answer& x, std::string_view name) {
  for (const auto& [key, val] : x.headers)
    if (key == name)
      return val;
  return {};
}

std::string code_of(const std::optional<http_answer>& x) {
  value body;
  std::string error;
  if (!x || !parse_json(x->body, body, error))
    return x ? error : "let in";
  return body.get_string("code").value_or("");
}

struct control_fixture {
  control_fixture() { control.emplace(true, local_hash, address_limits{}); }

  std::string add(const std::string& name, access_scope scope,
                  timestamp end = {}) {
    auto secret = make_secret(system_random);
    api_token x;
    x.id.bytes[0] = static_cast<uint8_t>(tokens.size() + 1);
    x.name = name;
    x.scope = scope;
    x.hash = hash_secret(secret);
    x.expires_at = end;
    tokens.push_back(x);
    control->set_tokens(tokens, now);
    return secret;
  }

  void revoke(size_t i) {
    tokens[i].revoked_at = now;
    control->set_tokens(tokens, now);
  }

  std::optional<http_answer> admit(const std::string& token,
                                   quaero::access needs,
                                   const std::string& method = "GET") {
    request = {};
    request.method = method;
    request.remote = "127.0.0.1";
    if (!token.empty())
      request.fields.emplace_back("authorization", "Bearer " + token);
    return control->admit(request, needs, now);
  }

  const std::string local = make_secret(system_random);
  const digest local_hash = hash_secret(local);
  timestamp now = start;
  std::vector<api_token> tokens;
  std::optional<access_control> control;
  http_request request;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(access_rules, control_fixture)

BOOST_AUTO_TEST_CASE(without_a_token_made_a_loopback_address_is_open) {
  BOOST_TEST(!control->closed());
  BOOST_TEST(code_of(admit("", quaero::access::admin, "POST")) == "let in");
  BOOST_TEST(request.caller.name == "");
  BOOST_CHECK(request.caller.scope == access_scope::admin);
  control.emplace(false, local_hash, address_limits{});
  BOOST_TEST(control->closed());
  BOOST_TEST(code_of(admit("", quaero::access::read)) == "token_missing");
  BOOST_TEST(code_of(admit(local, quaero::access::admin)) == "let in");
}

BOOST_AUTO_TEST_CASE(from_the_first_token_on_every_request_needs_one) {
  auto token = add("ci", access_scope::read);
  auto refused = admit("", quaero::access::read);
  BOOST_REQUIRE(refused);
  BOOST_TEST(refused->status == 401u);
  BOOST_TEST(field_of(*refused, "WWW-Authenticate")
             == "Bearer realm=\"quaero\"");
  BOOST_TEST(code_of(admit("", quaero::access::open)) == "let in");
  BOOST_TEST(code_of(admit(token, quaero::access::read)) == "let in");
  BOOST_TEST(request.caller.name == "ci");
  BOOST_CHECK(request.caller.token == tokens[0].id);
}

BOOST_AUTO_TEST_CASE(a_revoked_last_token_opens_nothing) {
  auto token = add("ci", access_scope::admin);
  BOOST_TEST(code_of(admit(token, quaero::access::read)) == "let in");
  revoke(0);
  BOOST_TEST(code_of(admit(token, quaero::access::read)) == "token_invalid");
  BOOST_TEST(code_of(admit("", quaero::access::read)) == "token_missing");
  BOOST_TEST(code_of(admit(local, quaero::access::admin)) == "let in");
  BOOST_TEST(request.caller.name == "local");
}

BOOST_AUTO_TEST_CASE(each_scope_may_do_what_those_below_it_may) {
  const quaero::access needs[]
    = {quaero::access::read, quaero::access::submit, quaero::access::operate,
       quaero::access::admin};
  for (uint8_t has = 0; has < access_scope_count; ++has) {
    auto token = add(std::to_string(has), static_cast<access_scope>(has));
    for (uint8_t i = 0; i < access_scope_count; ++i)
      BOOST_TEST(!admit(token, needs[i]) == (i <= has));
  }
}

BOOST_AUTO_TEST_CASE(the_method_says_what_a_route_needs_that_does_not) {
  BOOST_CHECK(required_scope(quaero::access::by_method, "GET")
              == access_scope::read);
  BOOST_CHECK(required_scope(quaero::access::by_method, "HEAD")
              == access_scope::read);
  BOOST_CHECK(required_scope(quaero::access::by_method, "PUT")
              == access_scope::operate);
}

BOOST_AUTO_TEST_CASE(a_scope_that_is_too_low_is_told_with_both_names) {
  auto token = add("ci", access_scope::read);
  auto refused = admit(token, quaero::access::operate, "POST");
  BOOST_REQUIRE(refused);
  BOOST_TEST(refused->status == 403u);
  BOOST_TEST((refused->body.find("this needs a token of scope 'operate', and "
                                 "'ci' has 'read'")
              != std::string::npos),
             refused->body);
  BOOST_TEST(field_of(*refused, "WWW-Authenticate")
             == "Bearer realm=\"quaero\", error=\"insufficient_scope\", "
                "scope=\"operate\"");
}

BOOST_AUTO_TEST_CASE(a_token_ends_at_its_time) {
  auto token = add("ci", access_scope::read, start + 1h);
  BOOST_TEST(code_of(admit(token, quaero::access::read)) == "let in");
  BOOST_CHECK(control->next_end(now) == start + 1h);
  auto caller = request.caller;
  now += 1h;
  BOOST_TEST(code_of(admit(token, quaero::access::read)) == "token_invalid");
  BOOST_TEST(!control->still_admits(caller, now));
  BOOST_CHECK(!control->next_end(now));
}

BOOST_AUTO_TEST_CASE(whoever_was_let_in_is_asked_about_again) {
  admit("", quaero::access::read);
  auto anybody = request.caller;
  BOOST_TEST(control->still_admits(anybody, now));
  auto token = add("ci", access_scope::read);
  admit(token, quaero::access::read);
  auto known = request.caller;
  BOOST_TEST(!control->still_admits(anybody, now));
  BOOST_TEST(control->still_admits(known, now));
  revoke(0);
  BOOST_TEST(!control->still_admits(known, now));
  admit(local, quaero::access::read);
  BOOST_TEST(control->still_admits(request.caller, now));
}

BOOST_AUTO_TEST_CASE(a_token_is_taken_of_these_fields_and_nowhere_else) {
  bool other = false;
  auto of = [&](const char* name, const std::string& val) {
    http_request x;
    x.fields.emplace_back(name, val);
    x.query.emplace_back("token", "qro_x");
    return std::string{presented_token(x, other)};
  };
  BOOST_TEST(of("authorization", "Bearer  abc ") == "abc");
  BOOST_TEST(of("authorization", "bEARER abc") == "abc");
  BOOST_TEST(!other);
  BOOST_TEST(of("authorization", "Basic abc") == "");
  BOOST_TEST(other);
  other = false;
  BOOST_TEST(of("sec-websocket-protocol", "quaero, quaero.token.abc") == "abc");
  BOOST_TEST(of("sec-websocket-protocol", "quaero") == "");
  BOOST_TEST(of("accept", "x") == "");
  BOOST_TEST(!other);
}

BOOST_AUTO_TEST_CASE(what_is_no_token_of_ours_is_unknown) {
  auto token = add("ci", access_scope::read);
  for (const auto& bad :
       {std::string{"x"}, token + "x", token.substr(0, token.size() - 1),
        make_secret(system_random)}) {
    auto refused = admit(bad, quaero::access::read);
    BOOST_TEST(code_of(refused) == "token_invalid");
    BOOST_TEST((refused->body.find(bad) == std::string::npos) == (bad != "x"));
  }
}

BOOST_AUTO_TEST_CASE(too_many_wrong_tokens_of_an_address_are_told_to_wait) {
  auto token = add("ci", access_scope::read);
  const auto limit = address_limits{}.failures_max;
  for (size_t i = 0; i < limit; ++i)
    BOOST_TEST(code_of(admit("x", quaero::access::read)) == "token_invalid");
  now += 20s;
  auto refused = admit("x", quaero::access::read);
  BOOST_REQUIRE(refused);
  BOOST_TEST(refused->status == 429u);
  BOOST_TEST(field_of(*refused, "Retry-After") == "40");
  BOOST_TEST(code_of(admit(token, quaero::access::read)) == "let in");
  now += 40s;
  BOOST_TEST(code_of(admit("x", quaero::access::read)) == "token_invalid");
}

BOOST_AUTO_TEST_CASE(uses_are_told_once) {
  auto token = add("ci", access_scope::read);
  admit(token, quaero::access::read);
  now += 1s;
  admit(token, quaero::access::read);
  admit(local, quaero::access::read);
  auto uses = control->take_uses().last;
  BOOST_REQUIRE(uses.size() == 1u);
  BOOST_CHECK(uses[0].first == tokens[0].id);
  BOOST_CHECK(uses[0].second == now);
  BOOST_TEST(control->take_uses().last.empty());
}

BOOST_AUTO_TEST_CASE(more_tokens_than_are_remembered_are_still_known) {
  std::vector<std::string> all;
  for (size_t i = 0; i < access_control::remembered_max + 10; ++i) {
    all.push_back(make_secret(system_random));
    api_token x;
    x.id.bytes[0] = 1;
    x.hash = hash_secret(all.back());
    tokens.push_back(x);
  }
  control->set_tokens(tokens, now);
  for (int round = 0; round < 2; ++round)
    for (const auto& x : all)
      BOOST_TEST(!admit(x, quaero::access::read));
}

BOOST_AUTO_TEST_SUITE_END()

// -- addresses ----------------------------------------------------------------

BOOST_AUTO_TEST_SUITE(addresses)

BOOST_AUTO_TEST_CASE(refusals_are_recorded_up_to_a_limit_and_then_counted) {
  address_limits limits;
  limits.refusals_max = 2;
  address_watch watch{limits};
  for (int i = 0; i < 2; ++i)
    BOOST_TEST(watch.record("10.0.0.1", start));
  for (int i = 0; i < 3; ++i)
    BOOST_TEST(!watch.record("10.0.0.1", start));
  BOOST_TEST(watch.record("10.0.0.2", start));
  BOOST_TEST(watch.has_suppressed());
  BOOST_TEST(watch.take_suppressed(start + 59s).empty());
  auto found = watch.take_suppressed(start + 60s);
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0].first == "10.0.0.1");
  BOOST_TEST(found[0].second == 3u);
  BOOST_TEST(!watch.has_suppressed());
  BOOST_TEST(watch.record("10.0.0.1", start + 60s));
}

BOOST_AUTO_TEST_CASE(all_addresses_together_have_a_limit) {
  address_limits limits;
  limits.recorded_max = 5;
  address_watch watch{limits};
  int recorded = 0;
  for (int i = 0; i < 100; ++i)
    recorded += watch.record("10.0.0." + std::to_string(i), start);
  BOOST_TEST(recorded == 5);
  BOOST_TEST(watch.record("10.0.1.1", start + 61s));
}

BOOST_AUTO_TEST_CASE(addresses_without_a_place_share_one) {
  address_limits limits;
  limits.addresses_max = 2;
  limits.failures_max = 1;
  address_watch watch{limits};
  for (auto x : {"10.0.0.1", "10.0.0.2", "10.0.0.3"})
    BOOST_TEST(watch.fail(x, start).count() == 0);
  BOOST_TEST(watch.fail("10.0.0.4", start).count() == 60);
  BOOST_TEST(watch.fail("10.0.0.4", start + 60s).count() == 0);
}

BOOST_AUTO_TEST_CASE(an_ipv6_network_is_one_address) {
  address_limits limits;
  limits.failures_max = 1;
  address_watch watch{limits};
  BOOST_TEST(watch.fail("2001:db8::1", start).count() == 0);
  BOOST_TEST(watch.fail("2001:db8::2", start).count() == 60);
  BOOST_TEST(watch.fail("2001:db8:0:1::1", start).count() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

// -- the door -----------------------------------------------------------------

namespace {

struct door_fixture {
  door_fixture() {
    config.clock = &clock;
    config.meter = std::make_shared<metrics>();
  }

  gatekeeper& open(const std::string& address = "127.0.0.1") {
    config.address = address;
    door.emplace(config, routes,
                 [this](audit_record x) { records.push_back(std::move(x)); });
    return *door;
  }

  http_request make(const std::string& method, const std::string& path) {
    http_request out;
    out.method = method;
    read_target(path, out);
    out.host = "localhost";
    out.remote = "127.0.0.1";
    out.id = "r1";
    return out;
  }

  /// The status that a request gets: of a refusal, or `otherwise`.
  unsigned send(http_request x, unsigned otherwise = 200) {
    auto refused = door->check(x);
    const auto status = refused ? refused->status : otherwise;
    door->answered(x, status);
    return status;
  }

  void add_token(const std::string& secret) {
    api_token x;
    x.id.bytes[0] = 1;
    x.name = "ci";
    x.scope = access_scope::admin;
    x.hash = hash_secret(secret);
    door->set_tokens(std::make_shared<const std::vector<api_token>>(1, x));
  }

  still_clock clock;
  gateway_config config;
  router routes{all_routes()};
  std::vector<audit_record> records;
  std::optional<gatekeeper> door;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(the_door, door_fixture)

BOOST_AUTO_TEST_CASE(acts_and_refusals_are_recorded_and_looks_are_not) {
  open();
  send(make("GET", "/api/jobs"));
  send(make("POST", "/api/jobs/x/cancel"), 400);
  send(make("GET", "/api/nothing"), 404);
  BOOST_REQUIRE(records.size() == 1u);
  BOOST_TEST(records[0].path == "/api/jobs/x/cancel");
  BOOST_TEST(records[0].status == 400u);
  BOOST_TEST(records[0].method == "POST");
  BOOST_TEST(records[0].request_id == "r1");
  BOOST_TEST(records[0].remote == "127.0.0.1");
  auto secret = make_secret(system_random);
  add_token(secret);
  BOOST_TEST(send(make("GET", "/api/jobs")) == 401u);
  auto known = make("DELETE", "/api/tokens/" + secret + "?x=" + secret);
  known.fields.emplace_back("authorization", "Bearer " + secret);
  BOOST_TEST(send(known, 204) == 204u);
  BOOST_REQUIRE(records.size() == 3u);
  BOOST_TEST(records[1].status == 401u);
  BOOST_TEST(records[1].caller == "");
  BOOST_TEST(records[2].caller == "ci");
  BOOST_TEST(records[2].path == "/api/tokens/qro_[hidden]");
}

BOOST_AUTO_TEST_CASE(a_flood_of_refusals_is_a_few_records_and_a_number) {
  open();
  add_token(make_secret(system_random));
  for (int i = 0; i < 1000; ++i)
    send(make("GET", "/api/jobs"));
  BOOST_TEST(records.size() == config.addresses.refusals_max);
  BOOST_TEST(door->has_news());
  door->tick();
  BOOST_TEST(records.size() == config.addresses.refusals_max);
  clock.at += 1min;
  door->tick();
  BOOST_TEST(records.size() == config.addresses.refusals_max + 1);
  BOOST_TEST(records.back().more == 1000 - config.addresses.refusals_max);
  BOOST_TEST(!door->has_news());
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_told_to_those_who_may_look) {
  open();
  add_token(make_secret(system_random));
  BOOST_TEST(send(make("GET", "/api/nothing"), 404) == 401u);
  BOOST_TEST(send(make("GET", "/livez")) == 200u);
  BOOST_TEST(send(make("OPTIONS", "/api/jobs"), 204) == 204u);
}

BOOST_AUTO_TEST_CASE(other_machines_are_listened_to_with_a_token_and_care) {
  auto forbids = [&](bool tls) { return door->forbids_listening(tls); };
  open("::1");
  BOOST_TEST(forbids(false) == "");
  open("192.0.2.1");
  BOOST_TEST(
    (forbids(true).find("there is no token yet") != std::string::npos));
  add_token(make_secret(system_random));
  BOOST_TEST(forbids(true) == "");
  BOOST_TEST((forbids(false).find("without TLS") != std::string::npos));
  config.insecure = true;
  BOOST_TEST(forbids(false) == "");
}

BOOST_AUTO_TEST_CASE(requests_are_counted_by_route_and_not_by_path) {
  open();
  send(make("GET", "/api/jobs/1"), 404);
  send(make("GET", "/api/jobs/2"), 404);
  auto text = config.meter->expose({});
  BOOST_TEST((text.find("quaero_http_requests_total{method=\"GET\",route=\"/"
                        "api/jobs/{id}\",status=\"404\"} 2")
              != std::string::npos),
             text);
}

// -- pages of others ----------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_page_of_another_origin_changes_nothing) {
  open();
  auto x = make("POST", "/api/jobs/x/cancel");
  x.origin = "https://evil.example";
  BOOST_TEST(send(x) == 403u);
  x.origin = "http://localhost";
  BOOST_TEST(send(x) == 200u);
  x.origin.clear();
  x.fields.emplace_back("sec-fetch-site", "cross-site");
  BOOST_TEST(send(x) == 403u);
  auto look = make("GET", "/api/jobs");
  look.fields.emplace_back("sec-fetch-site", "cross-site");
  look.origin = "https://evil.example";
  BOOST_TEST(send(look) == 200u);
  look.fields.emplace_back("upgrade", "websocket");
  BOOST_TEST(send(look) == 403u);
}

BOOST_AUTO_TEST_CASE(no_answer_is_for_other_origins_unless_they_are_named) {
  open();
  auto x = make("OPTIONS", "/api/jobs");
  x.origin = "https://ui.example";
  x.fields.emplace_back("access-control-request-method", "POST");
  door->check(x);
  BOOST_TEST(x.answer_fields.empty());
  BOOST_TEST(!door->preflight(x));
  config.cors_origins = {"https://ui.example"};
  open();
  door->check(x);
  BOOST_TEST(x.answer_fields.size() == 3u);
  BOOST_TEST(x.answer_fields[0].second == "Origin");
  BOOST_TEST(x.answer_fields[1].second == "https://ui.example");
  auto asked = door->preflight(x);
  BOOST_REQUIRE(asked);
  BOOST_TEST(asked->status == 204u);
  BOOST_TEST((field_of(*asked, "Access-Control-Allow-Methods").find("DELETE")
              != std::string::npos));
  x.origin = "https://other.example";
  door->check(x);
  BOOST_TEST(x.answer_fields.size() == 1u);
  BOOST_TEST(!door->preflight(x));
  auto act = make("POST", "/api/jobs/x/cancel");
  act.origin = "https://ui.example";
  act.fields.emplace_back("sec-fetch-site", "cross-site");
  BOOST_TEST(send(act) == 200u);
}

BOOST_AUTO_TEST_SUITE_END()
