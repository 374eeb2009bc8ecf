#include "actors/job_context.hpp"
#include "bench/exact.hpp"
#include "bench/histogram.hpp"
#include "bench/measured_run.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <CLI/CLI.hpp>

namespace quaero::bench {

namespace {

constexpr const char* type = "talker";
constexpr std::chrono::seconds line_limit{60};

/// Lines that may be said and not yet seen, and how many are said at a time.
constexpr uint64_t unseen_max = 100'000;
constexpr uint64_t lines_at_a_time = 5'000;

/// What the job, its follower and who measures agree on.
struct conversation {
  uint64_t lines = 0; ///< Of the job.
  std::string text;
  caf::actor tell;      ///< `done` when all are seen, then `wake` for each.
  caf::actor talker;    ///< Known before the first line.
  bool in_order = true; ///< Of the lines that were seen; no gap, none twice.
};
using conversation_ptr = std::shared_ptr<conversation>;

/// A worker that can be told that lines were seen.
using talker_actor
  = job_worker_actor::extend<caf::reacts_to<atom::wake, uint64_t>>;

struct talker_state {
  job_context_ptr context;
  caf::typed_response_promise<job_outcome> reply;
  uint64_t said = 0;
};

void talk(talker_actor::stateful_pointer<talker_state> self,
          const conversation& about, uint64_t seen) {
  auto& st = self->state;
  if (st.context == nullptr)
    return;
  while (st.said < about.lines && st.said - seen < unseen_max) {
    const auto end
      = std::min({about.lines, st.said + lines_at_a_time, seen + unseen_max});
    for (; st.said < end; ++st.said)
      st.context->log(log_level::info, about.text);
  }
  if (st.said == about.lines) {
    st.context = nullptr;
    st.reply.deliver(job_outcome::ok());
  }
}

talker_actor::behavior_type
talker(talker_actor::stateful_pointer<talker_state> self,
       const conversation_ptr& about) {
  about->talker = caf::actor_cast<caf::actor>(self);
  return {
    [=](atom::execute, const job_context_ptr& x) {
      self->state.context = x;
      self->state.reply = self->make_response_promise<job_outcome>();
      auto reply = self->state.reply;
      talk(self, *about, 0);
      return reply;
    },
    [=](atom::wake, uint64_t seen) { talk(self, *about, seen); },
  };
}

struct follower_state {
  uint64_t seen = 0;
  uint64_t told = 0;
};

/// Sees all lines as they are published.
event_sink_actor::behavior_type
follower(event_sink_actor::stateful_pointer<follower_state> self,
         const conversation_ptr& about) {
  return {
    [=](atom::publish, const event_block_ptr& block) {
      auto& st = self->state;
      for (const auto& line : block->lines) {
        ++st.seen;
        if (st.seen <= about->lines)
          about->in_order = about->in_order && line.index == st.seen;
        if (st.seen == about->lines)
          caf::anon_send(about->tell, atom::done_v);
        else if (st.seen > about->lines)
          caf::anon_send(about->tell, atom::wake_v);
      }
      if (st.seen - st.told > lines_at_a_time && st.seen < about->lines) {
        st.told = st.seen;
        caf::anon_send(about->talker, atom::wake_v, st.seen);
      }
    },
  };
}

worker_kinds kinds_of(const conversation_ptr& about) {
  return [about](const worker_environment& x) {
    worker_kind out;
    out.job_type = type;
    out.slots = 1;
    out.spawn_worker = [about, system = &x.system] {
      return caf::actor_cast<job_worker_actor>(system->spawn(talker, about));
    };
    return std::vector<worker_kind>{std::move(out)};
  };
}

/// Lines of a job as fast as they are stored; then how soon a follower sees a
/// line that is committed alone.
class logs_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  void add_options(CLI::App& app) override {
    app.add_option("--lines", lines_, "of one job")
      ->check(CLI::Range(uint64_t{1}, uint64_t{100'000'000}))
      ->capture_default_str();
    app.add_option("--line-bytes", line_bytes_, "of each line")
      ->check(CLI::Range(1, 65'536))
      ->capture_default_str();
    app.add_option("--tail", tail_, "lines that are committed alone")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  }

  std::string fit(bench_options& how) override {
    how.jobs = 1;
    return {};
  }

  value settings() const override {
    return value::make_object({{"lines", lines_}, {"line_bytes", line_bytes_}});
  }

  measurement run(const bench_options& how) override {
    auto about = std::make_shared<conversation>();
    about->lines = lines_;
    about->text.assign(line_bytes_, 'x');
    measured_run x{how, about_.name, 1, kinds_of(about)};
    auto& rt = x.runtime();
    about->tell = caf::actor_cast<caf::actor>(rt.self());
    rt.self()->send(rt.actors().hub, atom::subscribe_v,
                    event_sink_actor{rt.system().spawn(follower, about)});
    auto job = make_noop(how.payload);
    job.type = type;
    auto one = how;
    one.clients = one.batch = 1;
    x.begin();
    rt.submit(1, job, one);
    rt.await_done();
    x.end(lines_);
    const auto tail = measure_tail(x, how);
    // The one who waits is gone before the runtime is.
    about->tell = about->talker = nullptr;
    auto out = x.finish([&](const storage::store& db) {
      return about->in_order ? check_lines(db) : "lines were lost or mixed up";
    });
    out.more.set("tail", as_value(tail));
    return out;
  }

private:
  /// From the end of the write that made a line durable as asked.
  histogram measure_tail(measured_run& x, const bench_options& how) const {
    auto& rt = x.runtime();
    histogram out;
    id_generator ids{system_wall_clock(), 2};
    const auto owner = ids.next();
    for (uint32_t i = 0; i < tail_; ++i) {
      auto said = std::make_shared<commit>();
      said->level = how.level;
      said->lines.push_back({owner, owner, owner, log_level::info,
                             log_origin::worker, system_wall_clock().now(),
                             std::string(line_bytes_, 'x')});
      caf::anon_send(rt.actors().collector, atom::commit_v, std::move(said));
      bool seen = true;
      rt.self()->receive([](atom::wake) {},
                         caf::after(line_limit) >> [&] { seen = false; });
      if (!seen)
        throw std::runtime_error{"a line was not seen for a minute"};
      out.add(clock::now() - x.db().last_write());
    }
    return out;
  }

  std::string check_lines(const storage::store& db) const {
    storage::totals all;
    require(storage::read_totals(db, all));
    const auto wanted = lines_ + tail_;
    return all.log_sequence == wanted
             ? ""
             : std::to_string(all.log_sequence) + " lines are there";
  }

  uint64_t lines_ = 1'000'000;
  uint32_t line_bytes_ = 60;
  uint32_t tail_ = 1000;
  const description about_{"logs",
                           "lines of a job, and how soon a follower sees one",
                           "line",
                           {.raw = true},
                           {}};
};

} // namespace

std::unique_ptr<scenario> make_logs_scenario() {
  return std::make_unique<logs_scenario>();
}

} // namespace quaero::bench
