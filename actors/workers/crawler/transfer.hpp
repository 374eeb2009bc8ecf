#pragma once

#include "actors/workers/crawler/fetcher.hpp"

#include <curl/curl.h>

#include <memory>
#include <string>

namespace quaero::crawler {

/// One attempt at one URL: a libcurl handle and what it has received. Part of
/// the fetcher; used by its thread only. Must not move while it is in a multi
/// handle.
class transfer {
public:
  /// @throws std::bad_alloc if libcurl has no memory.
  transfer();
  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;

  /// Prepares the handle for another attempt. `request` must stay alive until
  /// finish() or the next begin().
  /// @param with_headers send the headers of the request, too.
  void begin(const fetch_request& request, const std::string& url,
             const fetcher_settings& settings, bool with_headers);

  /// What came of it, after libcurl says that it is done by `code`.
  fetch_result finish(CURLcode code);

  CURL* handle() const { return easy_.get(); }

private:
  enum class refusal { none, type, body_size, header_size };

  struct easy_deleter {
    void operator()(CURL* x) const { curl_easy_cleanup(x); }
  };
  struct list_deleter {
    void operator()(curl_slist* x) const { curl_slist_free_all(x); }
  };

  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);

  void set_limits(const fetcher_settings& settings);
  void set_headers(bool with_headers);
  bool take_header(std::string_view line);
  bool check_head();
  void explain(CURLcode code, fetch_result& out) const;
  std::string explain_refusal() const;

  std::unique_ptr<CURL, easy_deleter> easy_;
  std::unique_ptr<curl_slist, list_deleter> header_list_;
  const fetch_request* request_ = nullptr;
  std::string url_;
  refusal refusal_ = refusal::none;
  size_t header_bytes_ = 0;
  fetch_result result_;
};

} // namespace quaero::crawler
