#include "definitions/json.hpp"
#include "tests/definitions/definition_text.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {

constexpr auto complete = R"(# All there is.
id = "repo-health"
name = "Repository health"
type = "custom"
job_type = "system"
description = "Two\nlines, \"quoted\""
source_type = "web"
base_url = "https://example.org"
authentication = "login-1"
schedule = "30 1 * * 1-5"
timeout = "1h30m"
enabled = false
auto_start = true
extension = true
tags = ["repo", "health"]
pre_jobs = ["before"]
post_jobs = ["after"]
url_patterns = ["https://*.example.org/*"]

[config]
root = "/srv"
cache_hours = 12
ratio = 0.5
least = -9223372036854775808
"odd key" = [[1, 2], [], ["x"]]
nested = { b = 1, a = { c = true } }

[step.zeta]
type = "local_dir"
description = "Read"
on_error = "fail"
retry = 5
dir_path = "{config.root}"
extensions = [".cpp", ".hpp"]

[step.zeta.headers]
Zed = "1"
Accept = "*/*"

[step.alpha]
type = "summary"
depends = "zeta"
on_error = "retry"
condition = "config.later"
started = 2026-01-20T02:00:04Z

[step.alpha.retry]
attempts = 4
backoff = "2s"
backoff_max = "1m"
jitter = 0.5

[step.midd]
type = "email"
depends = ["zeta", "alpha"]
always_run = true
on_error = "fatal"

[error_tolerance]
max_child_failures = 20
failure_action = "stop_all"
)";

} // namespace

BOOST_AUTO_TEST_SUITE(toml_format)

BOOST_AUTO_TEST_CASE(every_key_is_read) {
  auto x = good(parse_toml(complete));
  BOOST_TEST(x.id == "repo-health");
  BOOST_TEST(x.name == "Repository health");
  BOOST_TEST(x.type == "custom");
  BOOST_TEST(x.job_type == "system");
  BOOST_TEST(x.description == "Two\nlines, \"quoted\"");
  BOOST_TEST(x.source_type == "web");
  BOOST_TEST(x.base_url == "https://example.org");
  BOOST_TEST(x.auth_id == "login-1");
  BOOST_TEST(x.schedule == "30 1 * * 1-5");
  BOOST_TEST(x.timeout == "1h30m");
  BOOST_TEST(!x.enabled);
  BOOST_TEST(x.auto_start);
  BOOST_TEST(x.extension);
  BOOST_CHECK((x.tags == strings{"repo", "health"}));
  BOOST_CHECK((x.pre_jobs == strings{"before"}));
  BOOST_CHECK((x.post_jobs == strings{"after"}));
  BOOST_CHECK((x.url_patterns == strings{"https://*.example.org/*"}));
  BOOST_TEST(x.toml == complete);
  BOOST_TEST(x.content_hash == content_hash(complete));
  BOOST_REQUIRE(x.error_tolerance);
  BOOST_TEST(x.error_tolerance->max_child_failures == 20);
  BOOST_CHECK(x.error_tolerance->action == failure_action::stop_all);
  BOOST_TEST(to_json(x.config)
             == R"({"root":"/srv","cache_hours":12,"ratio":0.5,)"
                R"("least":-9223372036854775808,"odd key":[[1,2],[],["x"]],)"
                R"("nested":{"b":1,"a":{"c":true}}})");
}

