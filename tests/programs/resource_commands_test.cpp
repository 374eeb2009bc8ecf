#include "tests/programs/cli_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

/// Commands on everything but jobs: what they ask, and what they print.

using namespace quaero;
using namespace quaero::cli;
using namespace quaero::cli::test;

namespace {

struct exchange {
  std::vector<const char*> words;
  const char* request;
  const char* body;   ///< Of the request.
  const char* answer; ///< Of the daemon, 200.
  const char* out;    ///< What people see.
};

const std::vector<exchange> exchanges{
  {{"definitions", "list"},
   "GET /api/job-definitions?limit=500",
   "",
   R"({"job_definitions":[{"id":"a","name":"A","type":"crawler","enabled":true,
       "steps":[{},{}],"schedule":"0 2 * * *"}],"total_count":1})",
   "ID  NAME  TYPE     STEPS  ENABLED  SCHEDULE\n"
   "a   A     crawler      2  yes      0 2 * * *\n"},
  {{"definitions", "export", "a"},
   "GET /api/job-definitions/a/export",
   "",
   "id = \"a\"\n",
   "id = \"a\"\n"},
  {{"definitions", "delete", "a"},
   "DELETE /api/job-definitions/a",
   "",
   "",
   "a deleted\n"},
  {{"definitions", "reload"},
   "POST /api/job-definitions/reload",
   "",
   R"({"success":true,"message":"3 of 3 files loaded"})",
   "3 of 3 files loaded\n"},
  {{"queues", "list"},
   "GET /api/queues",
   "",
   R"({"queues":[{"name":"default","ready":1200,"delayed":0,"running":3,
       "oldest_age_ms":61000,"running_max":50,"length_max":0,
       "paused":true}]})",
   "NAME     READY  DELAYED  RUNNING  OLDEST  RUNNING MAX  LENGTH MAX  PAUSED\n"
   "default   1200        0        3   1m01s           50              yes\n"},
  {{"queues", "show", "a b"},
   "GET /api/queues/a%20b",
   "",
   R"({"name":"a b","counts":{"ready":1}})",
   "name          a b\ncounts.ready  1\n"},
  {{"queues", "pause", "a"},
   "POST /api/queues/a/pause",
   "",
   "{}",
   "a paused; what runs goes on, nothing new starts\n"},
  {{"queues", "resume", "a"},
   "POST /api/queues/a/resume",
   "",
   "{}",
   "a resumed\n"},
  {{"queues", "limit", "a", "--running", "5", "--length", "0"},
   "PUT /api/queues/a",
   R"({"running_max":5,"length_max":null})",
   "{}",
   "a changed\n"},
  {{"documents", "list", "--source-type", "web", "--job", "j", "--tags", "a,b"},
   "GET /api/documents?limit=20&source_type=web&job_id=j&tags=a%2Cb",
   "",
   R"({"documents":[{"id":"d","source_type":"web","title":"T","url":"u",
       "updated_at":"2026-01-19T02:00:00Z"}],"total_count":1})",
   "ID  SOURCE  TITLE  URL  AGE\nd   web     T      u    24h\n"},
  {{"documents", "show", "d"},
   "GET /api/documents/d",
   "",
   R"({"id":"d","tags":["a","b"],"content_markdown":"# T\ntext"})",
   "id    d\ntags  a, b\n\n# T\ntext\n"},
  {{"documents", "delete", "d"},
   "DELETE /api/documents/d",
   "",
   R"({"doc_id":"d"})",
   "d deleted\n"},
  {{"documents", "stats"},
   "GET /api/documents/stats",
   "",
   R"({"total":5,"by_source":{"web":5}})",
   "total          5\nby_source.web  5\n"},
  {{"documents", "tags"},
   "GET /api/documents/tags",
   "",
   R"({"tags":["a","b"]})",
   "a\nb\n"},
  {{"search", "two", "words"},
   "GET /api/search?limit=20&q=two%20words",
   "",
   R"({"results":[{"id":"d","title":"T","brief":"b..."}],"count":1})",
   "ID  TITLE  TEXT\nd   T      b...\n"},
  {{"kv", "list"},
   "GET /api/kv",
   "",
   R"([{"key":"k","value":"abcd...wxyz","secret":true,"description":"d"}])",
   "KEY  VALUE        SECRET  DESCRIPTION\n"
   "k    abcd...wxyz  yes     d\n"},
  {{"kv", "get", "k"},
   "GET /api/kv/k",
   "",
   R"({"key":"k","value":"v 1"})",
   "v 1\n"},
  {{"kv", "set", "k", "v", "--description", "d"},
   "PUT /api/kv/k",
   R"({"value":"v","description":"d"})",
   R"({"key":"k"})",
   "k updated\n"},
  {{"kv", "delete", "k"}, "DELETE /api/kv/k", "", "{}", "k deleted\n"},
  {{"tokens", "list"},
   "GET /api/tokens",
   "",
   R"({"tokens":[{"id":"t","name":"ci","scope":"submit",
       "state":"live","created_at":"2026-01-20T01:00:00Z"}]})",
   "ID  NAME  SCOPE   AGE  STATE  EXPIRES  LAST USED\n"
   "t   ci    submit   1h  live\n"},
  {{"audit"},
   "GET /api/audit?limit=20",
   "",
   R"({"records":[{"timestamp":"2026-01-20T01:00:00Z","caller":"ci",
       "method":"DELETE","path":"/api/jobs/a","status":403,
       "remote":"127.0.0.1"}],"total_count":1})",
   "TIME                  WHO  METHOD  PATH         STATUS  FROM\n"
   "2026-01-20T01:00:00Z  ci   DELETE  /api/jobs/a     403  127.0.0.1\n"},
  {{"nodes", "list"},
   "GET /api/nodes",
   "",
   R"({"nodes":[{"name":"here","state":"ready","address":"http://a",
       "version":"1","started_at":"2026-01-20T01:00:00Z",
       "workers":[{"type":"noop","slots":2,"running":1},
                  {"type":"crawler_url","slots":8,"running":0}]}]})",
   "NAME  STATE  ADDRESS   VERSION  UP  LABELS  WORKERS\n"
   "here  ready  http://a  1        1h          noop 1/2, crawler_url 0/8\n"},
  {{"nodes", "drain", "alpha"},
   "POST /api/nodes/alpha/drain",
   "",
   "{}",
   "alpha drains; what runs there goes on, it gets nothing new\n"},
  {{"nodes", "resume", "alpha"},
   "POST /api/nodes/alpha/resume",
   "",
   "{}",
   "alpha resumed\n"},
  {{"nodes", "remove", "alpha"},
   "DELETE /api/nodes/alpha",
   "",
   "",
   "alpha removed; its jobs go to others\n"},
  {{"scheduler"},
   "GET /api/scheduler",
   "",
   R"({"schedules":[{"definition_id":"d","name":"D","schedule":"0 2 * * *",
       "enabled":true,"time_zone":"UTC","next_runs":["2026-01-21T02:00:00Z"],
       "last_tick":{"at":"2026-01-20T02:00:00Z","outcome":"started"},
       "last_run":{"job_id":"j","status":"completed"}}]})",
   "DEFINITION  SCHEDULE   ZONE  ENABLED  NEXT                  "
   "LAST                  OUTCOME    NAME\n"
   "d           0 2 * * *  UTC   yes      2026-01-21T02:00:00Z  "
   "2026-01-20T02:00:00Z  completed  D\n"},
  {{"tokens", "revoke", "t"}, "DELETE /api/tokens/t", "", "", "t revoked\n"},
  {{"credentials", "list"},
   "GET /api/auth/list",
   "",
   R"([{"id":"c","name":"site","site_domain":"a.example"}])",
   "ID  NAME  SITE       URL  AGE\nc   site  a.example\n"},
  {{"credentials", "show", "c"},
   "GET /api/auth/c",
   "",
   R"({"id":"c"})",
   "id  c\n"},
  {{"credentials", "delete", "c"},
   "DELETE /api/auth/c",
   "",
   "{}",
   "c deleted\n"},
  {{"config", "show"},
   "GET /api/config",
   "",
   R"({"version":"1","config":{"listen":"127.0.0.1:1","log":{"level":"info"}}})",
   "listen     127.0.0.1:1\nlog.level  info\n"},
  {{"actors"},
   "GET /api/actors",
   "",
   R"({"name":"root","mailbox":0,"children":[
       {"name":"queue","mailbox":12,"numbers":{"ready":3}},
       {"name":"store","mailbox":0}]})",
   "ACTOR    MAILBOX  NUMBERS\nroot           0\n├ queue       12  ready 3\n"
   "└ store        0\n"},
  {{"health"}, "GET /readyz", "", R"({"status":"ready"})", "ready\n"},
};

