#include "bench/commands.hpp"
#include "bench/lines.hpp"
#include "bench/table.hpp"
#include "definitions/json.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace quaero::bench {

namespace {

struct options {
  std::string a;
  std::string b;
};

/// The newest of each kind, in the order of the file.
std::vector<value> newest(std::vector<value> all) {
  std::vector<value> out;
  for (auto& x : all) {
    const auto text = settings_text(x);
    const auto old = std::find_if(out.begin(), out.end(), [&](const value& y) {
      return settings_text(y) == text;
    });
    if (old == out.end())
      out.push_back(std::move(x));
    else
      *old = std::move(x);
  }
  return out;
}

/// What always differs, and says nothing.
bool is_passing(const std::string& name) {
  return name == "at" || name == "load_before";
}

/// Sentences about conditions that are not the same.
std::vector<std::string> differences(const value& a, const value& b) {
  std::vector<std::string> out;
  const auto* of_a = a.find("conditions");
  const auto* of_b = b.find("conditions");
  if (of_a == nullptr || of_b == nullptr || !of_a->is_object())
    return out;
  for (const auto& [name, x] : of_a->as_object()) {
    const auto* y = of_b->find(name);
    if (is_passing(name) || (y != nullptr && *y == x))
      continue;
    out.push_back(name + ": " + to_json(x) + " and "
                  + (y == nullptr ? "nothing" : to_json(*y)));
  }
  return out;
}

void print_pair(const value& a, const value& b) {
  std::printf("%s\n", settings_text(a).c_str());
  table out{{"", "A", "B", "B / A"}};
  for (const auto& [name, x] : figures_of(a)) {
    const auto y = number_at(b, name);
    if (!y)
      continue;
    char ratio[32] = "";
    if (x != 0)
      std::snprintf(ratio, sizeof ratio, "%.3f", *y / x);
    out.add({"  " + name, number_text(x), number_text(*y), ratio});
  }
  std::printf("%s", out.text().c_str());
  for (const auto& x : differences(a, b))
    std::printf("  other conditions: %s\n", x.c_str());
  std::printf("\n");
}

void compare(const options& x) {
  const auto all_a = newest(read_lines(x.a));
  auto all_b = newest(read_lines(x.b));
  for (const auto& a : all_a) {
    const auto text = settings_text(a);
    const auto b
      = std::find_if(all_b.begin(), all_b.end(),
                     [&](const value& y) { return settings_text(y) == text; });
    if (b == all_b.end()) {
      std::printf("only in %s: %s\n\n", x.a.c_str(), text.c_str());
      continue;
    }
    print_pair(a, *b);
    all_b.erase(b);
  }
  for (const auto& b : all_b)
    std::printf("only in %s: %s\n\n", x.b.c_str(), settings_text(b).c_str());
}

} // namespace

void add_compare_command(CLI::App& app, int& exit_code) {
  auto x = std::make_shared<options>();
  auto* command = app.add_subcommand(
    "compare", "put the measurements of two files of JSON lines side by side");
  command->add_option("A", x->a, "file")->required();
  command->add_option("B", x->b, "file")->required();
  command->callback([x, &exit_code] {
    try {
      compare(*x);
    } catch (const std::runtime_error& e) {
      std::fprintf(stderr, "quaero-bench: compare: %s\n", e.what());
      exit_code = 2;
    }
  });
}

} // namespace quaero::bench
