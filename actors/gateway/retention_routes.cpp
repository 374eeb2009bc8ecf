// What is removed by itself, and what becomes of its room.

#include "actors/gateway/router.hpp"
#include "definitions/time.hpp"

namespace quaero {

namespace {

void set_time(value& out, const char* name, timestamp x) {
  if (x != timestamp{})
    out.set(name, to_rfc3339(x));
}

value retention_json(const retention_report& x) {
  auto out = value::make_object({{"limited", x.limited},
                                 {"running", x.running},
                                 {"passes", x.passes},
                                 {"removed_trees", x.trees},
                                 {"removed_jobs", x.jobs},
                                 {"kept_trees", x.kept},
                                 {"last_removed_trees", x.last_trees},
                                 {"last_removed_jobs", x.last_jobs}});
  set_time(out, "last_pass_at", x.last_at);
  set_time(out, "next_pass_at", x.next_at);
  return out;
}

value compaction_json(const compaction_report& x) {
  const auto took
    = std::chrono::duration_cast<std::chrono::milliseconds>(x.last_took);
  auto out = value::make_object({{"running", x.running},
                                 {"compactions", x.compactions},
                                 {"last_took_ms", int64_t{took.count()}}});
  set_time(out, "last_at", x.last_at);
  return out;
}

void get_retention(const exchange_ptr& ex) {
  if (!ex->actors().retention || !ex->actors().compactor)
    return ex->reply(make_problem(404, "not_found", "there is no retention"));
  ex->ask<retention_report>(
    ex->actors().retention,
    [ex](const retention_report& kept) {
      ex->ask<compaction_report>(
        ex->actors().compactor,
        [ex, kept](const compaction_report& compacted) {
          auto out = retention_json(kept);
          out.set("compaction", compaction_json(compacted));
          ex->reply(out);
        },
        atom::get_v);
    },
    atom::get_v);
}

} // namespace

const std::vector<route>& retention_routes() {
  static const std::vector<route> routes{
    {"GET", "/api/retention", get_retention},
  };
  return routes;
}

} // namespace quaero
