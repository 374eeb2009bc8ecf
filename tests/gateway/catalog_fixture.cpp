#include "tests/gateway/catalog_fixture.hpp"

#include "actors/gateway/runtime_actors.hpp"

#include <caf/scoped_actor.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace quaero::test {

namespace {

class parrot_logic : public definition_logic {
public:
  std::vector<std::string> validate(const step& x) override {
    if (x.config.find("refuse"))
      return {"refused: " + to_json(x.config)};
    return {};
  }

  init_result init(const step_context& x) override {
    init_result out;
    out.lines.push_back(
      say(log_level::info, "looked at " + to_json(x.definition.config)));
    if (x.definition.config.find("throw_at_init"))
      throw std::runtime_error("thrown: " + to_json(x.definition.config));
    return out;
  }

  step_output create(const step_context& x, const init_result&) override {
    const auto text = to_json(x.definition.config);
    step_output out;
    out.lines.push_back(say(log_level::info, "made from " + text));
    out.result = text;
    if (x.definition.config.find("inline")) {
      out.documents.push_back(document_of(text, "inline"));
      return out;
    }
    new_job job;
    job.type = "transform";
    job.name = "job " + x.definition.config.get_string("token").value_or("");
    job.config = text;
    job.metadata = text;
    job.unique_key = "";
    job.tags = {x.definition.config.get_string("token").value_or("tag")};
    job.retry.attempts = 2;
    job.retry.backoff = std::chrono::milliseconds{1};
    out.jobs.push_back(std::move(job));
    return out;
  }

  static document document_of(const std::string& text,
                              const std::string& source) {
    document x;
    x.source_type = "parrot";
    x.source_id = source + text.substr(0, 400);
    x.title = text;
    x.content_markdown = "# " + text;
    x.url = text;
    x.metadata = text;
    x.tags = {text};
    return x;
  }
};

job_outcome repeat(parrot& all, job_context& context) {
  const auto& text = context.job().config;
  {
    std::lock_guard guard{all.mutex};
    all.configs.push_back(text);
  }
  context.log(log_level::warn, "was given " + text);
  context.save(parrot_logic::document_of(text, "job"));
  value config;
  std::string error;
  parse_json(text, config, error);
  if (auto n = config.get_int("children").value_or(0); n > 0) {
    config.set("children", n - 1);
    new_job child;
    child.type = "transform";
    child.name = text;
    child.config = to_json(config);
    child.metadata = child.config;
    context.spawn(std::move(child));
  }
  if (config.find("fail"))
    return job_outcome::failure("failed with " + text);
  auto out = job_outcome::ok();
  out.result = text;
  return out;
}

std::vector<worker_kind> parrot_kinds(const std::shared_ptr<parrot>& all,
                                      const worker_environment& environment) {
  worker_kind x;
  x.step_type = x.job_type = "transform";
  x.definition = environment.system.spawn(definition_worker,
                                          std::make_shared<parrot_logic>());
  auto& sys = environment.system;
  x.spawn_worker = [all, &sys]() -> job_worker_actor {
    return sys.spawn(
      [all](job_worker_actor::pointer) -> job_worker_actor::behavior_type {
        return {[all](atom::execute, const job_context_ptr& context) {
          return repeat(*all, *context);
        }};
      });
  };
  return {x};
}

} // namespace

catalog_fixture::system_config::system_config() {
  add_message_types<caf::id_block::quaero_types>();
  set("scheduler.max-threads", 2);
  set("scheduler.policy", caf::atom("sharing"));
  set("logger.console-verbosity", caf::atom("quiet"));
  set("logger.file-verbosity", caf::atom("quiet"));
}

catalog_fixture::catalog_fixture() {
  settings.catalog.definitions_dir = folder.path() + "/definitions";
  settings.catalog.templates_dir = folder.path() + "/templates";
  for (const auto& x :
       {settings.catalog.definitions_dir, settings.catalog.templates_dir})
    std::filesystem::create_directories(x);
}

catalog_fixture::~catalog_fixture() {
  stop();
}

void catalog_fixture::stop() {
  server_.reset();
  rt.reset();
  sys_.reset();
}

void catalog_fixture::start() {
  sys_ = std::make_unique<caf::actor_system>(system_config_);
  settings.id_seed = ++boot_;
  rt = std::make_unique<runtime>(
    *sys_, settings, db, boot_, system_wall_clock(), key_lookup{},
    [this](const worker_environment& x) { return parrot_kinds(worker, x); });
  BOOST_REQUIRE(rt->recover());
  rt->start_schedules();
  config.port = 0;
  config.keys = rt->keys();
  config.on_shutdown = [this] { ++stops; };
  server_ = std::make_unique<gateway>();
  auto bound = server_->start(*sys_, config, gateway_actors_of(*rt));
  BOOST_REQUIRE(bound);
  port = *bound;
}

void catalog_fixture::restart() {
  stop();
  start();
}

http_reply catalog_fixture::send(const std::string& method,
                                 const std::string& target,
                                 const std::string& body,
                                 const http_client::fields& fields) {
  return http_client{port}.request(method, target, body, fields);
}

value catalog_fixture::json(const std::string& method,
                            const std::string& target, const std::string& body,
                            int status) {
  auto reply = send(method, target, body);
  BOOST_TEST(reply.status == status,
             method << " " << target << ": " << reply.body);
  return read_json(reply.body);
}

std::string catalog_fixture::run(const std::string& id,
                                 const std::string& body) {
  auto started
    = json("POST", "/api/job-definitions/" + id + "/execute", body, 202);
  auto job = started.get_string("job_id").value_or("");
  // The answer that a run is over may be some requests away.
  constexpr auto patience = std::chrono::seconds{20};
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    auto status = get_json("/api/jobs/" + job).get_string("status");
    if (status != "pending" && status != "running")
      return job;
    std::this_thread::yield();
  }
  BOOST_ERROR("the run does not end");
  return job;
}

void catalog_fixture::write(const std::string& name, const std::string& text) {
  std::ofstream{folder.path() + "/" + name, std::ios::binary} << text;
}

} // namespace quaero::test