std::string joined(const std::vector<const char*>& words) {
  std::string result;
  for (const auto* word : words)
    result += std::string{word} + ' ';
  return result;
}

std::string temporary(const char* name) {
  return (std::filesystem::temp_directory_path()
          / ("quaero-cli-" + std::to_string(::getpid()) + name))
    .string();
}

} // namespace

BOOST_AUTO_TEST_SUITE(resource_commands)

BOOST_AUTO_TEST_CASE(every_command_asks_for_the_right_thing_and_prints_it) {
  for (const auto& x : exchanges) {
    session s;
    s.answer(x.request, 200, x.answer);
    BOOST_TEST(s.run(x.words) == exit_ok, joined(x.words) << s.err.str());
    BOOST_TEST(s.out.str() == x.out, joined(x.words) << '\n' << s.out.str());
    BOOST_TEST(s.err.str() == "", joined(x.words) << s.err.str());
    BOOST_TEST_REQUIRE(s.server->requests.size() == 1u);
    BOOST_TEST(s.request(0).body == x.body);
  }
}

BOOST_AUTO_TEST_CASE(an_invitation_is_one_line_to_paste) {
  session s;
  s.answer("POST /api/nodes/invitations", 201,
           R"({"name":"alpha","command":"quaerod --join a:1 --token qn1.x",
               "expires_at":"2026-01-21T00:00:00Z"})");
  BOOST_TEST(s.run({"nodes", "invite", "alpha", "--workers", "noop,,agent"})
             == exit_ok);
  BOOST_TEST(s.out.str() == "quaerod --join a:1 --token qn1.x\n");
  BOOST_TEST(contains(s.err.str(), "quaero nodes remove alpha"));
  BOOST_TEST(s.request(0).body
             == R"({"name":"alpha","workers":["noop","agent"]})");
}

