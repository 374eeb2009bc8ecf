#include "bench/child.hpp"
#include "bench/commands.hpp"
#include "bench/lines.hpp"
#include "bench/plot.hpp"
#include "bench/table.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace quaero::bench {

namespace {

struct options {
  std::string scenario;
  std::string vary;
  std::vector<std::string> values;
  std::string figure;
  std::string svg;
  bool plot = true;
  bool json = false;
  std::vector<std::string> others; ///< For the scenario.
};

/// Without the dashes before it.
std::string plain_name(const std::string& option) {
  return option.substr(std::min(option.find_first_not_of('-'), option.size()));
}

std::string cell(const value& line, const std::string& name) {
  const auto x = number_at(line, name);
  return x ? number_text(*x) : "";
}

plot_point point_of(const std::string& at, const value& line,
                    const std::string& figure) {
  plot_point out;
  out.x = at;
  out.y = number_at(line, figure).value_or(0);
  out.least = number_at(line, figure + "_min").value_or(out.y);
  out.most = number_at(line, figure + "_max").value_or(out.y);
  out.raw = number_at(line, "raw_" + figure);
  return out;
}

class sweep {
public:
  explicit sweep(options x) : asked_{std::move(x)} {}

  /// @returns the exit code.
  int run() {
    for (const auto& at : asked_.values) {
      std::vector<std::string> words{asked_.scenario};
      words.insert(words.end(), asked_.others.begin(), asked_.others.end());
      words.push_back("--" + plain_name(asked_.vary));
      words.push_back(at);
      const auto lines = measure_in_child(std::move(words));
      if (lines.size() != 1)
        throw child_failed{2, "sweep: one measurement at a time; say which"};
      add(at, lines[0]);
    }
    if (!asked_.json)
      print_table();
    if (asked_.plot)
      plot();
    return 0;
  }

private:
  void add(const std::string& at, const value& line) {
    if (asked_.json)
      print(line, true);
    if (asked_.figure.empty())
      asked_.figure = headline_of(line);
    if (!number_at(line, asked_.figure))
      throw child_failed{2, "--figure: the scenario has no figure '"
                              + asked_.figure + "'"};
    lines_.push_back(line);
    points_.push_back(point_of(at, line, asked_.figure));
  }

  void print_table() const {
    const auto& name = asked_.figure;
    table out{{plain_name(asked_.vary), name, "least", "most", "database alone",
               "ratio"}};
    for (size_t i = 0; i < lines_.size(); ++i)
      out.add({points_[i].x, number_text(points_[i].y),
               number_text(points_[i].least), number_text(points_[i].most),
               cell(lines_[i], "raw_" + name), cell(lines_[i], "ratio")});
    std::printf("%s: %s by %s\n%s", asked_.scenario.c_str(), name.c_str(),
                plain_name(asked_.vary).c_str(), out.text().c_str());
  }

  void plot() const {
    const auto vary = plain_name(asked_.vary);
    const auto path
      = asked_.svg.empty() ? asked_.scenario + '-' + vary + ".svg" : asked_.svg;
    write_plot(path, {asked_.scenario, vary, asked_.figure}, points_);
    std::fprintf(stderr, "quaero-bench: %s\n", path.c_str());
  }

  options asked_;
  std::vector<value> lines_;
  std::vector<plot_point> points_;
};

int run(const options& x) {
  if (const auto problem = x.plot ? plot_problem() : ""; !problem.empty()) {
    std::fprintf(stderr, "quaero-bench: sweep: %s\n", problem.c_str());
    return 2;
  }
  try {
    return sweep{x}.run();
  } catch (const child_failed& e) {
    std::fprintf(stderr, "quaero-bench: %s\n", e.what());
    return e.exit();
  }
}

} // namespace

void add_sweep_command(CLI::App& app, int& exit_code) {
  auto x = std::make_shared<options>();
  auto* command = app.add_subcommand(
    "sweep", "run a scenario with one option at several values, and plot it");
  command->add_option("scenario", x->scenario)->required();
  command->add_option("--vary", x->vary, "an option of the scenario")
    ->required();
  command->add_option("--values", x->values, "of it: a,b,c")
    ->delimiter(',')
    ->required();
  command->add_option("--figure", x->figure,
                      "to be shown; default: what the scenario is about");
  command->add_option("--svg", x->svg,
                      "file for the plot; default: SCENARIO-OPTION.svg");
  command->add_flag("!--no-svg", x->plot, "no plot");
  command->add_flag("--json", x->json, "a JSON line for each value");
  command->footer("Other options are those of the scenario.");
  command->allow_extras();
  command->callback([x, command, &exit_code] {
    x->others = command->remaining();
    exit_code = run(*x);
  });
}

} // namespace quaero::bench
