#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace quaero::test {

/// Holds responses back until a test lets them go. Any thread may use it.
class gate {
public:
  gate();
  ~gate();

  /// Lets all go that wait, and all that come later.
  void open();

  /// Calls `action` once the gate is open; at once if it already is.
  void when_open(std::function<void()> action);

private:
  struct state;
  std::unique_ptr<state> state_;
};

struct site_request {
  std::string method;
  std::string target;                         ///< "/a/b?c=d"
  std::string path;                           ///< "/a/b"
  std::string query;                          ///< "c=d"
  std::map<std::string, std::string> headers; ///< Names in lower case.
  uint64_t number = 0; ///< From 1: how often this path was asked for.
};

struct site_response {
  unsigned status = 200;
  std::string content_type = "text/html; charset=utf-8"; ///< "": none is sent.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// So many bytes more after `body`, made while they are sent.
  uint64_t stream_bytes = 0;
  /// Sends chunks, without a Content-Length.
  bool chunked = false;
  /// Nothing is sent before it is open.
  std::shared_ptr<gate> hold;
  /// The connection ends here, without a response.
  bool hang_up = false;
};

using site_handler = std::function<site_response(const site_request&)>;

/// A web site on a free port of 127.0.0.1. Answers many requests at the same
/// time on one thread of its own, which also runs the handlers. Any thread may
/// call its functions.
class site_server {
public:
  /// @throws boost::system::system_error if it cannot listen.
  site_server();
  site_server(const site_server&) = delete;
  site_server& operator=(const site_server&) = delete;
  ~site_server();

  uint16_t port() const;

  /// "http://127.0.0.1:<port>" + path.
  std::string url(const std::string& path = "/") const;

  /// What a path answers; replaces an older handler. Others answer 404.
  void route(const std::string& path, site_handler handler);
  void route(const std::string& path, site_response response);

  /// A small page.
  void page(const std::string& path, const std::string& title,
            const std::string& body);

  /// What paths without a route answer.
  void fallback(site_handler handler);

  /// Requests so far: of one path (without its query), and of all.
  uint64_t hits(const std::string& path) const;
  uint64_t hits() const;

  /// Most requests that were between arrival and end of response at one time.
  uint64_t in_flight_max() const;

  /// Requests that are so now.
  uint64_t in_flight() const;

  /// Bytes of bodies that the operating system took from the server.
  uint64_t body_bytes_sent() const;

  /// Targets in the order of their arrival, and when they came.
  std::vector<std::string> log() const;
  std::vector<std::chrono::steady_clock::time_point> arrivals() const;

  /// Waits until a path was asked for `count` times.
  /// @returns false if that takes longer than `limit`.
  bool wait_for_hits(const std::string& path, uint64_t count,
                     std::chrono::seconds limit = std::chrono::seconds{10});

  /// Waits until no request is in flight.
  bool wait_until_idle(std::chrono::seconds limit = std::chrono::seconds{10});

private:
  class impl;
  std::shared_ptr<impl> impl_;
};

struct generated_site_options {
  size_t big_bytes = 0; ///< Of the page "/big"; 0: there is none.
  /// A link to "/slow" on the first page, which `slow` holds back.
  std::shared_ptr<gate> slow;
  /// Words in the body of each page.
  size_t words = 60;
};

/// What a generated site consists of, so that a test knows what to expect.
struct generated_site {
  std::string start; ///< URL of the first page.
  /// URLs of all distinct pages with status 200 that links and redirects lead
  /// to, the start first, without /big and /slow.
  std::vector<std::string> pages;
  std::vector<std::string> missing;   ///< URLs of links that answer 404.
  std::vector<std::string> redirects; ///< Lead to pages of `pages`.
  std::string redirect_loop;          ///< Leads to itself by another.
  std::string forbidden;              ///< Linked, but robots.txt disallows it.
  size_t depth = 0; ///< Of the deepest page, the first page has 1.
};

/// Adds `count` (from 1) distinct pages to a server: a tree with three links
/// down from each, links up, across and to itself, and the same page under many
/// spellings (fragments, scheme in upper case, escapes, dot segments, the
/// default port is not used). Every tenth page has a dead link, every eighth a
/// redirect to a page that is linked anyway. "/index.html" redirects to "/".
generated_site generate_site(site_server& server, size_t count,
                             const generated_site_options& options = {});

} // namespace quaero::test