BOOST_AUTO_TEST_CASE(with_json_every_answer_is_printed_as_it_came) {
  for (const auto& x : exchanges) {
    session s;
    s.answer(x.request, 200, x.answer);
    auto words = x.words;
    words.push_back("--json");
    if (*x.answer == '\0' || words[1] == std::string{"export"})
      continue;
    BOOST_TEST(s.run(words) == exit_ok);
    BOOST_TEST(s.out.str() == x.answer + std::string{"\n"}, joined(words));
  }
}

BOOST_AUTO_TEST_CASE(a_refusal_of_any_command_has_its_exit_code) {
  const std::vector<std::pair<int, int>> codes{{401, exit_refused},
                                               {404, exit_not_found},
                                               {429, exit_refused},
                                               {503, exit_unreachable}};
  for (const auto& x : exchanges)
    for (auto [status, code] : codes) {
      session s;
      s.answer(x.request, status, R"({"detail":"because"})");
      BOOST_TEST(s.run(x.words) == code, joined(x.words) << status);
      BOOST_TEST(s.out.str() == "", joined(x.words));
      BOOST_TEST(contains(s.err.str(), "quaero: because\n"));
    }
}

BOOST_AUTO_TEST_CASE(errors_say_what_to_do_next) {
  const std::vector<std::tuple<int, const char*, const char*>> hints{
    {401, "{}", "QUAERO_TOKEN"},
    {403, R"({"code":"scope_too_low","scope":"read","needed_scope":"operate"})",
     "a token with the scope operate"},
    {403, R"({"code":"read_only"})", "definitions export"},
    {404, "{}", "quaero jobs list"},
    {409, "{}", "--status running"},
    {412, "{}", "new ETag"},
    {429, "{}", "Try again in 7 s"},
    {503, "{}", "Try again in 7 s"},
    {500, "{}", "the daemon's log"}};
  for (auto [status, body, hint] : hints) {
    session s;
    s.answer("GET /api/jobs/x", status, body, {{"retry-after", "7"}});
    s.run({"jobs", "show", "x"});
    BOOST_TEST(contains(s.err.str(), hint), status << s.err.str());
  }
}

