#include "programs/daemon/daemon.hpp"

#include "actors/deadlines.hpp"
#include "actors/gateway/runtime_actors.hpp"
#include "actors/token_secret.hpp"
#include "actors/workers/registry.hpp"
#include "definitions/kill_point.hpp"
#include "definitions/log.hpp"
#include "programs/daemon/built.hpp"
#include "programs/daemon/node_options.hpp"
#include "programs/daemon/workers_of.hpp"
#include "storage/format.hpp"
#include "storage/job_index.hpp"
#include "storage/leveldb_store.hpp"
#include "storage/tables.hpp"

#include <caf/scoped_actor.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace fs = std::filesystem;

namespace quaero {

namespace {

/// What others call this machine.
std::string host_name() {
  char out[256] = {};
  if (::gethostname(out, sizeof(out) - 1) != 0 || out[0] == '\0')
    return "local";
  return out;
}

std::string read_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// The TOML files directly in `dir`, by name.
std::vector<fs::path> toml_files(const std::string& dir) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator i{dir, error}, end; !error && i != end;
       i.increment(error))
    if (i->path().extension() == ".toml")
      out.push_back(i->path());
  std::sort(out.begin(), out.end());
  return out;
}

durability durability_of(const std::string& text) {
  durability out = durability::group;
  from_string(text, out);
  return out;
}

std::chrono::milliseconds in_ms(std::chrono::nanoseconds x) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(x);
}

// All but the address.
gateway_config gateway_config_of(const settings& x) {
  gateway_config out;
  out.docs_dir = x.docs_dir;
  out.tls_certificate = x.tls.certificate;
  out.tls_key = x.tls.key;
  out.body_bytes_max = x.http.body_bytes_max;
  out.bodies_bytes_max = x.http.bodies_bytes_max;
  out.header_bytes_max = x.http.header_bytes_max;
  out.headers_max = x.http.headers_max;
  out.target_bytes_max = x.http.target_bytes_max;
  out.connections_max = x.http.connections_max;
  out.stream_bytes_max = x.http.stream_bytes_max;
  out.message_bytes_max = x.http.message_bytes_max;
  out.gzip_bytes_min = x.http.gzip_bytes_min;
  out.idle_timeout = in_ms(x.http.idle_timeout);
  out.read_timeout = in_ms(x.http.read_timeout);
  out.request_timeout = in_ms(x.http.request_timeout);
  out.write_timeout = in_ms(x.http.write_timeout);
  out.ping_interval = in_ms(x.http.ping_interval);
  return out;
}

} // namespace

system_config::system_config(uint64_t threads, bool remote) {
  add_message_types<caf::id_block::quaero_types>();
  if (remote)
    use_remote_work(*this);
  // Polls nothing while idle, and wakes up sooner than work stealing.
  set("scheduler.policy", caf::atom("sharing"));
  const auto cores = std::max(1u, std::thread::hardware_concurrency());
  set("scheduler.max-threads", threads == 0 ? uint64_t{cores} : threads);
  set("logger.file-verbosity", caf::atom("quiet"));
  set("logger.console-verbosity", caf::atom("quiet"));
}

daemon::daemon(settings how) : settings_{std::move(how)} {}

daemon::~daemon() {
  stopping_ = true;
  gateway_.stop();
  if (hub_side_)
    hub_side_->stop();
  runtime_.reset();
  hub_side_.reset();
  system_.reset(); // waits until every actor is gone
}

std::string daemon::open_database() {
  std::error_code error;
  // Secrets are in it as they are.
  if (fs::create_directories(settings_.data_dir, error) && !error)
    fs::permissions(settings_.data_dir, fs::perms::owner_all, error);
  if (error)
    return "data directory " + settings_.data_dir
           + " cannot be made: " + error.message();
  settings_.data_dir = fs::absolute(settings_.data_dir).lexically_normal();
  storage::leveldb_options options;
  options.write_buffer_bytes = settings_.store.write_buffer_mib << 20;
  options.block_cache_bytes = settings_.store.block_cache_mib << 20;
  options.compression = settings_.store.compression;
  std::unique_ptr<storage::store> db;
  auto result = storage::open_leveldb(settings_.data_dir + "/db", options, db);
  if (result.code == storage::errc::busy)
    return "data directory " + settings_.data_dir
           + " is in use by another daemon; stop it, or choose another one "
             "with --data-dir";
  kill_point(kill_at::start_after_open);
  if (result.ok())
    result = storage::open_format(*db);
  if (result.ok())
    result = storage::open_job_index(*db, [](uint64_t jobs) {
      if (jobs > 0)
        log::info("index.building", {{"jobs", jobs}});
    });
  if (result.ok())
    result = storage::next_boot(*db, boot_);
  if (!result.ok())
    return "database " + settings_.data_dir + "/db: " + result.message;
  kill_point(kill_at::start_after_boot);
  db_ = std::move(db);
  // What an earlier daemon left behind leads nowhere.
  for (auto name : {"endpoint", "admin.token"})
    fs::remove(fs::path{settings_.data_dir} / name, error);
  return {};
}

