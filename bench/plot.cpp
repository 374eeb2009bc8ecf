#include "bench/plot.hpp"

#include "bench/commands.hpp"
#include "programs/process.hpp"

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace quaero::bench {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds plot_limit{60};
constexpr double logarithmic_from = 10;

/// The path of gnuplot; "" if there is none.
std::string find_gnuplot() {
  const auto* path = std::getenv("PATH");
  std::istringstream folders{path == nullptr ? "" : path};
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const auto file = fs::path{folder} / "gnuplot"; fs::exists(file))
      return file;
  return {};
}

std::optional<double> as_number(const std::string& text) {
  double out = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out);
  return error == std::errc{} && stop == end ? std::optional{out}
                                             : std::nullopt;
}

/// Whether all are numbers that ascend.
bool is_scale(const std::vector<plot_point>& points) {
  std::optional<double> before;
  for (const auto& point : points) {
    const auto x = as_number(point.x);
    if (!x || (before && *x <= *before))
      return false;
    before = x;
  }
  return points.size() > 1;
}

/// In single quotes, for gnuplot.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text)
    out += c == '\'' ? std::string{"''"} : std::string{c};
  return out + '\'';
}

std::string data_of(const std::vector<plot_point>& points, bool scale) {
  std::ostringstream out;
  for (size_t i = 0; i < points.size(); ++i) {
    const auto& p = points[i];
    out << (scale ? p.x : std::to_string(i)) << ' ' << p.y << ' ' << p.least
        << ' ' << p.most << ' ';
    if (p.raw)
      out << *p.raw;
    else
      out << "NaN";
    out << '\n';
  }
  return out.str();
}

std::string script_of(const std::string& path, const std::string& data,
                      const plot_text& text,
                      const std::vector<plot_point>& points, bool scale) {
  std::ostringstream out;
  out << "set terminal svg size 800,500 background rgb 'white'\n"
      << "set output " << quoted(path) << "\nset title " << quoted(text.title)
      << " noenhanced\nset xlabel " << quoted(text.x)
      << " noenhanced\nset ylabel " << quoted(text.y)
      << " noenhanced\nset yrange [0:*]\nset grid\nset key bottom\n";
  if (scale && *as_number(points.front().x) > 0
      && *as_number(points.back().x)
           > logarithmic_from * *as_number(points.front().x))
    out << "set logscale x\n";
  out << "set xtics noenhanced (";
  for (size_t i = 0; i < points.size(); ++i)
    out << (i == 0 ? "" : ", ") << quoted(points[i].x) << ' '
        << (scale ? points[i].x : std::to_string(i));
  out << ")\nset offsets graph 0.05, graph 0.05, 0, 0\nplot " << quoted(data)
      << " using 1:2:3:4 with yerrorlines title "
         "'middle run, least to most'";
  if (points.front().raw)
    out << ", " << quoted(data) << " using 1:5 with linespoints title "
        << "'database alone'";
  out << '\n';
  return out.str();
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream out{path};
  if (!(out << text))
    throw std::runtime_error{"cannot write " + path};
}

} // namespace

std::string plot_problem() {
  return find_gnuplot().empty()
           ? "gnuplot is missing, which makes the plot; install the package "
             "gnuplot-nox, or say --no-svg"
           : "";
}

void write_plot(const std::string& path, const plot_text& text,
                const std::vector<plot_point>& points) {
  const bool scale = is_scale(points);
  const auto folder = make_folder({});
  const auto data = folder + "/plot.data";
  const auto script = folder + "/plot.gnuplot";
  write_file(data, data_of(points, scale));
  write_file(script, script_of(path, data, text, points, scale));
  const auto x = run_program({find_gnuplot(), script}, plot_limit);
  fs::remove(data);
  fs::remove(script);
  drop_folder(folder);
  if (x.exit != 0)
    throw std::runtime_error{"gnuplot: " + x.err};
}

} // namespace quaero::bench