BOOST_AUTO_TEST_CASE(nothing_of_the_daemon_steers_a_terminal) {
  const std::string evil = "a\\u001b[2Jb\\u009bc\\u202ed";
  for (const auto& x : exchanges) {
    session s;
    s.context.to.raw_output = false; // a terminal
    std::string body = x.answer;
    for (const char* text :
         {"\"a\"", "\"T\"", "\"web\"", "\"k\"", "\"ci\"", "\"default\"",
          "\"d\"", "\"c\"", "\"v 1\"", "\"b...\"", "\"queue\"", "\"info\""})
      for (auto at = body.find(text); at != body.npos; at = body.find(text))
        body.replace(at, std::string_view{text}.size(), '"' + evil + '"');
    s.answer(x.request, 200, body);
    s.run(x.words);
    for (char c : s.out.str() + s.err.str())
      BOOST_TEST((c == '\n' || static_cast<unsigned char>(c) >= 0x20),
                 joined(x.words));
    BOOST_TEST(!contains(s.out.str(), "\xC2\x9B"), joined(x.words));
    BOOST_TEST(!contains(s.out.str(), "\xE2\x80\xAE"), joined(x.words));
  }
}

// -- definitions --------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_definition_replaces_only_what_has_the_etag) {
  session s;
  s.in.str("id = \"a\"\n");
  s.answer("POST /api/job-definitions/upload", 412, R"({"detail":"changed"})");
  BOOST_TEST(s.run({"definitions", "apply", "-", "--if-match", "\"e1\""})
             == exit_refused);
  BOOST_TEST(field_of(s.request(0), "If-Match") == "\"e1\"");
  BOOST_TEST(s.request(0).body == "id = \"a\"\n");
}

BOOST_AUTO_TEST_CASE(an_etag_is_shown_and_sent_back) {
  session s;
  s.answer("GET /api/job-definitions/a", 200, "{}", {{"etag", "\"e1\""}});
  BOOST_TEST(s.run({"definitions", "show", "a", "--etag"}) == exit_ok);
  BOOST_TEST(s.out.str() == "\"e1\"\n");
  s.answer("DELETE /api/job-definitions/a", 412, R"({"detail":"changed"})");
  BOOST_TEST(s.run({"definitions", "delete", "a", "--if-match", "\"e1\""})
             == exit_refused);
  BOOST_TEST(field_of(s.request(1), "If-Match") == "\"e1\"");
}

BOOST_AUTO_TEST_CASE(a_reload_with_errors_ends_with_1_and_names_them) {
  session s;
  s.answer("POST /api/job-definitions/reload", 200,
           R"({"success":false,"message":"1 of 2","errors":["a.toml:1: no"]})");
  BOOST_TEST(s.run({"definitions", "reload"}) == exit_failed);
  BOOST_TEST(s.err.str() == "  a.toml:1: no\n");
}

BOOST_AUTO_TEST_CASE(an_export_goes_into_a_file) {
  auto path = temporary(".toml");
  session s;
  s.answer("GET /api/job-definitions/a/export", 200, "id = \"a\"\n");
  BOOST_TEST(s.run({"definitions", "export", "a", "-o", path.c_str()})
             == exit_ok);
  std::ifstream file{path};
  std::string text;
  BOOST_TEST((std::getline(file, text) && text == "id = \"a\""));
  BOOST_TEST(s.out.str() == "");
  BOOST_TEST(s.run({"definitions", "export", "a", "-o", "/nonexistent/a"})
             == exit_usage);
  std::filesystem::remove(path);
}

// -- documents ----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_search_that_stopped_at_its_limit_says_so) {
  const std::string found = R"({"results":[{"id":"d","title":"T"}],)";
  for (bool complete : {false, true}) {
    session s;
    s.answer("GET /api/search?limit=20&q=x", 200,
             found + "\"complete\":" + (complete ? "true}" : "false}"));
    BOOST_TEST(s.run({"search", "x"}) == exit_ok);
    BOOST_TEST(contains(s.err.str(), "stopped at its limit") == !complete);
    BOOST_TEST(contains(s.err.str(), "quaero documents list --source-type")
               == !complete);
    BOOST_TEST(s.run({"search", "x", "--json"}) == exit_ok);
    BOOST_TEST(contains(s.out.str(),
                        complete ? "\"complete\":true" : "\"complete\":false"));
  }
}

