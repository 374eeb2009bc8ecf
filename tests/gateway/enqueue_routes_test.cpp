#include "actors/gateway/runtime_actors.hpp"
#include "storage/format.hpp"
#include "storage/job_scan.hpp"
#include "storage/memory_store.hpp"
#include "storage/tables.hpp"
#include "tests/gateway/fakes.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <boost/test/unit_test.hpp>

#include <condition_variable>

using namespace quaero;
using namespace quaero::test;
using namespace std::chrono_literals;

namespace {

/// Lets jobs through one by one.
struct gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = true;
};

/// A gateway before a real runtime in memory. Jobs of type "page" end at once
/// unless the gate is closed; those of "page" that wait see a cancel.
struct fixture : gateway_fixture {
  std::shared_ptr<storage::store> db;
  std::unique_ptr<runtime> rt;
  std::shared_ptr<gate> door = std::make_shared<gate>();
  runtime_config settings;
  gateway_config config;
  uint64_t boot = 0;

  fixture() : db{std::make_unique<storage::memory_store>()} {
    BOOST_REQUIRE(storage::open_format(*db).ok());
  }

  ~fixture() { end(); }

  std::vector<worker_kind> kinds(const worker_environment& x) {
    worker_kind kind;
    kind.job_type = "page";
    kind.slots = 2;
    kind.spawn_worker = [&system = x.system, gate = door] {
      return system.spawn(
        [gate](job_worker_actor::pointer) -> job_worker_actor::behavior_type {
          return {[gate](atom::execute, const job_context_ptr& job) {
            std::unique_lock lock{gate->mutex};
            gate->changed.wait(lock,
                               [&] { return gate->open || job->cancelled(); });
            return job->cancelled() ? job_outcome::stopped()
                                    : job_outcome::ok();
          }};
        });
    };
    return {kind};
  }

  void begin() {
    settings.detach = true;
    rt = std::make_unique<runtime>(
      sys, settings, db, ++boot, system_wall_clock(), key_lookup{},
      [this](const worker_environment& x) { return kinds(x); });
    BOOST_REQUIRE(rt->recover());
    config.port = 0;
    config.keys = rt->keys();
    config.job_types = rt->job_types;
    server = std::make_unique<gateway>();
    auto bound = server->start(sys, config, gateway_actors_of(*rt));
    BOOST_REQUIRE(bound);
    port = *bound;
  }

  void end() {
    if (server)
      server->stop();
    server.reset();
    rt.reset();
  }

  http_reply send(const std::string& method, const std::string& target,
                  const std::string& body = {}, const std::string& key = {}) {
    http_client::fields extra;
    if (!key.empty())
      extra.emplace_back("Idempotency-Key", key);
    return http_client{port}.request(method, target, body, extra);
  }

  /// The JSON of an answer of that status.
  value json(const http_reply& x, int status) {
    BOOST_TEST(x.status == status, x.body);
    return read_json(x.body);
  }

  std::vector<std::string> enqueue(const std::string& body) {
    auto x = json(send("POST", "/api/jobs", body), 201);
    std::vector<std::string> out;
    for (const auto& id : at(x, "ids").as_array())
      out.push_back(id.as_string());
    return out;
  }

  std::string status_of(const std::string& id) {
    return get_json("/api/jobs/" + id).get_string("status").value_or("");
  }

  std::string reason_of(const std::string& id) {
    return get_json("/api/jobs/" + id + "/explain")
      .get_string("reason")
      .value_or("");
  }

  /// Asks until it is so. The gateway's answers come when they come.
  template <class F>
  void wait_until(F f) {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (!f()) {
      BOOST_REQUIRE(std::chrono::steady_clock::now() < limit);
      std::this_thread::yield();
    }
  }

  void wait_status(const std::string& id, const std::string& wanted) {
    wait_until([&] { return status_of(id) == wanted; });
  }

