#include "bench/exact.hpp"
#include "bench/harness.hpp"
#include "bench/scenario.hpp"

#include <filesystem>

namespace quaero::bench {

namespace {

/// Queues jobs while nobody executes any, ends the runtime, and starts another
/// one on the database, with a worker.
class recover_scenario final : public scenario {
public:
  const description& about() const override { return about_; }

  measurement run(const bench_options& how) override {
    const auto dir = how.dir + '/' + about_.name;
    const auto config = runtime_of(how, how.jobs);
    {
      auto db = make_database(dir, how.store);
      {
        bench_runtime rt{db, how, config, no_workers};
        rt.recover();
        rt.submit(how.jobs, make_noop(how.payload), how);
      }
      db->sort_log(); // as a daemon does when it is stopped
    }
    measurement out;
    auto& more = out.more;
    const auto begin = clock::now();
    auto db = open_database(dir, how.store);
    more.set("opened_s", seconds_since(begin));
    {
      bench_runtime rt{db, how, config, noop_only(how.slots)};
      rt.count_ends(1);
      rt.count_ends(how.jobs);
      rt.recover();
      more.set("recovered_s", seconds_since(begin));
      rt.await_done();
      out.rank = seconds_since(begin);
      more.set("first_s", out.rank);
      rt.await_done();
      more.set("all_s", seconds_since(begin));
    }
    out.problem = check_totals(*db, how.jobs);
    db.reset();
    std::filesystem::remove_all(dir);
    return out;
  }

private:
  static bench_options defaults() {
    bench_options out;
    out.jobs = 1'000'000;
    out.runs = 1;
    return out;
  }

  const description about_{"recover",
                           "start with many jobs that wait, to the first end",
                           "job",
                           {.jobs = true, .submission = true, .slots = true},
                           defaults()};
};

} // namespace

std::unique_ptr<scenario> make_recover_scenario() {
  return std::make_unique<recover_scenario>();
}

} // namespace quaero::bench
