#define BOOST_TEST_MODULE tidy_test

#include "definitions/error.hpp"
#include "definitions/validation.hpp"
#include "tests/tidy/documents.hpp"
#include "tests/tidy/measure.hpp"
#include "tests/tidy/tree.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <regex>
#include <set>
#include <string>
#include <vector>

/// Reads the repository and holds its rules. Words that the rules forbid are
/// written in two parts here, so that this file keeps them as well.

using namespace quaero;
using namespace quaero::tidy;

namespace {

constexpr size_t function_lines_max = 70;
constexpr size_t behaviour_lines_max = 40;
constexpr size_t header_lines_max = 300;
constexpr size_t source_lines_max = 600;

void for_each_code_line(
  const std::function<void(const source_file&, size_t)>& f) {
  for (const auto& [path, file] : repository())
    if (file.is_code())
      for (size_t i = 0; i < file.lines.size(); ++i)
        f(file, i);
}

void forbid(std::string_view word, const std::vector<std::string>& folders,
            std::string_view except = "none") {
  for_each_code_line([&](const source_file& file, size_t i) {
    const bool ours
      = std::any_of(folders.begin(), folders.end(), [&](const std::string& x) {
          return file.path.starts_with(x) && file.path != except;
        });
    BOOST_TEST((!ours || !has_word(file.lines[i], word)),
               place(file, i) << ": '" << word << "' is forbidden here");
  });
}

// Parted by blanks and closing parentheses.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    auto end = std::min(text.find_first_of(" \n)", at), text.size());
    if (end > at)
      out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string function_of(size_t lines) {
  std::string out = "namespace a {\n\nint f(int x)\n  : y_{x}, z_{x} {\n";
  for (size_t i = 3; i < lines; ++i)
    out += "  g(\"}\"); // }\n";
  return out + "}\n\n} // namespace a\n";
}

} // namespace

// -- the measure --------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_measure_counts_head_and_body_of_a_function) {
  for (size_t lines : {4u, 70u, 71u}) {
    auto found = measure(function_of(lines));
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_TEST(found[0].first == 2u);
    BOOST_TEST(found[0].lines() == lines);
  }
}

BOOST_AUTO_TEST_CASE(the_measure_tells_behaviours_from_values) {
  auto found = measure("b f() {\n  return {\n    [self](int) { g(); },\n"
                       "    [self](char) { h(); },\n  };\n}\n"
                       "s g() {\n  return {1,\n          2};\n}\n");
  auto behaviours = std::count_if(found.begin(), found.end(), [](auto& x) {
    return x.kind == block_kind::behaviour && x.lines() == 4;
  });
  BOOST_TEST(behaviours == 1);
  BOOST_TEST(found.back().lines() == 4u);
}

BOOST_AUTO_TEST_CASE(the_measure_passes_over_what_only_looks_like_code) {
  BOOST_TEST(blank_out("a('{'); // {\nb(1'000, \"{\\\"{\"); /* { */ c\n")
             == "a(   );     \nb(1'000,       );         c\n");
  const std::string raw = "R\"y({)\")y\"";
  const std::string directive = "#define A { \\\n  {";
  BOOST_TEST(blank_out("x(" + raw + ");\n" + directive + "\nz\n")
             == "x(" + std::string(raw.size(), ' ') + ");\n"
                  + std::string(13, ' ') + "\n   \nz\n");
}

BOOST_AUTO_TEST_CASE(the_measure_leaves_out_classes_and_labels) {
  auto found = measure("struct a {\npublic:\n  int f() { return 1; }\n"
                       "  int b_ = 0;\n};\n");
  BOOST_REQUIRE_EQUAL(found.size(), 1u);
  BOOST_TEST(found[0].first == 2u);
}

// -- lengths ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_tree_was_found) {
  BOOST_TEST(repository().count("definitions/value.hpp") == 1u);
  BOOST_TEST(repository().count("docs/ARCHITECTURE.md") == 1u);
}