  size_t jobs_stored() {
    std::vector<job_id> ids;
    BOOST_REQUIRE(storage::read_roots(*db, {}, 100'000, ids).ok());
    return ids.size();
  }

  const std::string page = R"({"type":"page"})";
  const std::string later
    = R"({"type":"page","run_at":"2199-01-01T00:00:00Z"})";
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(enqueue_routes_suite, fixture)

BOOST_AUTO_TEST_CASE(one_job_is_stored_and_runs) {
  begin();
  const auto ids = enqueue(
    R"({"type":"page","name":"one","tags":["a"],"priority":2,"queue":"q"})");
  BOOST_REQUIRE_EQUAL(ids.size(), 1u);
  wait_status(ids[0], "completed");
  const auto x = get_json("/api/jobs/" + ids[0]);
  BOOST_TEST(*x.get_string("name") == "one");
  BOOST_TEST(*x.get_string("queue") == "q");
  BOOST_TEST(at(x, "tags.0").as_string() == "a");
  BOOST_TEST(reason_of(ids[0]) == "finished");
}

BOOST_AUTO_TEST_CASE(ids_come_in_the_order_of_the_array) {
  begin();
  std::string body = "[";
  for (int i = 0; i < 100; ++i)
    body += std::string{i == 0 ? "" : ","} + R"({"type":"page","name":"n)"
            + std::to_string(i) + "\"}";
  const auto ids = enqueue(body + "]");
  BOOST_REQUIRE_EQUAL(ids.size(), 100u);
  for (size_t i : {0u, 57u, 99u})
    BOOST_TEST(*get_json("/api/jobs/" + ids[i]).get_string("name")
               == "n" + std::to_string(i));
}

BOOST_AUTO_TEST_CASE(nothing_is_stored_if_one_item_is_wrong) {
  begin();
  const auto x = json(send("POST", "/api/jobs",
                           R"([{"type":"page"},{"type":"nobody"},{"typ":1}])"),
                      400);
  BOOST_TEST(*x.get_string("code") == "invalid_argument");
  BOOST_TEST(at(x, "errors.0.pointer").as_string() == "/1/type");
  BOOST_TEST(at(x, "errors.1.pointer").as_string() == "/2/typ");
  BOOST_TEST(at(x, "errors").as_array().size() == 3u);
  BOOST_TEST(jobs_stored() == 0u);
  BOOST_TEST(send("POST", "/api/jobs", "[").status == 400);
  BOOST_TEST(send("POST", "/api/jobs", R"({"type":"manager"})").status == 400);
}

BOOST_AUTO_TEST_CASE(a_taken_key_gives_the_job_that_is_there) {
  begin();
  const std::string keyed
    = R"({"type":"page","unique_key":"k","run_at":"2199-01-01T00:00:00Z"})";
  const auto first = enqueue(keyed);
  const auto x
    = json(send("POST", "/api/jobs", "[" + page + "," + keyed + "]"), 201);
  BOOST_TEST(at(x, "ids.1").as_string() == first[0]);
  BOOST_TEST(at(x, "existing.0").as_int() == 1);
  BOOST_TEST(at(x, "existing").as_array().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_queue_answers_429_and_says_when_to_come_back) {
  settings.queue.length_max = 3;
  begin();
  enqueue("[" + later + "," + later + "]");
  const auto refused
    = send("POST", "/api/jobs", "[" + later + "," + later + "]");
  BOOST_TEST(refused.status == 429);
  BOOST_TEST(refused.header("retry-after") != "");
  BOOST_TEST(json(refused, 429).get_string("code").value_or("")
             == "limit_reached");
  enqueue(later);
  json(send("PUT", "/api/queues/small", R"({"length_max":1})"), 200);
  BOOST_TEST(send("POST", "/api/jobs", later).status == 429);
}

BOOST_AUTO_TEST_CASE(single_jobs_are_cancelled) {
  begin();
  const auto waits = enqueue(later)[0];
  BOOST_TEST(reason_of(waits) == "delayed_until");
  const auto x = json(send("POST", "/api/jobs/" + waits + "/cancel"), 200);
  BOOST_TEST(*x.get_string("status") == "cancelled");
  BOOST_TEST(status_of(waits) == "cancelled");
  BOOST_TEST(send("POST", "/api/jobs/" + waits + "/cancel").status == 400);
  {
    std::lock_guard lock{door->mutex};
    door->open = false;
  }
  const auto runs = enqueue(page)[0];
  wait_status(runs, "running");
  auto cancel = std::async(std::launch::async, [&] {
    return send("POST", "/api/jobs/" + runs + "/cancel").status;
  });
  // The worker sees it; this worker looks when it is woken.
  while (cancel.wait_for(1ms) != std::future_status::ready)
    door->changed.notify_all();
  BOOST_TEST(cancel.get() == 200);
  BOOST_TEST(status_of(runs) == "cancelled");
}

BOOST_AUTO_TEST_CASE(a_queue_is_paused_limited_and_resumed) {
  begin();
  auto x = json(send("POST", "/api/queues/mail/pause"), 200);
  BOOST_TEST(*x.get_bool("paused"));
  const auto id = enqueue(R"({"type":"page","queue":"mail"})")[0];
  BOOST_TEST(reason_of(id) == "queue_paused");
  x = get_json("/api/queues/mail");
  BOOST_TEST(*x.get_int("ready") == 1);
  BOOST_TEST(at(x, "oldest_at").is_string());
  BOOST_TEST(at(x, "oldest_age_ms").is_int());
  x = json(send("PUT", "/api/queues/mail", R"({"running_max":1})"), 200);
  BOOST_TEST(*x.get_int("running_max") == 1);
  BOOST_TEST(at(x, "length_max").is_null());
  x = get_json("/api/queues");
  BOOST_TEST(*x.get_int("count") == 2);
  BOOST_TEST(at(x, "queues.0.name").as_string() == "default");
  json(send("POST", "/api/queues/mail/resume"), 200);
  wait_status(id, "completed");
  x = json(send("PUT", "/api/queues/mail", R"({"running_max":null})"), 200);
  BOOST_TEST(at(x, "running_max").is_null());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_about_a_queue_is_refused) {
  begin();
  BOOST_TEST(send("GET", "/api/queues/nobody").status == 404);
  BOOST_TEST(send("POST", "/api/queues/nobody/resume").status == 404);
  BOOST_TEST(send("POST", "/api/queues/a%20b/pause").status == 400);
  for (const auto* body :
       {"", "[]", R"({"running_max":0})", R"({"running_max":"1"})",
        R"({"length_max":-1})", R"({"paused":1})", R"({"colour":1})"})
    BOOST_TEST(send("PUT", "/api/queues/q", body).status == 400, body);
  const auto x = json(send("PUT", "/api/queues/q", R"({"colour":1})"), 400);
  BOOST_TEST(at(x, "errors.0.pointer").as_string() == "/colour");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(idempotency_suite, fixture)

BOOST_AUTO_TEST_CASE(a_request_with_a_key_is_carried_out_once) {
  begin();
  const auto first = send("POST", "/api/jobs", page, "key-1");
  BOOST_TEST(first.status == 201);
  BOOST_TEST(first.header("idempotency-replayed") == "");
  for (int i = 0; i < 3; ++i) {
    const auto again = send("POST", "/api/jobs", page, "key-1");
    BOOST_TEST(again.status == 201);
    BOOST_TEST(again.body == first.body);
    BOOST_TEST(again.header("idempotency-replayed") == "true");
  }
  BOOST_TEST(jobs_stored() == 1u);
  BOOST_TEST(send("POST", "/api/jobs", later, "key-1").status == 422);
  BOOST_TEST(send("POST", "/api/queues/q/pause", "", "key-1").status == 422);
  BOOST_TEST(jobs_stored() == 1u);
}

BOOST_AUTO_TEST_CASE(any_post_is_answered_as_the_first_time) {
  begin();
  const auto first = send("POST", "/api/queues/q/pause", "", "p");
  BOOST_TEST(first.status == 200);
  send("POST", "/api/queues/q/resume");
  const auto again = send("POST", "/api/queues/q/pause", "", "p");
  BOOST_TEST(again.body == first.body);
  BOOST_TEST(again.header("idempotency-replayed") == "true");
  BOOST_TEST(!*get_json("/api/queues/q").get_bool("paused"));
}

BOOST_AUTO_TEST_CASE(who_was_refused_may_correct_himself) {
  begin();
  BOOST_TEST(send("POST", "/api/jobs", R"({"type":"nobody"})", "k").status
             == 400);
  BOOST_TEST(send("POST", "/api/jobs", page, "k").status == 201);
}

BOOST_AUTO_TEST_CASE(answers_are_known_after_a_restart) {
  begin();
  const auto first = send("POST", "/api/jobs", later, "k");
  end();
  begin();
  const auto again = send("POST", "/api/jobs", later, "k");
  BOOST_TEST(again.body == first.body);
  BOOST_TEST(jobs_stored() == 1u);
}

BOOST_AUTO_TEST_CASE(a_request_in_flight_is_a_conflict) {
  begin();
  {
    std::lock_guard lock{door->mutex};
    door->open = false;
  }
  const auto id = enqueue(page)[0];
  wait_status(id, "running");
  http_client slow{port};
  slow.send("POST /api/jobs/" + id
            + "/cancel HTTP/1.1\r\nHost: 127.0.0.1\r\n"
              "Idempotency-Key: k\r\nContent-Length: 0\r\n\r\n");
  wait_until([&] { return reason_of(id) == "cancelling"; });
  BOOST_TEST(send("POST", "/api/jobs/" + id + "/cancel", "", "k").status
             == 409);
  {
    std::lock_guard lock{door->mutex};
    door->open = true;
  }
  door->changed.notify_all();
  BOOST_TEST(slow.read_reply().status == 200);
  BOOST_TEST(send("POST", "/api/jobs/" + id + "/cancel", "", "k")
               .header("idempotency-replayed")
             == "true");
}

BOOST_AUTO_TEST_CASE(a_key_has_a_rule) {
  begin();
  const std::string longest(255, 'k');
  BOOST_TEST(send("POST", "/api/jobs", page, longest).status == 201);
  BOOST_TEST(send("POST", "/api/jobs", page, longest + "k").status == 400);
  BOOST_TEST(send("POST", "/api/jobs", page, "a b").status == 400);
  BOOST_TEST(send("POST", "/api/jobs", page, "\xc3\xa4").status == 400);
  // Only a POST has one.
  BOOST_TEST(send("GET", "/api/jobs", "", "a b").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()
