#pragma once

#include <optional>
#include <string>
#include <vector>

/// Plots, by gnuplot.
namespace quaero::bench {

/// A value and what was measured with it.
struct plot_point {
  std::string x; ///< A number or a word.
  double y = 0;
  double least = 0; ///< Of all runs, this and the next one.
  double most = 0;
  std::optional<double> raw; ///< The database alone.
};

struct plot_text {
  std::string title;
  std::string x; ///< Of the axis, this and the next one.
  std::string y;
};

/// "" or what is missing for a plot, and how to get it.
std::string plot_problem();

/// Writes an SVG file. Numbers that ascend are placed as such, with a
/// logarithmic axis if they span more than a factor of ten; words side by side.
/// @throws std::runtime_error with what gnuplot says.
void write_plot(const std::string& path, const plot_text& text,
                const std::vector<plot_point>& points);

} // namespace quaero::bench