BOOST_AUTO_TEST_CASE(functions_and_behaviours_are_short) {
  for (const auto& [path, file] : repository()) {
    if (!file.is_code())
      continue;
    for (const auto& x : measure(join_lines(file.lines))) {
      const bool table = x.kind == block_kind::behaviour;
      const auto most = table ? behaviour_lines_max : function_lines_max;
      BOOST_TEST(x.lines() <= most, place(file, x.first)
                                      << ": " << x.lines() << " lines; a "
                                      << (table ? "behaviour" : "function")
                                      << " has at most " << most);
    }
  }
}

BOOST_AUTO_TEST_CASE(files_are_short) {
  for (const auto& [path, file] : repository()) {
    if (!file.is_code())
      continue;
    const auto most = file.is_header() ? header_lines_max : source_lines_max;
    BOOST_TEST(file.lines.size() <= most,
               path << ": " << file.lines.size() << " lines, at most " << most);
  }
}

// -- what is included where ---------------------------------------------------

BOOST_AUTO_TEST_CASE(outside_libraries_are_included_only_at_home) {
  struct home {
    std::string_view header;         ///< How its includes start.
    std::vector<std::string> starts; ///< Of the paths that may.
  };
  const std::vector<home> homes{
    {"leveldb/", {"storage/leveldb_", "storage/unsynced_disk.cpp"}},
    {"rapidjson/", {"definitions/json.cpp"}},
    {"boost/beast", {"actors/gateway/", "tests/support/", "tests/gateway/"}},
    {"toml++/", {"definitions/"}},
    {"date/", {"definitions/time_zone.cpp"}},
    {"curl/",
     {"actors/workers/crawler/", "programs/cli/http_client.cpp", "tests/"}},
    {"openssl/",
     {"actors/token_secret.cpp", "actors/gateway/", "actors/nodes/",
      "tests/support/"}},
    {"prometheus/", {"actors/metrics.cpp"}},
    {"gumbo", {"actors/workers/crawler/"}},
    {"zlib.h", {"actors/gateway/gzip.cpp", "tests/"}},
    {"boost/asio/ssl", {"actors/gateway/tls.cpp", "actors/nodes/", "tests/"}},
    {"caf/io/", {"actors/nodes/caf_end.cpp", "tests/nodes/"}},
    {"cmark", {"actors/gateway/"}},
  };
  for_each_code_line([&](const source_file& file, size_t i) {
    const auto header = included(file.lines[i]);
    for (const auto& x : homes) {
      if (!header.starts_with(x.header))
        continue;
      const bool at_home
        = std::any_of(x.starts.begin(), x.starts.end(), [&](const auto& start) {
            return file.path.starts_with(start);
          });
      BOOST_TEST(at_home, place(file, i)
                            << ": <" << header << "> is not at home here");
    }
  });
}

BOOST_AUTO_TEST_CASE(toml_stays_out_of_headers) {
  for_each_code_line([](const source_file& file, size_t i) {
    const bool toml = included(file.lines[i]).starts_with("toml++/");
    BOOST_TEST(!(toml && file.is_header()), place(file, i));
  });
}

BOOST_AUTO_TEST_CASE(layers_know_only_what_is_below_them) {
  constexpr std::string_view kinds = "actors/workers/";
  auto may_include = [&](const source_file& file, const std::string& x) {
    auto in
      = [&](std::string_view start) { return file.path.starts_with(start); };
    auto of = [&](std::string_view start) { return x.starts_with(start); };
    if (in("definitions/"))
      return !of("storage/") && !of("actors/") && !of("programs/");
    if (in("storage/"))
      return !of("actors/") && !of("programs/");
    if (in("actors/nodes/"))
      return !of(kinds) && !of("actors/gateway/") && !of("programs/");
    if (in("actors/gateway/"))
      return !of(kinds) && !of("actors/nodes/") && !of("programs/");
    if (in(kinds)) {
      auto other_kind = of(kinds) && x.find('/', kinds.size()) != x.npos
                        && !of(file.folder() + '/');
      const bool is_kind = file.folder().size() > kinds.size();
      return !of("actors/gateway/") && !of("actors/nodes/") && !of("programs/")
             && !(is_kind && other_kind);
    }
    return !in("actors/")
           || (!of(kinds) && !of("actors/gateway/") && !of("actors/nodes/")
               && !of("programs/"));
  };
  for_each_code_line([&](const source_file& file, size_t i) {
    const auto x = included(file.lines[i]);
    BOOST_TEST((x.empty() || may_include(file, x)),
               place(file, i) << ": may not include " << x);
  });
}

