#include "bench/scenario.hpp"

#include "bench/conditions.hpp"

#include <algorithm>

namespace quaero::bench {

namespace {

value or_null(std::optional<double> x) {
  return x ? value{*x} : value{};
}

value as_value(const store_counts& x, uint64_t count, const std::string& unit) {
  auto each = [](uint64_t n, uint64_t of) {
    return of == 0 ? 0.0 : static_cast<double>(n) / static_cast<double>(of);
  };
  return value::make_object({{"ops_per_" + unit, each(x.operations, count)},
                             {"bytes_per_" + unit, each(x.bytes, count)},
                             {unit + "s_per_commit", each(count, x.commits)},
                             {"commits", x.commits},
                             {"synced_commits", x.synced},
                             {"write_s", x.write_s}});
}

/// The figures of one run.
value figures_of(const measurement& x, const std::string& unit, bool has_raw) {
  auto out = value::make_object();
  if (x.per_s > 0)
    out.set(unit + "s_per_s", x.per_s);
  if (has_raw && x.per_s > 0) {
    out.set("raw_" + unit + "s_per_s", or_null(x.raw_per_s));
    out.set("ratio", or_null(x.ratio()));
  }
  for (const auto& [name, number] : x.more.as_object())
    out.set(name, number);
  return out;
}

double rank_of(const measurement& x) {
  return x.rank != 0 ? x.rank : x.per_s;
}

void set_spread(value& line, const std::string& name,
                const std::vector<measurement>& runs,
                std::optional<double> (*figure)(const measurement&)) {
  std::optional<double> least;
  std::optional<double> most;
  for (const auto& x : runs)
    if (const auto y = figure(x)) {
      least = std::min(least.value_or(*y), *y);
      most = std::max(most.value_or(*y), *y);
    }
  if (least && *most > 0) {
    line.set(name + "_min", *least);
    line.set(name + "_max", *most);
  }
}

} // namespace

value as_line(const scenario& what, const bench_options& how,
              std::vector<measurement> runs) {
  const auto& about = what.about();
  const auto& unit = about.unit;
  auto line = value::make_object({{"scenario", about.name}});
  for (const auto& options : {settings_of(how, about.takes), what.settings()})
    for (const auto& [name, x] : options.as_object())
      line.set(name, x);
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) {
    return rank_of(a) < rank_of(b);
  });
  const auto& middle = runs[runs.size() / 2];
  const auto figures = figures_of(middle, unit, about.takes.raw);
  for (const auto& [name, x] : figures.as_object())
    line.set(name, x);
  set_spread(line, unit + "s_per_s", runs,
             [](const measurement& x) { return std::optional{x.per_s}; });
  set_spread(line, "ratio", runs,
             [](const measurement& x) { return x.ratio(); });
  if (middle.runtime)
    line.set("store", as_value(*middle.runtime, middle.count, unit));
  if (middle.raw)
    line.set("raw_store", as_value(*middle.raw, middle.count, unit));
  line.set("exact", true);
  value::array all;
  for (const auto& x : runs)
    all.push_back(figures_of(x, unit, about.takes.raw));
  line.set("runs", std::move(all));
  line.set("conditions", conditions(how));
  return line;
}

} // namespace quaero::bench