std::string daemon::open_nodes() {
  if (settings_.nodes.listen.empty())
    return {};
  hub_side_ = std::make_unique<hub_side>(settings_, host_name());
  return hub_side_->open();
}

std::string daemon::load_variables() {
  variables found;
  for (const auto& path : toml_files(settings_.variables_dir)) {
    auto problems = read_variables(read_file(path), found);
    if (!problems.empty())
      return path.string() + ": " + problems.front();
  }
  std::lock_guard guard{keys_mutex_};
  variables_ = std::move(found);
  return {};
}

std::optional<key_text> daemon::find_key(std::string_view key) const {
  std::lock_guard guard{keys_mutex_};
  for (const auto* from : {&own_, &variables_})
    if (auto i = from->find(key); i != from->end())
      return key_text{i->second};
  return std::nullopt;
}

void daemon::load_definitions() {
  // What is wrong with them is in the log.
  caf::scoped_actor self{*system_};
  self->request(runtime_->catalog, store_deadline, atom::load_v)
    .receive([](const load_report&) {},
             [](const caf::error& e) {
               log::error("definitions.not_loaded", {{"error", message_of(e)}});
             });
}

std::string daemon::listen() {
  auto how = gateway_config_of(settings_);
  if (!split_listen(settings_.listen, how.address, how.port))
    return "listen: '" + settings_.listen + "' is not HOST:PORT";
  how.settings = settings_value(settings_);
  how.keys = runtime_->keys();
  how.job_types = runtime_->job_types;
  how.submit_durability = durability_of(settings_.durability);
  how.on_shutdown = on_stop_;
  how.live.clients_max = settings_.live.clients_max;
  how.insecure = settings_.http.insecure;
  split_origins(settings_.http.cors_origins, how.cors_origins);
  how.meter = meter_;
  const auto facts = built();
  how.version = facts.version;
  how.build = facts.build;
  how.git_commit = facts.git_commit;
  const auto secret = make_secret(system_random);
  if (secret.empty())
    return "the system has no randomness for a token";
  how.local_token = hash_secret(secret);
  how.node = host_name();
  auto actors = gateway_actors_of(*runtime_);
  if (hub_side_)
    actors.nodes = hub_side_->admin();
  auto port = gateway_.start(*system_, how, std::move(actors));
  if (!port)
    return message_of(port.error());
  url_ = gateway_.url();
  {
    std::lock_guard guard{keys_mutex_};
    own_["server-url"] = url_;
  }
  return write_admin_token(secret);
}

// For the command line of this user on this machine: who may read the file may
// do everything with the database anyway.
std::string daemon::write_admin_token(const std::string& secret) const {
  const auto path = (fs::path{settings_.data_dir} / "admin.token").string();
  const auto part = path + ".part";
  ::unlink(part.c_str());
  const int fd
    = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
             S_IRUSR | S_IWUSR);
  if (fd < 0)
    return "cannot write " + part + ": " + std::strerror(errno);
  const auto line = secret + '\n';
  const bool written = ::write(fd, line.data(), line.size())
                       == static_cast<ssize_t>(line.size());
  ::close(fd);
  if (!written || ::rename(part.c_str(), path.c_str()) != 0)
    return "cannot write " + path + ": " + std::strerror(errno);
  return {};
}

std::string daemon::write_endpoint() const {
  const auto path = fs::path{settings_.data_dir} / "endpoint";
  const auto part = path.string() + ".part";
  {
    std::ofstream out{part, std::ios::trunc};
    out << url_ << '\n';
    if (!out.flush())
      return "cannot write " + part;
  }
  std::error_code error;
  fs::rename(part, path, error); // so that a reader never sees half of it
  return error ? "cannot write " + path.string() + ": " + error.message()
               : std::string{};
}

std::string daemon::check_workers() const {
  const auto& known = registered_types();
  for (const auto& [type, slots] : settings_.worker_slots) {
    if (std::find(known.begin(), known.end(), type) != known.end())
      continue;
    std::string names;
    for (const auto& x : known)
      names += (names.empty() ? "" : ", ") + x;
    return "workers." + type + ".slots: no such worker type; there are "
           + names;
  }
  return {};
}

std::string daemon::read_own_labels() {
  const auto why = read_labels(settings_.nodes.labels, labels_);
  return why.empty() ? why : "nodes.labels: " + why;
}