BOOST_AUTO_TEST_CASE(every_header_is_guarded) {
  for (const auto& [path, file] : repository())
    if (file.is_header())
      BOOST_TEST((!file.lines.empty() && file.lines[0] == "#pragma once"),
                 path << ": the first line is '#pragma once'");
}

// -- words --------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(nobody_includes_all_of_caf) {
  for_each_code_line([](const source_file& file, size_t i) {
    BOOST_TEST(included(file.lines[i])
                 != "caf/"
                    "all.hpp",
               place(file, i));
  });
}

BOOST_AUTO_TEST_CASE(every_request_of_an_actor_has_a_deadline) {
  // Named ones, there; a session of the gateway has one for all that it asks.
  forbid("caf::"
         "infinite",
         {"actors/"}, "actors/deadlines.hpp");
}

BOOST_AUTO_TEST_CASE(nothing_sleeps) {
  for (auto word : {"sleep_"
                    "for",
                    "sleep_"
                    "until",
                    "u"
                    "sleep"})
    forbid(word, {"actors/", "tests/"});
}

BOOST_AUTO_TEST_CASE(nothing_is_left_to_be_done) {
  for (auto word : {"FIX"
                    "ME",
                    "TO"
                    "DO",
                    "X"
                    "XX"})
    for (const auto& [path, file] : repository())
      for (size_t i = 0; i < file.lines.size(); ++i)
        BOOST_TEST(!has_word(file.lines[i], word), place(file, i)
                                                     << ": " << word);
}

// -- the build ----------------------------------------------------------------

BOOST_AUTO_TEST_CASE(every_source_is_built) {
  std::set<std::string> built;
  for (const auto& [path, file] : repository()) {
    if (file.name() != "CMakeLists.txt")
      continue;
    for (const auto& word : words_of(join_lines(file.lines))) {
      const auto open = word.find("_test(");
      if (word.ends_with(".cpp"))
        built.insert(resolve(file, word));
      else if (open != word.npos) // of one source, named without suffix
        built.insert(resolve(file, word.substr(word.find('(') + 1) + ".cpp"));
    }
  }
  for (const auto& [path, file] : repository())
    if (file.is_source())
      BOOST_TEST(built.count(path) == 1u,
                 path << " is not named in a CMakeLists.txt");
}

// -- the documents ------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_architecture_names_every_folder) {
  const auto text = join_lines(repository().at("docs/ARCHITECTURE.md").lines);
  for (const auto& folder : folders_of(repository()))
    BOOST_TEST((text.find('`' + folder + "/`") != std::string::npos),
               "docs/ARCHITECTURE.md does not name `" << folder << "/`");
}

BOOST_AUTO_TEST_CASE(every_link_of_a_page_leads_somewhere) {
  const auto& tree = repository();
  for (const auto& [path, page] : tree) {
    if (!page.is_page())
      continue;
    for (const auto& link : links_of(page)) {
      if (is_outside(link.target))
        continue;
      auto hash = std::min(link.target.find('#'), link.target.size());
      auto file = hash == 0 ? path : resolve(page, link.target.substr(0, hash));
      auto target = tree.find(file);
      BOOST_TEST((target != tree.end()),
                 place(page, link.line) << ": nothing is at " << link.target);
      if (hash < link.target.size() && target != tree.end())
        BOOST_TEST(
          anchors_of(target->second).count(link.target.substr(hash + 1)) == 1u,
          place(page, link.line) << ": no heading for " << link.target);
    }
  }
}

