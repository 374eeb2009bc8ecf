#include "bench/lines.hpp"

#include "definitions/json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace quaero::bench {

namespace {

/// Members of a line that say what was asked for.
constexpr std::array setting_names{
  "scenario",    "durability", "jobs",       "payload_bytes", "batch",
  "in_flight",   "clients",    "slots",      "warm_up",       "over",
  "mode",        "history",    "rate",       "worker",        "layers",
  "width",       "lines",      "line_bytes", "actors",        "one_in",
  "commit_jobs", "part",       "rounds",     "schedules",     "connections",
};

bool is_setting(const std::string& name) {
  return std::find(setting_names.begin(), setting_names.end(), name)
         != setting_names.end();
}

void collect(const value& x, const std::string& name,
             std::vector<std::pair<std::string, double>>& out) {
  if (x.is_number())
    out.emplace_back(name, x.as_double());
  else if (x.is_object())
    for (const auto& [member, y] : x.as_object())
      collect(y, name + '.' + member, out);
}

} // namespace

std::vector<value> parse_lines(std::string_view text, const std::string& from) {
  std::vector<value> out;
  size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty())
      continue;
    std::string error;
    value x;
    if (!parse_json(line, x, error) || !x.is_object()
        || x.find("scenario") == nullptr)
      throw std::runtime_error{from + ':' + std::to_string(number)
                               + ": no measurement"
                               + (error.empty() ? "" : ": " + error)};
    out.push_back(std::move(x));
  }
  return out;
}

std::vector<value> read_lines(const std::string& path) {
  std::ifstream in{path};
  std::ostringstream text;
  if (!in || !(text << in.rdbuf()))
    throw std::runtime_error{path + ": cannot be read, or is empty"};
  return parse_lines(text.str(), path);
}

std::optional<double> number_at(const value& line, std::string_view name) {
  const auto dot = std::min(name.find('.'), name.size());
  const auto* x = line.find(name.substr(0, dot));
  if (x == nullptr)
    return std::nullopt;
  if (dot < name.size())
    return number_at(*x, name.substr(dot + 1));
  return x->is_number() ? std::optional{x->as_double()} : std::nullopt;
}

std::vector<std::pair<std::string, double>> figures_of(const value& line) {
  std::vector<std::pair<std::string, double>> out;
  for (const auto& [name, x] : line.as_object())
    if (!is_setting(name) && name != "conditions")
      collect(x, name, out);
  return out;
}

std::string headline_of(const value& line) {
  for (auto name : {"pickup.p50_us", "rerun.p50_us", "first_s",
                    "queued_job.heap_bytes", "lines_per_s_to_each", "cores"})
    if (number_at(line, name))
      return name;
  if (line.get_string("scenario") == "latency")
    return "answer.p50_us";
  for (auto name : {"jobs_per_s", "lines_per_s", "steps_per_s", "ticks_per_s",
                    "requests_per_s"})
    if (number_at(line, name))
      return name;
  return {};
}

bool more_is_better(const std::string& name) {
  return name.find("per_s") != std::string::npos;
}

std::string settings_text(const value& line) {
  std::string out;
  for (auto name : setting_names)
    if (const auto* x = line.find(name)) {
      const auto text = x->is_string() ? x->as_string() : to_json(*x);
      const bool plain = out.empty() || x->is_string();
      out += out.empty() ? "" : ", ";
      out += plain ? text : std::string{name} + ' ' + text;
    }
  return out;
}

std::string number_text(double x) {
  std::array<char, 32> out{};
  const auto size = std::fabs(x);
  const bool whole = size == std::floor(size);
  const int digits = size >= 100 || whole ? 0 : size >= 10 ? 1 : 3;
  std::snprintf(out.data(), out.size(), "%.*f", digits, x);
  return out.data();
}

} // namespace quaero::bench