BOOST_AUTO_TEST_CASE(a_search_of_several_pages_passes_on_that_it_stopped) {
  std::string rows;
  for (int i = 0; i < 100; ++i)
    rows += (i == 0 ? "" : ",") + std::string{R"({"id":"d"})"};
  session s;
  s.answer("GET /api/search?limit=100&q=x", 200,
           R"({"results":[)" + rows + R"(],"complete":true})");
  s.answer("GET /api/search?limit=100&q=x&offset=100", 200,
           R"({"results":[],"complete":false})");
  BOOST_TEST(s.run({"search", "x", "--all", "--json"}) == exit_ok);
  BOOST_TEST(s.out.str().ends_with("\n],\"total_count\":100,"
                                   "\"next_cursor\":\"\","
                                   "\"complete\":false}\n"),
             s.out.str());
  BOOST_TEST(s.err.str() == "");
}

// -- keys ---------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_secret_is_never_taken_from_the_command_line) {
  session s;
  BOOST_TEST(s.run({"kv", "set", "k", "hunter2", "--secret"}) == exit_usage);
  BOOST_TEST(s.server->requests.empty());
  BOOST_TEST(!contains(s.out.str() + s.err.str(), "hunter2"));
}

BOOST_AUTO_TEST_CASE(a_secret_comes_from_standard_input) {
  session s;
  s.in.str("hunter2\r\n");
  s.answer("PUT /api/kv/k", 201, R"({"key":"k","created":true})");
  BOOST_TEST(s.run({"kv", "set", "k", "--secret", "--from-stdin"}) == exit_ok);
  BOOST_TEST(s.request(0).body == R"({"value":"hunter2","secret":true})");
  BOOST_TEST(s.out.str() == "k created\n");
}

BOOST_AUTO_TEST_CASE(a_secret_without_anybody_to_ask_is_refused) {
  session s;
  BOOST_TEST(s.run({"kv", "set", "k", "--secret"}) == exit_usage);
  BOOST_TEST(contains(s.err.str(), "--from-stdin"));
  BOOST_TEST(s.run({"kv", "set", "k"}) == exit_usage);
  BOOST_TEST(s.run({"kv", "set", "k", "v", "--from-stdin"}) == exit_usage);
  BOOST_TEST(s.server->requests.empty());
}

BOOST_AUTO_TEST_CASE(a_description_changes_alone) {
  session s;
  s.answer("PUT /api/kv/k", 200, "{}");
  BOOST_TEST(s.run({"kv", "set", "k", "--description", "d"}) == exit_ok);
  BOOST_TEST(s.request(0).body == R"({"value":"","description":"d"})");
}

// -- tokens -------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_new_token_is_data_and_the_rest_is_a_message) {
  session s;
  s.answer("POST /api/tokens", 201, R"({"id":"t","token":"q_secret"})");
  BOOST_TEST(
    s.run({"tokens", "create", "ci", "--scope", "submit", "--expires", "30d"})
    == exit_ok);
  BOOST_TEST(s.request(0).body
             == R"({"name":"ci","scope":"submit",)"
                R"("expires_at":"2026-02-19T02:00:00.000Z"})");
  BOOST_TEST(s.out.str() == "q_secret\n");
  BOOST_TEST(contains(s.err.str(), "quaero tokens revoke t"));
}

BOOST_AUTO_TEST_CASE(a_token_in_a_file_is_for_its_owner_only) {
  auto path = temporary(".token");
  session s;
  s.answer("POST /api/tokens", 201, R"({"id":"t","token":"q_secret"})");
  const std::vector<const char*> words{
    "tokens", "create", "ci", "--scope", "read", "--output", path.c_str()};
  BOOST_TEST(s.run(words) == exit_ok);
  struct stat x {};
  BOOST_TEST(::stat(path.c_str(), &x) == 0);
  BOOST_TEST((x.st_mode & 0777) == 0600u);
  BOOST_TEST(s.out.str() == "");
  BOOST_TEST(s.run(words) == exit_failed); // never over another file
  BOOST_TEST(s.out.str() == "q_secret\n");
  std::filesystem::remove(path);
}

BOOST_AUTO_TEST_CASE(a_wrong_token_request_is_not_sent) {
  for (auto words : std::vector<std::vector<const char*>>{
         {"tokens", "create", "ci"},
         {"tokens", "create", "ci", "--scope", "root"},
         {"tokens", "create", "ci", "--scope", "read", "--expires", "soon"}}) {
    session s;
    BOOST_TEST(s.run(words) == exit_usage);
    BOOST_TEST(s.server->requests.empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