BOOST_AUTO_TEST_CASE(links_of_the_manual_stay_inside_it) {
  // The daemon shows pages and pictures of docs/ and nothing else.
  for (const auto& [path, page] : repository()) {
    if (!page.is_page() || !path.starts_with("docs/"))
      continue;
    for (const auto& link : links_of(page)) {
      auto file = resolve(page, link.target.substr(0, link.target.find('#')));
      const bool shown
        = file.starts_with("docs/")
          && (file.ends_with(".md") || file.ends_with(".example")
              || file.ends_with(".svg") || file.ends_with(".png"));
      BOOST_TEST(
        (is_outside(link.target) || link.target.starts_with('#') || shown),
        place(page, link.line) << ": the daemon does not show " << link.target);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_page_of_the_manual_is_reached_from_its_front_page) {
  const auto& tree = repository();
  std::vector<std::string> reached{"docs/index.md"};
  for (size_t i = 0; i < reached.size(); ++i) {
    const auto& page = tree.at(reached[i]);
    for (const auto& link : links_of(page)) {
      auto file = resolve(page, link.target.substr(0, link.target.find('#')));
      if (tree.count(file) == 1 && file.ends_with(".md")
          && std::find(reached.begin(), reached.end(), file) == reached.end())
        reached.push_back(std::move(file));
    }
  }
  for (const auto& [path, page] : tree)
    if (page.is_page() && path.starts_with("docs/"))
      BOOST_TEST(
        (std::find(reached.begin(), reached.end(), path) != reached.end()),
        path << " is not reached from docs/index.md");
}

BOOST_AUTO_TEST_CASE(every_code_of_a_problem_is_explained) {
  const auto explained = anchors_of(repository().at("docs/errors.md"));
  const std::regex made{"make_problem\\(\\s*\\d{3},\\s*\"([a-z_0-9]+)\""};
  size_t checked = 0;
  for (const auto& [path, file] : repository()) {
    if (!file.is_source() || !path.starts_with("actors/gateway/"))
      continue;
    const auto text = join_lines(file.lines);
    for (std::sregex_iterator i{text.begin(), text.end(), made}, end; i != end;
         ++i) {
      ++checked;
      BOOST_TEST(explained.count((*i)[1].str()) == 1u,
                 path << ": docs/errors.md does not explain " << (*i)[1].str());
    }
  }
  BOOST_TEST(checked > 10u);
  const auto no_code = to_string(static_cast<ec>(UINT8_MAX));
  for (uint8_t x = 1; x < UINT8_MAX; ++x)
    if (auto code = to_string(static_cast<ec>(x)); code != no_code)
      BOOST_TEST(explained.count(code) == 1u,
                 "docs/errors.md does not explain " << code);
}

BOOST_AUTO_TEST_CASE(definitions_in_the_documents_are_free_of_errors) {
  size_t checked = 0;
  for (const auto& [path, page] : repository()) {
    if (!page.is_page())
      continue;
    for (const auto& x : code_of(page)) {
      const bool whole = x.text.find("[step.") != std::string::npos
                         || x.text.starts_with("id = ");
      if (x.language != "toml" || !whole)
        continue;
      ++checked;
      for (const auto& error : parse_toml(x.text).errors)
        BOOST_ERROR(place(page, x.line) << ": " << to_string(error));
    }
  }
  BOOST_TEST(checked > 0u);
}

BOOST_AUTO_TEST_CASE(every_test_that_the_documents_cite_is_there) {
  // Cited as `tests/definitions/ids_test.cpp: a_sentence`.
  constexpr std::string_view start = "`tests/";
  const auto& tree = repository();
  for (const auto& [path, page] : tree) {
    if (!page.is_page())
      continue;
    for (size_t i = 0; i < page.lines.size(); ++i) {
      const auto& line = page.lines[i];
      for (auto at = line.find(start); at != line.npos;
           at = line.find(start, at + 1)) {
        auto cited = line.substr(at + 1, line.find('`', at + 1) - at - 1);
        auto colon = cited.find(": ");
        if (colon == cited.npos)
          continue;
        auto file = tree.find(cited.substr(0, colon));
        const bool there = file != tree.end()
                           && has_word(join_lines(file->second.lines),
                                       cited.substr(colon + 2));
        BOOST_TEST(there, place(page, i) << ": there is no test " << cited);
      }
    }
  }
}