BOOST_AUTO_TEST_CASE(steps_and_their_keys_keep_the_order_of_the_file) {
  auto x = good(parse_toml(complete));
  BOOST_REQUIRE(x.steps.size() == 3u);
  auto& zeta = x.steps[0];
  auto& alpha = x.steps[1];
  auto& midd = x.steps[2];
  BOOST_TEST(zeta.name == "zeta");
  BOOST_CHECK(zeta.on_error == on_error::fail);
  BOOST_REQUIRE(zeta.retry);
  BOOST_TEST(zeta.retry->attempts == 5u);
  BOOST_TEST(to_json(zeta.config)
             == R"({"dir_path":"{config.root}","extensions":[".cpp",".hpp"],)"
                R"("headers":{"Zed":"1","Accept":"*/*"}})");
  BOOST_TEST(alpha.name == "alpha");
  BOOST_CHECK((alpha.depends == strings{"zeta"}));
  BOOST_TEST(alpha.condition == "config.later");
  BOOST_CHECK(alpha.on_error == on_error::retry);
  BOOST_CHECK((alpha.retry == retry_policy{4, 2s, 1min, 0.5}));
  BOOST_TEST(to_json(alpha.config) == R"({"started":"2026-01-20T02:00:04Z"})");
  BOOST_TEST(midd.name == "midd");
  BOOST_CHECK((midd.depends == strings{"zeta", "alpha"}));
  BOOST_TEST(midd.always_run);
  BOOST_CHECK(midd.on_error == on_error::fatal);
}

BOOST_AUTO_TEST_CASE(what_is_left_out_has_its_default) {
  auto x = good(parse_toml(head + tail));
  BOOST_TEST(x.enabled);
  BOOST_TEST(!x.auto_start);
  BOOST_TEST(x.job_type == "user");
  BOOST_TEST(x.type == "custom");
  BOOST_CHECK(!x.error_tolerance);
  auto& s = x.steps.at(0);
  BOOST_CHECK(s.on_error == on_error::carry_on);
  BOOST_TEST(!s.always_run);
  BOOST_CHECK(!s.retry);
  BOOST_CHECK(s.config == value::make_object());
}

BOOST_AUTO_TEST_CASE(the_type_follows_from_the_first_step) {
  auto type_of
    = [](const std::string& worker) { return derive_definition_type(worker); };
  for (auto same : {"crawler", "agent", "web_search", "market_data",
                    "portfolio_list", "navexa_portfolio"})
    BOOST_TEST(type_of(same) == same);
  for (auto fetch : {"github_repo", "github_actions", "github_git"})
    BOOST_TEST(type_of(fetch) == "fetch");
  BOOST_TEST(type_of("places_search") == "places");
  BOOST_TEST(type_of("local_dir") == "custom");
  BOOST_TEST(type_of("noop") == "custom");
  auto text
    = head + "[step.z]\ntype = \"crawler\"\n[step.a]\ntype = \"noop\"\n";
  BOOST_TEST(good(parse_toml(text)).type == "crawler");
}

BOOST_AUTO_TEST_CASE(the_lists_of_types_are_sorted) {
  auto& workers = worker_types();
  auto& types = definition_types();
  BOOST_TEST(workers.size() == 55u);
  BOOST_TEST(types.size() == 30u);
  BOOST_TEST(std::is_sorted(workers.begin(), workers.end()));
  BOOST_TEST(std::is_sorted(types.begin(), types.end()));
}

BOOST_AUTO_TEST_CASE(a_written_definition_is_read_back_the_same) {
  for (auto text : {std::string{complete}, head + tail,
                    head + "start_urls = [\"http://x/\"]\nmax_depth = 2\n"}) {
    auto x = good(parse_toml(text));
    auto y = good(parse_toml(to_toml(x)));
    y.toml = x.toml;
    y.content_hash = x.content_hash;
    BOOST_TEST(to_json(to_value(x)) == to_json(to_value(y)));
    BOOST_CHECK(x == y);
  }
}

BOOST_AUTO_TEST_CASE(odd_texts_survive_being_written) {
  auto x = good(parse_toml(head + tail));
  x.name = "a \"b\" \\ \n\t\x01\x7F \xC3\xA9 # = [";
  x.steps[0].name = "odd name.\"x\" #1";
  x.steps[0].config.set("", "empty key");
  x.steps[0].config.set("a.b", value::make_array({5.0, 1e20, 7}));
  x.config.set("deep", value::make_object({{"x y", value::make_object()}}));
  auto y = good(parse_toml(to_toml(x)));
  y.toml = x.toml;
  y.content_hash = x.content_hash;
  BOOST_CHECK(x == y);
}

BOOST_AUTO_TEST_CASE(crawler_keys_without_steps_make_one_step) {
  auto x = good(parse_toml(head
                           + "start_urls = [\"http://x/\"]\nmax_pages = 9\n"
                             "include_patterns = [\"a\"]\n"
                             "exclude_patterns = [\"b\"]\nmax_depth = 2\n"
                             "concurrency = 3\nfollow_links = false\n"));
  BOOST_TEST(x.type == "crawler");
  BOOST_REQUIRE(x.steps.size() == 1u);
  BOOST_TEST(x.steps[0].name == "crawl");
  BOOST_TEST(x.steps[0].type == "crawler");
  BOOST_CHECK(x.steps[0].on_error == on_error::carry_on);
  BOOST_TEST(to_json(x.steps[0].config)
             == R"({"start_urls":["http://x/"],"max_pages":9,)"
                R"("include_patterns":["a"],"exclude_patterns":["b"],)"
                R"("max_depth":2,"concurrency":3,"follow_links":false})");
}

BOOST_AUTO_TEST_CASE(depends_takes_commas_and_drops_blanks) {
  auto steps = [](const std::string& depends) {
    return head + tail + "[step.two]\ntype = \"noop\"\n[step.three]\n"
           + "type = \"noop\"\ndepends = " + depends + "\n";
  };
  for (auto depends : {"\"one, two\"", "\" one ,two,\"", "[\"one\", \"two\"]",
                       "\"one,two,one\""}) {
    auto x = good(parse_toml(steps(depends)));
    BOOST_CHECK((x.steps.at(2).depends == strings{"one", "two"}));
  }
  BOOST_TEST(good(parse_toml(steps("\"\""))).steps.at(2).depends.empty());
}

BOOST_AUTO_TEST_CASE(a_retry_table_takes_both_names_of_the_longest_wait) {
  auto retry = [](const std::string& text) {
    return good(parse_toml(head + tail + "retry = " + text + "\n"))
      .steps.at(0)
      .retry;
  };
  BOOST_CHECK((retry("1") == retry_policy{1, 1s, 5min, 0.2}));
  BOOST_CHECK(
    (retry("{ max_backoff = \"9s\" }") == retry_policy{3, 1s, 9s, 0.2}));
  BOOST_CHECK((retry("{ backoff_max = \"9s\", jitter = 0 }")
               == retry_policy{3, 1s, 9s, 0}));
  BOOST_CHECK(
    (retry("{ backoff = \"10m\" }") == retry_policy{3, 10min, 10min, 0.2}));
}

BOOST_AUTO_TEST_CASE(jobs_of_a_step_may_require_labels) {
  auto read = [](const std::string& labels) {
    return parse_toml(head + tail + "job = { requires = " + labels + " }\n");
  };
  const auto x = good(read("[\"gpu\", \"cuda-12\"]"));
  BOOST_CHECK((x.steps.at(0).job.labels == strings{"gpu", "cuda-12"}));
  BOOST_CHECK(good(parse_toml(to_toml(x))).steps.at(0).job
              == x.steps.at(0).job);
  BOOST_TEST(!read("[\"a b\"]").ok());
  BOOST_TEST(!read("[\"\"]").ok());
  BOOST_TEST(!read("[\"" + std::string(label_bytes_max + 1, 'x') + "\"]").ok());
  std::string many;
  for (size_t i = 0; i <= labels_max; ++i)
    many += (many.empty() ? "\"l" : ", \"l") + std::to_string(i) + "\"";
  BOOST_TEST(!read("[" + many + "]").ok());
}

BOOST_AUTO_TEST_CASE(the_hash_tells_texts_apart) {
  BOOST_TEST(content_hash("").size() == 8u);
  BOOST_TEST(content_hash("a") == content_hash("a"));
  BOOST_TEST(content_hash("a") != content_hash("b"));
}

BOOST_AUTO_TEST_CASE(every_example_is_free_of_errors) {
  size_t files = 0;
  auto folder
    = std::filesystem::path{QUAERO_SOURCE_DIR} / "definitions" / "examples";
  for (auto& entry : std::filesystem::directory_iterator{folder}) {
    std::ifstream in{entry.path(), std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    BOOST_TEST_CONTEXT(entry.path()) {
      good(parse_toml(text));
    }
    ++files;
  }
  BOOST_TEST(files >= 1u);
}

BOOST_AUTO_TEST_SUITE_END()