std::string daemon::start() {
  if (auto why = check_workers(); !why.empty())
    return why;
  if (auto why = read_own_labels(); !why.empty())
    return why;
  if (auto why = open_database(); !why.empty())
    return why;
  if (auto why = load_variables(); !why.empty())
    return why;
  if (!settings_.docs_dir.empty())
    own_["docs-dir"] = fs::absolute(settings_.docs_dir);
  if (!settings_.definitions_dir.empty())
    own_["definitions-dir"] = fs::absolute(settings_.definitions_dir);
  own_["data-dir"] = settings_.data_dir;
  if (auto why = open_nodes(); !why.empty())
    return why;
  config_ = std::make_unique<system_config>(settings_.actor_threads,
                                            hub_side_ != nullptr);
  system_ = std::make_unique<caf::actor_system>(*config_);
  runtime_ = std::make_unique<runtime>(
    *system_, runtime_settings(), db_, boot_, system_wall_clock(),
    [this](std::string_view key) { return find_key(key); },
    registered_workers(workers_of(settings_)));
  runtime_->on_loss([this](const caf::error& why) {
    if (stopping_ || failed_.exchange(true))
      return;
    log::error("daemon.lost_an_actor", {{"reason", message_of(why)}});
    if (on_failure_)
      on_failure_();
  });
  if (hub_side_)
    hub_side_->spawn(*system_, *runtime_, db_, boot_, built().version);
  if (auto why = listen(); !why.empty())
    return why;
  auto runs = runtime_->recover();
  if (!runs)
    return "the database cannot be read: " + message_of(runs.error());
  load_definitions();
  if (hub_side_)
    if (auto why = hub_side_->listen(); !why.empty())
      return why;
  runtime_->start_schedules();
  kill_point(kill_at::start_before_endpoint);
  if (auto why = write_endpoint(); !why.empty())
    return why;
  log::info("daemon.ready", {{"url", url_},
                             {"data_dir", settings_.data_dir},
                             {"start", boot_},
                             {"runs_recovered", *runs}});
  return {};
}

runtime_config daemon::runtime_settings() {
  runtime_config how;
  how.queue.length_max = settings_.queue.length_max;
  how.log.streams.events_kept_max = settings_.live.events_kept;
  how.queue.queues_max = settings_.queue.queues_max;
  how.queue.lease = settings_.queue.lease;
  how.node = host_name();
  how.labels = labels_;
  how.answers.keep = settings_.idempotency.keep;
  how.queue.report_durability = durability_of(settings_.durability);
  how.scheduler.missed_max = settings_.scheduler.missed_max;
  how.audit.records_max = settings_.audit.records_max;
  how.audit.age_max = settings_.audit.age_max;
  how.retention.limits = settings_.retention.limits;
  how.retention.interval = settings_.retention.interval;
  how.compactor.interval = settings_.compaction.interval;
  how.compactor.jobs_min = settings_.compaction.jobs_min;
  how.meter = meter_ = std::make_shared<metrics>(built());
  how.id_seed = std::random_device{}();
  how.id_seed = how.id_seed << 32 | std::random_device{}();
  how.keys.reserved = {"server-url", "docs-dir", "definitions-dir", "data-dir"};
  how.catalog.definitions_dir = settings_.definitions_dir;
  how.catalog.templates_dir = settings_.templates_dir;
  how.catalog.reload_variables = [this] { return load_variables(); };
  // Jobs that nodes had may still go on there.
  if (hub_side_)
    how.queue.claim_grace = how.queue.lease;
  return how;
}

// Returns when the record is on disk.
void daemon::record_stop() {
  caf::scoped_actor self{*system_};
  audit_record x;
  x.at = system_wall_clock().now();
  x.status = 200;
  x.caller = "signal";
  x.method = "STOP";
  self->send(runtime_->audit, atom::put_v, audit_block{{std::move(x)}});
  // With this answer the commit is on its way, and the next one is behind it.
  self->request(runtime_->audit, answer_deadline, atom::status_v)
    .receive([](const actor_status&) {}, [](const caf::error&) {});
  self
    ->request(runtime_->store, answer_deadline, atom::commit_v,
              std::make_shared<commit>())
    .receive([] {}, [](const caf::error&) {});
}

bool daemon::stop() {
  stopping_ = true;
  log::info("daemon.stopping", {});
  std::error_code error;
  for (auto name : {"endpoint", "admin.token"})
    fs::remove(fs::path{settings_.data_dir} / name, error);
  if (!failed_)
    record_stop();
  const bool idle = !failed_ && runtime_->drain(settings_.drain_timeout);
  gateway_.stop();
  if (hub_side_)
    hub_side_->stop();
  if (!failed_)
    db_->sort_log();
  log::info("daemon.stopped", {{"idle", idle}});
  return idle;
}

} // namespace quaero
