#pragma once

#include <curl/curl.h>

#include <cctype>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace quaero::test {

/// What a client that many people use got of a server.
struct curl_reply {
  CURLcode outcome = CURLE_FAILED_INIT;
  long status = 0;
  std::map<std::string, std::string> headers; ///< Names in lower case.
  std::string body;
};

/// One libcurl handle, which keeps its connection. One thread at a time.
class curl_client {
public:
  curl_client() : handle_{curl_easy_init(), curl_easy_cleanup} {}

  /// @param prepare sets more options.
  curl_reply get(const std::string& url,
                 const std::function<void(CURL*)>& prepare = {}) {
    curl_reply out;
    auto* h = handle_.get();
    curl_easy_reset(h);
    curl_easy_setopt(h, CURLOPT_URL, url.c_str());
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, &out.body);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, &out.headers);
    if (prepare)
      prepare(h);
    out.outcome = curl_easy_perform(h);
    curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &out.status);
    return out;
  }

private:
  static size_t take_body(char* bytes, size_t, size_t n, void* to) {
    static_cast<std::string*>(to)->append(bytes, n);
    return n;
  }

  static size_t take_header(char* bytes, size_t, size_t n, void* to) {
    std::string line{bytes, n};
    auto colon = line.find(": ");
    if (colon != std::string::npos) {
      for (size_t i = 0; i < colon; ++i)
        line[i] = static_cast<char>(
          std::tolower(static_cast<unsigned char>(line[i])));
      auto& all = *static_cast<std::map<std::string, std::string>*>(to);
      all[line.substr(0, colon)] = line.substr(colon + 2, n - colon - 4);
    }
    return n;
  }

  std::unique_ptr<CURL, void (*)(CURL*)> handle_;
};

} // namespace quaero::test
